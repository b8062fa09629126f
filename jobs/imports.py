"""Imports of uploaded files: counted or stored, a few seconds at a time, wherever the last ones stopped."""

import time
from dataclasses import dataclass, field

from crm import file_imports
from crm.errors import RuleError
from files import products
from files.columns import Mapping
from files.imports import dry_run, run
from files.product_columns import ProductMapping
from files.products import ProductReport
from files.refusals import Busy, FileRefused
from files.reports import Report
from files.staging import Staging
from files.uploads import Uploads
from models.file_import import FileImport
from runtime import ROOT, Runtime

AT_ONCE_SECONDS = 8.0
"""Then a worker that is being stopped gets its thread back; what is staged and stored stays."""

TOLD_EVERY_SECONDS = 0.5


class Stopped(Exception):
    """Somebody pressed 停下."""


class Breath(Exception):
    """Long enough for once."""


def import_files(runtime: Runtime) -> int:
    """Go on with one import that waits; returns how much of it was done, at least 1.

    Killed anywhere, another worker goes on where this one was as soon as the lease ends.
    """
    uploads = Uploads(ROOT / runtime.settings.imports.folder)
    with runtime.reading() as session:
        if not file_imports.has_waiting(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        row = file_imports.lease(session, now=runtime.now(), is_here=uploads.is_here)
    if row is None:
        return 0
    told = _Telling(runtime, row)
    try:
        _go_on(runtime, uploads, row, told)
    except Breath:
        with runtime.transaction() as session:
            file_imports.give_back(session, row.id)
    except Busy:  # slower than its lease: whoever has it goes on
        return 0
    except Stopped:
        _end(runtime, row, "stopped")
    except (FileRefused, RuleError) as problem:
        _end(runtime, row, "failed", reason=str(problem))
    except Exception as problem:
        _end(runtime, row, "failed", reason=type(problem).__name__)
        raise
    return max(told.did, 1)


def _go_on(runtime: Runtime, uploads: Uploads, row: FileImport, told: "_Telling") -> None:
    take_in = _of_products if row.kind == "products" else _of_orders
    report = take_in(runtime, uploads, row, told)
    with runtime.transaction() as session:
        state = "checked" if row.is_dry else "done"
        file_imports.end(session, row.id, state, now=runtime.now(), report=report.as_json())
    if not row.is_dry:
        uploads.forget(row)


def _of_orders(runtime: Runtime, uploads: Uploads, row: FileImport, told: "_Telling") -> Report:
    mapping = Mapping.model_validate(row.mapping)
    with Staging(uploads.staging(row, mapping)) as staging:
        return (dry_run if row.is_dry else run)(
            runtime, uploads.source(row), mapping, row.shop, staging, progress=told, errors_to=uploads.errors(row)
        )


def _of_products(runtime: Runtime, uploads: Uploads, row: FileImport, told: "_Telling") -> ProductReport:
    """In one go, because a file holds few. Killed, it begins anew with the same moment, so nothing changes twice."""
    mapping = ProductMapping.model_validate(row.mapping)
    return products.run(
        runtime, uploads.path(row, 0), mapping, row.shop, now=row.started_at or runtime.now(), progress=told,
        errors_to=uploads.errors(row), is_dry=row.is_dry,
    )  # fmt: skip


def _end(runtime: Runtime, row: FileImport, state: str, *, reason: str = "") -> None:
    with runtime.transaction() as session:
        file_imports.end(session, row.id, state, now=runtime.now(), reason=reason)


@dataclass
class _Telling:
    """Puts progress on record twice a second, and obeys 停下 and the time."""

    runtime: Runtime
    row: FileImport
    did: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told: float = 0.0
    _step: str = ""
    _since: tuple[float, int] = (0.0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        now, self.did = time.monotonic(), done
        if what != self._step:
            self._step, self._since = what, (now, done)
        if now - self._told < TOLD_EVERY_SECONDS and done != total:
            return
        self._told = now
        began, at_first = self._since
        figures = {"step": what, "did": done, "total": total}
        if now - began > TOLD_EVERY_SECONDS:
            figures["a_second"] = round((done - at_first) / (now - began))
        with self.runtime.transaction() as session:
            goes_on = file_imports.note_progress(session, self.row.id, now=self.runtime.now(), **figures)
        if not goes_on:
            raise Stopped
        if now - self._began > AT_ONCE_SECONDS and what == "store":
            raise Breath
