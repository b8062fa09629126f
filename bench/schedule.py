"""The schedule: a tick with 10,000 jobs due at once, against a bare SELECT and INSERT of the same rows.

Bare: the newest slot of every job is read, and the new rows are inserted by the driver with executemany, 500 a commit.
Ours also works out every job's slots, looks who is busy, takes turns with other workers, and learns which rows it won.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, text

from bench import databases
from config import Database, Security, Settings
from crm.job_runs import AT_ONCE
from crm.timings import Every, Plan
from jobs.ticks import Ticks
from migrations import migrate
from models.database import is_sqlite
from models.schedule import JobRun
from runtime import Runtime

JOBS = 10_000
QUICK, FULL = 5, 15
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PLANS = {f"job{number:05}": Plan(Every(600)) for number in range(JOBS)}
COLUMNS = "job, slot, state, worker, tries, reason, started_at, expected_by"


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database."""
    yield from databases.each("schedule", _row, full)


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    now = START + timedelta(minutes=10)
    security = Security(master_key_file=str(Path(folder) / "master.key"))
    runtime = Runtime(Settings(database=Database(url=url), security=security), clock=lambda: now)
    migrate(runtime.engine)
    sides: dict[str, Callable[[Runtime, datetime], int]] = {"bare": _bare, "ours": _ours}
    measured: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(1 + (FULL if full else QUICK)):
        for side in list(sides) if number % 2 else list(reversed(sides)):
            _begin_anew(runtime)
            began = time.perf_counter()
            won = sides[side](runtime, now)
            if number:  # the first round warms both
                measured[side].append(time.perf_counter() - began)
            if (won, _count(runtime)) != (JOBS, 2 * JOBS):
                raise RuntimeError(f"{side}: {won} of {JOBS} jobs were begun, {_count(runtime)} rows")
    runtime.close()
    pairs = zip(measured["ours"], measured["bare"], strict=True)
    return {
        "row": f"schedule, tick with {JOBS:,} due, {database}",
        "seconds_over_bare": round(statistics.median(ours / bare for ours, bare in pairs), 2),
        "seconds": {side: round(statistics.median(runs), 3) for side, runs in measured.items()},
    }


def _begin_anew(runtime: Runtime) -> None:
    """Every job has run at its last slot."""
    done = {
        "state": "done",
        "worker": "bench",
        "started_at": START,
        "expected_by": START,
        "ended_at": START,
        "slot": START,
    }
    with runtime.transaction() as session:
        session.execute(delete(JobRun))
        session.execute(insert(JobRun), [{"job": job, **done} for job in PLANS])
    gc.collect()


def _ours(runtime: Runtime, now: datetime) -> int:
    return len(Ticks(runtime, "bench", PLANS).tick(room=JOBS))


def _bare(runtime: Runtime, now: datetime) -> int:
    mark = "?" if is_sqlite(runtime.engine) else "%s"
    statement = f"INSERT INTO job_run ({COLUMNS}) VALUES ({', '.join([mark] * 8)})"
    at = now.replace(tzinfo=None).isoformat(" ", "microseconds") if is_sqlite(runtime.engine) else now
    connection = runtime.engine.raw_connection()
    cursor = connection.cursor()
    begun = 0
    cursor.execute("SELECT job, max(slot) FROM job_run GROUP BY job")
    jobs = [job for job, _ in cursor.fetchall()]
    connection.commit()
    for start in range(0, len(jobs), AT_ONCE):
        some = [(job, at, "running", "bench", 1, "", at, at) for job in jobs[start : start + AT_ONCE]]
        if is_sqlite(runtime.engine):
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(statement, some)
        connection.commit()
        begun += cursor.rowcount
    connection.close()
    return begun


def _count(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM job_run")).scalar_one())
