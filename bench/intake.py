"""Orders and events by HTTP, signed and in batches, against a bare `executemany` of the same rows into the same tables.

Both sides begin with the same tables. What ours stored is read back by the driver and taken out again; the bare side
inserts exactly these rows, one transaction a batch, committed durably. Ours also signs, checks field by field, knows
who is whom, keeps the newest version, rolls up, and answers each record by itself.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg.types.json import Json
from sqlalchemy import Engine
from waitress.server import create_server

from app import create_app
from bench import databases
from bench.load import fire
from bench.served import served
from bench.shops import events_body, orders_body, runtime_of, signed
from models.database import connect, is_sqlite
from runtime import ROOT

QUICK, FULL = (5, 10), (9, 40)  # rounds, and batches a round; the first round only warms both
STORED = b',"stale":0,"unchanged":0}\n'
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Kind:
    """What is sent, how many at a time, and where it goes.

    Emptied before a side begins are `tables`, in the order they refer to each other, and `derived` ones, which the
    bare side does not fill.
    """

    name: str
    target: str
    body: Callable[[range, random.Random], bytes]
    batch: int
    tables: tuple[str, ...]
    derived: tuple[str, ...]
    goal: float


KINDS = (
    Kind("orders by HTTP", "/mall/orders", orders_body, 500, ("customer", "identity", "orders", "order_line"), (), 0.3),
    Kind("events by HTTP", "/mall/events", events_body, 1000, ("event",), ("behaviour",), 0.4),
)


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """Two rows a database."""
    for kind in KINDS:
        yield from databases.each(kind.name, partial(_row, kind), full)


def _row(kind: Kind, database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    rounds, batches = FULL if full else QUICK
    rng, seconds = random.Random(7), list[tuple[float, float]]()
    with served(_serve, url, folder) as port:
        engine = connect(url, root=ROOT)
        for number in range(1 + rounds):
            begins = range(number * 1_000_000, number * 1_000_000 + batches * kind.batch, kind.batch)
            bodies = [kind.body(range(begin, begin + kind.batch), rng) for begin in begins]
            _empty(engine, kind)
            requests = [signed(kind.target, body) for body in bodies]
            ours = fire(port, requests, expect=STORED, clients=1).seconds
            seconds.append((ours, _bare(engine, kind, batches)))
        engine.dispose()
    measured, records = seconds[1:], batches * kind.batch
    return {
        "row": f"{kind.name}, {database}",
        "rate_over_bare": round(statistics.median(bare / ours for ours, bare in measured), 3),
        "goal": f"rate_over_bare ≥ {kind.goal}",
        "per_second": {
            side: round(records / statistics.median(pair[which] for pair in measured))
            for which, side in enumerate(("ours", "bare"))
        },
    }


def _empty(engine: Engine, kind: Kind) -> None:
    with engine.begin() as connection:
        for table in (*kind.derived, *reversed(kind.tables)):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def _bare(engine: Engine, kind: Kind, batches: int) -> float:
    """Take out what ours stored, and insert it again; the seconds of the latter."""
    columns, stored = _read(engine, kind)
    _empty(engine, kind)
    mark = "?" if is_sqlite(engine) else "%s"
    insert = {
        table: f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
        for table, names in columns.items()
    }
    parts = _parts(kind, columns, stored, batches)
    connection = engine.raw_connection()
    cursor, start = connection.cursor(), time.perf_counter()
    for part in parts:
        if is_sqlite(engine):
            cursor.execute("BEGIN IMMEDIATE")
        for table in kind.tables:
            if part.get(table):
                cursor.executemany(insert[table], part[table])
        connection.commit()
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _read(engine: Engine, kind: Kind) -> tuple[dict[str, list[str]], Rows]:
    connection, columns, stored = engine.raw_connection(), {}, {}
    cursor = connection.cursor()
    for table in kind.tables:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        columns[table] = [column[0] for column in cursor.description or ()]
        stored[table] = [
            tuple(Json(value) if isinstance(value, dict | list) else value for value in row)
            for row in cursor.fetchall()
        ]
    connection.close()
    return columns, stored


def _parts(kind: Kind, columns: dict[str, list[str]], stored: Rows, batches: int) -> list[Rows]:
    """The rows of each batch; people come with the first, lines with their orders."""
    main = next(table for table in kind.tables if table in ("orders", "event"))
    if len(stored[main]) != batches * kind.batch:
        raise RuntimeError(f"{len(stored[main])} rows in {main}, {batches * kind.batch} were answered")
    parts: list[Rows] = [{} for _ in range(batches)]
    for table in kind.tables:
        if table == main:
            for number, part in enumerate(parts):
                part[main] = stored[main][number * kind.batch : (number + 1) * kind.batch]
        elif table != "order_line":
            parts[0][table] = stored[table]
    if "order_line" in columns:
        by_order: dict[int, list[tuple[Any, ...]]] = {}
        for line in stored["order_line"]:
            by_order.setdefault(line[columns["order_line"].index("order_id")], []).append(line)
        at = columns[main].index("id")
        for part in parts:
            part["order_line"] = [line for order in part[main] for line in by_order[order[at]]]
    return parts


def _serve(pipe: Any, url: str, folder: str) -> None:
    server = create_server(create_app(runtime_of(url, folder)), host="127.0.0.1", port=0, threads=16)
    pipe.send(server.effective_port)
    server.run()
