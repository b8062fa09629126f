"""`import-orders` against a bare bulk load of the same file: read, put together, and one `executemany` a table.

The bare side keeps the whole file in memory, checks nothing, and holds the only writer until everything is in. Ours
reads any export as a stream, checks every order, knows one it has, links buyers, can be killed anywhere, and commits at
most 500 rows at a time. A further run of ours has a neighbour who asks for the lock every 20 ms, as callbacks do.
"""

import csv
import gzip
import multiprocessing
import resource
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from bench import databases
from bench.planning import in_a_process
from config import Database, Security, Settings
from files.imports import import_file
from migrations import migrate
from runtime import Runtime
from tests.files.exports import generate

QUICK, FULL = (3, 3_600), (3, 72_000)  # rounds, and orders of about 14 lines: 50,000 and 1,000,000 lines
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = "2026-11-20 12:00:00.000000"
ASKS_EVERY_SECONDS = 0.02
ORDER = (
    "INSERT INTO orders (id, shop_id, order_no, status, identity_id, customer_id, unionid, coupon_codes, total_fen,"
    " discount_fen, shipping_fen, paid_fen, refunded_fen, ordered_at, paid_at, completed_at, changed_at, fingerprint,"
    " stored_at) VALUES (?, 1, ?, 'completed', ?, ?, ?, '[]', ?, 0, 0, ?, 0, ?, ?, ?, ?, ?, ?)"
)
LINE = (
    "INSERT INTO order_line (order_id, position, line_id, sku, name, quantity, price_fen, refunded_quantity,"
    " refunded_fen) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)"
)


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """One row a database; the bare side and the neighbour are SQLite's."""
    yield next(iter(databases.each("import-orders", _row, full)))


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    rounds, orders = FULL if full else QUICK
    path = str(generate(Path(folder) / "orders.csv.gz", orders))
    measured: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    for number in range(rounds):
        sides = [("ours", _ours), ("bare", _bare)]
        for side, measure in sides if number % 2 == 0 else reversed(sides):
            measured[side].append(in_a_process(measure, f"{folder}/{side}{number}", path))
    beside = _with_a_neighbour(f"{folder}/beside", path)
    if {found["lines"] for found in measured["ours"]} != {found["lines"] for found in measured["bare"]}:
        raise RuntimeError("the two sides did not store the same lines")

    def middle(side: str, figure: str) -> float:
        return round(statistics.median(found[figure] for found in measured[side]), 2)

    pairs = list(zip(measured["ours"], measured["bare"], strict=True))
    return {
        "row": f"import-orders, {database}",
        "lines": int(middle("ours", "lines")),
        "of_bare_load": round(statistics.median(bare["seconds"] / ours["seconds"] for ours, bare in pairs), 3),
        "seconds": {side: middle(side, "seconds") for side in measured},
        "bare_without_reading_seconds": middle("bare", "write_seconds"),
        "memory_mb": {side: middle(side, "mb") for side in measured},
        "transaction_ms": {figure: middle("ours", figure) for figure in ("median_ms", "p99_ms", "longest_ms")},
        "neighbour_waits_ms": beside,
    }


def _settings(folder: str) -> Settings:
    Path(folder).mkdir(exist_ok=True)
    security = Security(master_key_file=f"{folder}/master.key")
    return Settings(database=Database(url=f"sqlite:///{folder}/bench.db"), security=security)


def _ours(folder: str, path: str) -> dict[str, float]:
    runtime, lasted, began = Runtime(_settings(folder), clock=lambda: NOW), [], 0.0
    migrate(runtime.engine)

    @event.listens_for(runtime.engine, "begin")
    def begin(connection: Any) -> None:  # after BEGIN IMMEDIATE, which the engine's own listener sent
        nonlocal began
        began = time.perf_counter()

    @event.listens_for(runtime.engine, "before_cursor_execute")
    def note(connection: Any, *_: Any) -> None:
        if connection.get_execution_options().get("writes"):
            connection.info["wrote"] = True

    @event.listens_for(runtime.engine, "checkin")
    def end(raw: Any, record: Any) -> None:  # after the commit
        if record.info.pop("wrote", False):
            lasted.append((time.perf_counter() - began) * 1000)

    start = time.perf_counter()
    report = import_file(runtime, Path(path), folder=Path(folder) / "staged")
    seconds = time.perf_counter() - start
    lasted.sort()
    return {
        "lines": report.sales.lines, "seconds": seconds, "mb": _megabytes(), "median_ms": statistics.median(lasted),
        "p99_ms": lasted[int(len(lasted) * 0.99)], "longest_ms": lasted[-1],
    }  # fmt: skip


def _bare(folder: str, path: str) -> dict[str, float]:
    runtime = Runtime(_settings(folder), clock=lambda: NOW)
    migrate(runtime.engine)
    with runtime.transaction() as session:
        session.execute(text("INSERT INTO shop (id, name, created_at) VALUES (1, 'Online Retail', :at)"), {"at": AT})
    runtime.close()
    start = time.perf_counter()
    orders: dict[str, tuple[str, list[tuple[str, str, int, int]], str]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for number, sku, name, pieces, at, price, customer, *_ in reader:
            quantity, fen = int(pieces), int(float(price) * 100 + 0.5)
            if quantity > 0 and float(price) > 0 and number[0] not in "CA":
                orders.setdefault(number, (customer, [], at))[1].append((sku, name, quantity, fen))
    buyers = {customer: n for n, customer in enumerate(sorted({c for c, _, _ in orders.values() if c}), 1)}
    read = time.perf_counter()
    connection = sqlite3.connect(f"{folder}/bench.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO customer (id, created_at) VALUES (?, ?)", ((n, AT) for n in buyers.values()))
    connection.executemany(
        "INSERT INTO identity (id, kind, scope, value, customer_id, home_id, first_seen_at)"
        " VALUES (?, 'unionid', '', ?, ?, ?, ?)",
        ((n, f"oRetail{customer:0>21}", n, n, AT) for customer, n in buyers.items()),
    )
    connection.executemany(
        ORDER, (_order(n, number, *order, buyers) for n, (number, order) in enumerate(orders.items(), 1))
    )
    connection.executemany(
        LINE,
        (
            (n, place, str(place + 1), *line)
            for n, (_, lines, _) in enumerate(orders.values(), 1)
            for place, line in enumerate(lines)
        ),
    )
    connection.execute("COMMIT")
    done = time.perf_counter()
    stored = connection.execute("SELECT COUNT(*) FROM order_line").fetchone()[0]
    return {"lines": stored, "seconds": done - start, "write_seconds": done - read, "mb": _megabytes()}


def _order(n: int, number: str, customer: str, lines: Any, at: str, buyers: dict[str, int]) -> tuple[object, ...]:
    total, buyer = sum(line[2] * line[3] for line in lines), buyers.get(customer)
    unionid = f"oRetail{customer:0>21}" if customer else None
    return n, number, buyer, buyer, unionid, total, total, at, at, at, at, f"{n:064d}", AT


def _with_a_neighbour(folder: str, path: str) -> dict[str, float]:
    """How long another process waits for the lock while ours imports."""
    runtime = Runtime(_settings(folder), clock=lambda: NOW)
    migrate(runtime.engine)
    runtime.close()
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool, context.Manager() as shared:
        done = shared.Event()
        waits = pool.apply_async(_ask_for_the_lock, (f"{folder}/bench.db", done))
        in_a_process(_ours, folder, path)
        done.set()
        found = sorted(waits.get())
    return {
        "median": round(statistics.median(found), 2), "p99": round(found[int(len(found) * 0.99)], 2),
        "longest": round(found[-1], 2), "asked": len(found),
    }  # fmt: skip


def _ask_for_the_lock(path: str, done: Any) -> list[float]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    found = []
    while not done.is_set():
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        found.append((time.perf_counter() - began) * 1000)
        connection.execute("COMMIT")
        time.sleep(ASKS_EVERY_SECONDS)
    return found


def _megabytes() -> float:
    """The most this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
