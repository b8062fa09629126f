"""Planning a push to everybody, spread over 30 members, against a bare SELECT and INSERT of the same rows.

The bare side reads customers, contacts and senders with one join and inserts recipients, quotas and tasks with one
`executemany` each, in one transaction: it holds everything in memory and the only writer for as long as it takes. Ours
commits at most 500 rows at a time, applies the sender's rule, counts the quota, and can be killed anywhere.
"""

import multiprocessing
import resource
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, insert, select, text

from bench import databases
from bench.pushes import CORP
from config import Database, Security, Settings, WeCom
from crm import mass, quotas
from migrations import migrate
from models.audience import Audience
from models.contact import Contact, Follow
from models.customer import Customer, Identity
from models.mass import MassMessage, MassRecipient
from models.push import Push
from models.staff import Staff
from runtime import Runtime

STAFF = 30
QUICK, FULL = (3, 5_000), (3, 200_000)  # rounds, and customers
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTHS = [f"2026-{number:02d}" for number in range(1, 13)]  # one a message: nobody's quota is used up
SELECT = (
    "SELECT c.external_userid, c.id, f.staff_id FROM customer JOIN contact c ON c.customer_id = customer.id"
    " JOIN follow f ON f.contact_id = c.id AND f.ended_at IS NULL WHERE customer.merged_into_id IS NULL"
    " ORDER BY customer.id"
)
TASK = (
    "INSERT INTO mass_task (id, message_id, staff_id, number, userid, text, size, state, tries, reason, reminded)"
    " VALUES ({0}, {0}, {0}, 1, 'x', 'x', {0}, 'planned', 0, '', 0)"
)
RECIPIENT = (
    "INSERT INTO mass_recipient (message_id, task_id, target, contact_id, state, reason)"
    " VALUES ({0}, {0}, {0}, {0}, 'planned', '')"
)
QUOTA = "INSERT INTO quota (target, month, reserved, used, others) VALUES ({0}, {0}, 1, 0, 0)"


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database."""
    yield from databases.each("push planning", _row, full)


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    rounds, customers = FULL if full else QUICK
    in_a_process(_build, url, folder, customers)
    measured: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for number in range(rounds):
        sides = [("ours", _ours), ("bare", _bare)]
        for place, (side, measure) in enumerate(sides if number % 2 == 0 else reversed(sides)):
            found = in_a_process(measure, url, folder, MONTHS[2 * number + place])
            if found["rows"] != customers:
                raise RuntimeError(f"{side} planned {found['rows']} of {customers}")
            measured[side].append(found)

    def middle(side: str, figure: str) -> float:
        return round(statistics.median(each[figure] for each in measured[side]), 2)

    pairs = zip(measured["ours"], measured["bare"], strict=True)
    return {
        "row": f"push planning, {database}",
        "recipients": customers,
        "seconds_over_bare": round(statistics.median(mine["seconds"] / bare["seconds"] for mine, bare in pairs), 2),
        "seconds": {side: middle(side, "seconds") for side in measured},
        "statements": {side: middle(side, "statements") for side in measured},
        "more_memory_mb": {side: middle(side, "mb") for side in measured},
        "longest_transaction_ms": {side: middle(side, "longest_ms") for side in measured},
        "p99_transaction_ms": middle("ours", "p99_ms"),  # of few transactions the first, which prepares statements
        "median_transaction_ms": middle("ours", "median_ms"),
    }


def in_a_process(measure: Any, *arguments: Any) -> Any:
    """Memory of one side is not the other's."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(measure, arguments)


def _runtime(url: str, folder: str) -> Runtime:
    wecom, key_file = WeCom(corp_id=CORP, agent_id=1), str(Path(folder) / "master.key")
    settings = Settings(database=Database(url=url), security=Security(master_key_file=key_file), wecom=wecom)
    return Runtime(settings, clock=lambda: NOW)


def _build(url: str, folder: str, customers: int) -> None:
    runtime = _runtime(url, folder)
    migrate(runtime.engine)
    changed = {"created_at": NOW, "changed_at": NOW, "changed_by": "bench"}
    with runtime.transaction() as session:
        staff = [{"userid": f"s{n}", "userid_key": f"s{n}", "name": f"导购{n}"} for n in range(STAFF)]
        session.execute(insert(Staff), [each | {"serves_customers": True, "created_at": NOW} for each in staff])
        session.execute(insert(Audience), [{"name": "大家", "conditions": {}} | changed])
        session.execute(
            insert(Push), [{"name": month, "audience_id": 1, "created_by": "bench"} | changed for month in MONTHS]
        )
    for start in range(0, customers, 10_000):
        numbers = range(start + 1, min(start + 10_000, customers) + 1)
        with runtime.transaction() as session:
            session.execute(insert(Customer), [{"id": n, "created_at": NOW} for n in numbers])
            named = {n: f"wm{n:030d}" for n in numbers}
            face = {"kind": "external_userid", "first_seen_at": NOW}
            session.execute(
                insert(Identity),
                [face | {"id": n, "value": name, "customer_id": n, "home_id": n} for n, name in named.items()],
            )
            session.execute(
                insert(Contact),
                [
                    {"id": n, "external_userid": name, "identity_id": n, "customer_id": n, "created_at": NOW}
                    for n, name in named.items()
                ],
            )
            at = {"followed_at": NOW - timedelta(days=9), "changed_at": NOW}
            session.execute(insert(Follow), [at | {"contact_id": n, "staff_id": n * 7919 % STAFF + 1} for n in numbers])
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    runtime.close()


def _ours(url: str, folder: str, month: str) -> dict[str, float]:
    runtime, statements, lasted = _runtime(url, folder), 0, []
    with runtime.transaction() as session:
        message = mass.make(
            session, chat_type="single", push=session.get_one(Push, MONTHS.index(month) + 1), slot=NOW, month=month,
            text="我是{同事}", attachments=[], conditions={}, sentence="所有客户", now=NOW,
        )  # fmt: skip
    assert message is not None

    @event.listens_for(runtime.engine, "before_cursor_execute")
    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    limit, before, start, more = quotas.limit_of(month, 0), _megabytes(), time.perf_counter(), True
    while more:
        with runtime.reading() as session:
            chunk = mass.next_chunk(session, message.id)
        assert chunk is not None
        began = time.perf_counter()
        with runtime.transaction() as session:
            more = mass.plan(session, chunk, limit=limit, shop_name="小店", now=NOW)
        lasted.append((time.perf_counter() - began) * 1000)
    seconds, megabytes = time.perf_counter() - start, _megabytes() - before
    with runtime.reading() as session:
        assert session.get_one(MassMessage, message.id).state == "sending"
        planned = select(func.count()).where(MassRecipient.message_id == message.id, MassRecipient.task_id.is_not(None))
        found = session.scalar(planned) or 0
    lasted.sort()
    return {
        "rows": found, "seconds": seconds, "statements": statements, "mb": megabytes, "longest_ms": lasted[-1],
        "p99_ms": lasted[int(len(lasted) * 0.99)], "median_ms": statistics.median(lasted),
    }  # fmt: skip


def _bare(url: str, folder: str, month: str) -> dict[str, float]:
    runtime = _runtime(url, folder)
    with runtime.transaction() as session:
        message = mass.make(
            session, chat_type="single", push=session.get_one(Push, MONTHS.index(month) + 1), slot=NOW, month=month,
            text="", attachments=[], conditions={}, sentence="", now=NOW,
        )  # fmt: skip
        assert message is not None
        message.state = "cancelled"  # nobody else is to plan it
    mark = "?" if url.startswith("sqlite") else "%s"
    connection = runtime.engine.raw_connection()
    cursor, before, start = connection.cursor(), _megabytes(), time.perf_counter()
    if url.startswith("sqlite"):
        cursor.execute("BEGIN IMMEDIATE")
    cursor.execute(SELECT)
    found = cursor.fetchall()
    sizes: dict[int, int] = {}
    for row in found:
        sizes[row[2]] = sizes.get(row[2], 0) + 1
    task_of = {staff_id: message.id * 1_000_000 + staff_id for staff_id in sizes}
    cursor.executemany(TASK.format(mark), [(task_of[staff], message.id, staff, size) for staff, size in sizes.items()])
    cursor.executemany(RECIPIENT.format(mark), [(message.id, task_of[row[2]], row[0], row[1]) for row in found])
    cursor.executemany(QUOTA.format(mark), [(row[0], month) for row in found])
    cursor.execute("COMMIT")
    seconds, megabytes = time.perf_counter() - start, _megabytes() - before
    connection.close()
    return {
        "rows": len(found), "seconds": seconds, "statements": 4, "mb": megabytes, "longest_ms": seconds * 1000,
        "p99_ms": seconds * 1000,
    }  # fmt: skip


def _megabytes() -> float:
    """The most this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
