"""How long our transactions hold SQLite's only writer: from BEGIN IMMEDIATE's return to the end of COMMIT.

Measured at the driver's connection, so those that go around the ORM count as well. Each kind of work has the database
to itself; what is counted are its transactions, those that only note a nonce or a lease among them.
"""

import multiprocessing
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from waitress.server import create_server

from app import create_app
from bench.intake import KINDS, STORED, Kind
from bench.load import fire
from bench.planning import in_a_process
from bench.shops import runtime_of, signed
from bench.sync import corp, settings
from files.imports import import_file
from jobs.sync import sync
from migrations import migrate
from runtime import Runtime
from tests.files.exports import generate

QUICK, FULL = (60, 3_600, 10_000), (300, 72_000, 200_000)  # batches of each kind, orders in the file, follows
HELD: list[float] = []
"""Milliseconds, of this process."""


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *parameters: Any) -> "_Cursor":
        super().execute(sql, *parameters)
        connection: Any = self.connection
        if sql == "BEGIN IMMEDIATE":
            connection.began = time.perf_counter()
        elif sql in ("COMMIT", "ROLLBACK"):
            connection.ended()
        return self


class _Connection(sqlite3.Connection):
    """The driver's, with a stopwatch."""

    began: float | None = None

    def cursor(self, *_: Any) -> Any:  # its own execute() asks for one here, too
        return super().cursor(_Cursor)

    def commit(self) -> None:
        super().commit()
        self.ended()

    def rollback(self) -> None:
        super().rollback()
        self.ended()

    def ended(self) -> None:
        if self.began is not None:
            HELD.append((time.perf_counter() - self.began) * 1000)
            self.began = None


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a kind of work; PostgreSQL has no such lock."""
    batches, orders, follows = FULL if full else QUICK
    for kind in KINDS:
        yield _row(kind.name, partial(_intake, kind, batches))
    yield _row("import-orders", partial(_apart, _import, orders))
    with corp(follows) as wecom:
        yield _row("first sync", partial(_apart, _sync, wecom))


def _row(what: str, measure: Callable[[str], list[float]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        held = sorted(measure(folder))
    return {
        "row": f"writer lock, {what}, sqlite",
        "held_ms": {
            "median": round(held[len(held) // 2], 2), "p99": round(held[int(len(held) * 0.99)], 2),
            "longest": round(held[-1], 2),
        },
        "goal": "p99 ≤ 50",
        "transactions": len(held),
    }  # fmt: skip


def _watched(runtime: Runtime) -> Runtime:
    """From now on: connections it has already are closed."""
    runtime.engine.dispose()
    _watch(runtime.engine)
    return runtime


def _watch(engine: Engine) -> None:
    @event.listens_for(engine, "do_connect")
    def with_a_stopwatch(dialect: Any, record: Any, arguments: Any, named: dict[str, Any]) -> None:
        named["factory"] = _Connection


def _intake(kind: Kind, batches: int, folder: str) -> list[float]:
    context, rng = multiprocessing.get_context("spawn"), random.Random(7)
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
    process.start()
    try:
        port = ours.recv()
        begins = range(0, batches * kind.batch, kind.batch)
        bodies = [kind.body(range(begin, begin + kind.batch), rng) for begin in begins]
        fire(port, [signed(kind.target, body) for body in bodies], expect=STORED, clients=1)
        ours.send("enough")
        held: list[float] = ours.recv()
        return held
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Any, folder: str) -> None:
    runtime = _watched(runtime_of(_url(folder), folder))
    server = create_server(create_app(runtime), host="127.0.0.1", port=0, threads=16)
    threading.Thread(target=server.run, daemon=True).start()
    pipe.send(server.effective_port)
    pipe.recv()
    pipe.send(HELD)


def _apart(work: Callable[[str, Any], list[float]], what: Any, folder: str) -> list[float]:
    held: list[float] = in_a_process(work, folder, what)
    return held


def _import(folder: str, orders: int) -> list[float]:
    path = generate(Path(folder) / "orders.csv.gz", orders)
    runtime = runtime_of(_url(folder), folder)
    import_file(_watched(runtime), path, folder=Path(folder) / "staged")
    return HELD


def _sync(folder: str, wecom: dict[str, Any]) -> list[float]:
    runtime = Runtime(settings(wecom, _url(folder), folder))
    migrate(runtime.engine)
    sync(_watched(runtime))
    return HELD


def _url(folder: str) -> str:
    return f"sqlite:///{folder}/bench.db"
