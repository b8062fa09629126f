"""Imports of uploaded files: who asked for what, and how far it has come. What a file says is `files/`'s business."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from crm.errors import BadInput, Conflict, NotFound, TooLarge
from crm.media import name_of
from models.database import changed
from models.file_import import FileImport

LEASE = timedelta(seconds=30)
"""Renewed with every sign of progress; what a killed worker left is taken over when it ends."""

MOST_FILES = 2
PAGE = 50
FORGOTTEN_AT_ONCE = 20
OPEN = ("uploading", "draft", "checked", "stopped", "failed")
"""In these its columns may be chosen anew, and it may be started."""


def begin(
    session: Session,
    chosen: Sequence[tuple[str, int]],
    *,
    kind: str = "orders",
    most_bytes: int,
    by: str,
    now: datetime,
) -> FileImport:
    """An upload that begins: what is in it, and names and sizes of its one or two files."""
    if kind == "products" and len(chosen) > 1:
        raise BadInput("商品一次传一个文件", field="files")
    if not 1 <= len(chosen) <= MOST_FILES:
        raise BadInput("一次传一份：一个文件，千牛是两个", field="files")
    for _, size in chosen:
        if size < 1:
            raise BadInput("这个文件是空的，换一个", field="files")
        if size > most_bytes:
            raise TooLarge("太大了，最多 %(n)s MB", field="files", n=most_bytes // 1024**2)
    made = FileImport(
        state="uploading", kind=kind, files=[{"name": name_of(name, "file"), "size": size} for name, size in chosen],
        created_at=now, created_by=by,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def one(session: Session, import_id: int) -> FileImport:
    found = session.get(FileImport, import_id)
    if found is None:
        raise NotFound("没有这次导入")
    return found


def page(session: Session, *, before: int | None = None) -> list[FileImport]:
    """The newest first, one more than a page holds."""
    newest = select(FileImport).where(FileImport.state != "uploading").order_by(FileImport.id.desc()).limit(PAGE + 1)
    return list(session.scalars(newest if before is None else newest.where(FileImport.id < before)))


def choose(session: Session, import_id: int, *, shop: str, preset: str, mapping: dict[str, Any]) -> None:
    """What its columns mean, and whose orders they are."""
    _move(session, import_id, OPEN, state="draft", shop=shop, preset=preset, mapping=mapping, reason="", report={})


def ask(session: Session, import_id: int, *, dry: bool) -> None:
    """Have it counted, or stored. Raises `Conflict` while it runs."""
    row = one(session, import_id)
    if row.forgotten_at is not None:
        raise Conflict("文件放得太久，已经清掉了。再传一次")
    if not row.mapping:
        raise Conflict("先说清每一列是什么")
    _move(
        session, import_id, OPEN[1:], state="waiting", is_dry=dry, step="", did=0, total=0, a_second=0, reason="",
        stop_asked_at=None, ended_at=None,
    )  # fmt: skip


def ask_to_stop(session: Session, import_id: int, *, now: datetime) -> None:
    """It stops after the batch in hand, where it can go on."""
    _move(session, import_id, ("waiting", "running"), stop_asked_at=now)


def forget(session: Session, *, before: datetime, now: datetime) -> list[FileImport]:
    """Mark those nobody has touched since `before`, some at a time; the caller deletes their files.

    Uploads that were never completed or started, and the files of skipped lines.
    """
    is_idle = (
        FileImport.state.not_in(("waiting", "running"))
        & FileImport.forgotten_at.is_(None)
        & (func.coalesce(FileImport.ended_at, FileImport.created_at) < before)
    )
    rows = session.scalars(select(FileImport).where(is_idle).order_by(FileImport.id).limit(FORGOTTEN_AT_ONCE)).all()
    forget_one = update(FileImport).where(is_idle).values(forgotten_at=now)
    return [row for row in rows if changed(session, forget_one.where(FileImport.id == row.id))]


def has_waiting(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(FileImport.id).where(_is_free(now)).limit(1)) is not None


def lease(session: Session, *, now: datetime, is_here: Any = lambda row: True) -> FileImport | None:
    """The oldest that waits, or that a killed worker left; None when there is none whose file is on this machine."""
    for row in session.scalars(select(FileImport).where(_is_free(now)).order_by(FileImport.id)).all():
        if not is_here(row):
            continue
        claim = update(FileImport).where(FileImport.id == row.id, _is_free(now))
        started = row.started_at if row.state == "running" and row.started_at else now
        if changed(session, claim.values(state="running", lease_until=now + LEASE, started_at=started)):
            session.refresh(row)
            return row
    return None


def note_progress(session: Session, import_id: int, *, now: datetime, **figures: Any) -> bool:
    """Record how far it is; False when it is asked to stop."""
    session.execute(
        update(FileImport)
        .where(FileImport.id == import_id, FileImport.state == "running")
        .values(lease_until=now + LEASE, **figures)
    )
    row = session.execute(select(FileImport.state, FileImport.stop_asked_at).where(FileImport.id == import_id)).one()
    return row.state == "running" and row.stop_asked_at is None


def give_back(session: Session, import_id: int) -> None:
    """Let the worker look after itself; it goes on with it at once."""
    session.execute(
        update(FileImport).where(FileImport.id == import_id, FileImport.state == "running").values(lease_until=None)
    )


def end(
    session: Session,
    import_id: int,
    state: str,
    *,
    now: datetime,
    report: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    ended: dict[str, Any] = {"state": state, "lease_until": None, "ended_at": now, "reason": reason}
    if report is not None:
        ended["report"] = report
    session.execute(update(FileImport).where(FileImport.id == import_id).values(**ended))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return FileImport.state.in_(("waiting", "running")) & or_(
        FileImport.lease_until.is_(None),
        FileImport.lease_until <= now,
        FileImport.lease_until > now + 2 * LEASE,  # nobody's: the clock was put back since
    )


def _move(session: Session, import_id: int, states: Sequence[str], **values: Any) -> None:
    one(session, import_id)
    may_move = FileImport.state.in_(states) & FileImport.forgotten_at.is_(None)
    if not changed(session, update(FileImport).where(FileImport.id == import_id, may_move).values(**values)):
        raise Conflict("它正在跑，或已经导入完了。刷新看看")
