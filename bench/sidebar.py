"""The card beside a chat, against a bare signed-in endpoint and against one hand-written statement of the same figures.

All four answer in one program, from one database, over the same connections, round by round: `bare` says only that
the member is signed in; `statement` asks for name, remark, count, spend, last order and the last ten orders at once.
"""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask, g
from sqlalchemy import insert, text
from sqlalchemy.orm import Session
from waitress.server import create_server

from app import create_app
from bench import databases
from bench.load import Timing, fire
from bench.served import served
from bench.shops import runtime_of
from models.contact import Contact, Follow
from models.customer import Customer, Identity
from models.order import Order, OrderLine
from models.shop import Shop
from models.staff import Staff
from runtime import Runtime
from sidebar.door import staff_only

QUICK, FULL = (10_000, 3), (100_000, 7)  # customers, and rounds; the first round only warms
ORDERS_EACH, ASKED, CLIENTS, AT_ONCE = 10, 400, 4, 10_000
SIDES = ("bare", "statement", "json", "html")
STATEMENT = """
    SELECT contact.name, follow.remark, count(orders.id), sum(orders.paid_fen - orders.refunded_fen),
        max(orders.ordered_at), (SELECT {joined} FROM (
            SELECT order_no, status, paid_fen FROM orders WHERE customer_id = contact.customer_id
            ORDER BY ordered_at DESC LIMIT 10) latest)
    FROM contact JOIN follow ON follow.contact_id = contact.id AND follow.staff_id = :staff
    LEFT JOIN orders ON orders.customer_id = contact.customer_id AND orders.paid_at IS NOT NULL
        AND orders.status != 'cancelled' AND orders.paid_fen > orders.refunded_fen
    WHERE contact.external_userid = :name GROUP BY contact.id, contact.name, contact.customer_id, follow.remark
"""
JOINED = {
    "sqlite": "group_concat(order_no || status || paid_fen)",
    "postgresql": "string_agg(order_no || status || paid_fen, ',')",
}


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """A row a database."""
    yield from databases.each("sidebar's card", _row, full)


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    customers, rounds = FULL if full else QUICK
    with served(_serve, url, folder, customers) as (port, cookie):
        names = [f"wm{number * 7919 % customers}" for number in range(ASKED)]
        measured = [_round(port, cookie, names) for _ in range(1 + rounds)][1:]

    def over(side: str, other: str) -> float:
        return round(statistics.median(each[side].rate / each[other].rate for each in measured), 3)

    return {
        "row": f"sidebar's card, {database}",
        "json_over_bare": over("json", "bare"),
        "json_over_statement": over("json", "statement"),
        "html_over_bare": over("html", "bare"),
        "json_p99_over_bare": round(statistics.median(each["json"].p99 / each["bare"].p99 for each in measured), 2),
        "goal": "json ≥ 0.22 of bare and ≥ 0.7 of the statement, p99 ≤ 3 × bare; html ≥ 0.12 of bare",
        "per_second": {side: round(statistics.median(each[side].rate for each in measured)) for side in SIDES},
        "customers": customers,
        "orders": customers * ORDERS_EACH,
    }


def _round(port: int, cookie: str, names: list[str]) -> dict[str, Timing]:
    paths = {"bare": "bench/bare", "statement": "bench/statement", "json": "contacts", "html": "contacts"}
    return {
        side: fire(port, [_request(f"{path}/{name}", cookie, side) for name in names], expect=b"", clients=CLIENTS)
        for side, path in paths.items()
    }


def _request(path: str, cookie: str, side: str) -> bytes:
    kind = "HX-Request: true" if side == "html" else "Accept: application/json"
    return f"GET /sidebar/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{kind}\r\n\r\n".encode()


def _serve(pipe: Any, url: str, folder: str, customers: int) -> None:
    runtime = runtime_of(url, folder)
    staff_id = _fill(runtime, customers)
    app = create_app(runtime)
    app.add_url_rule("/sidebar/bench/bare/<name>", "bench.bare", staff_only(lambda name: {"signed_in": True}))
    app.add_url_rule("/sidebar/bench/statement/<name>", "bench.statement", staff_only(partial(_by_hand, runtime)))
    server = create_server(app, host="127.0.0.1", port=0, threads=16)
    pipe.send((server.effective_port, _cookie(app, runtime, staff_id)))
    server.run()


def _by_hand(runtime: Runtime, name: str) -> dict[str, Any]:
    with runtime.reading() as session:
        joined = JOINED[session.get_bind().dialect.name]
        row = session.execute(text(STATEMENT.format(joined=joined)), {"staff": g.staff.id, "name": name}).one()
    return {"figures": [str(figure) for figure in row]}


def _cookie(app: Flask, runtime: Runtime, staff_id: int) -> str:
    client = app.test_client()
    with client.session_transaction("/sidebar/") as session:
        session.update(staff_id=staff_id, at=runtime.now().timestamp())
    found = client.get_cookie("huitou_staff", path="/sidebar")
    assert found is not None
    return f"{found.key}={found.value}"


def _fill(runtime: Runtime, customers: int) -> int:
    """A shop of so many customers with ten orders each, all of one member; that member's id."""
    now = datetime.now(UTC)
    with runtime.transaction() as session:
        shop = Shop(name="小满优选", created_at=now)
        staff = Staff(userid="lan", userid_key="lan", name="林岚", created_at=now, serves_customers=True)
        session.add_all([shop, staff])
        session.flush()
        shop_id, staff_id = shop.id, staff.id
    for begin in range(1, customers + 1, AT_ONCE // ORDERS_EACH):
        numbers = range(begin, min(begin + AT_ONCE // ORDERS_EACH, customers + 1))
        with runtime.transaction() as session:
            _people(session, numbers, staff_id, now)
            _orders(session, numbers, shop_id, now)
    return staff_id


def _people(session: Session, numbers: range, staff_id: int, now: datetime) -> None:
    session.execute(insert(Customer), [{"id": number, "created_at": now} for number in numbers])
    session.execute(
        insert(Identity),
        [
            {
                "id": number, "kind": "external_userid", "value": f"wm{number - 1}", "customer_id": number,
                "home_id": number, "first_seen_at": now,
            }
            for number in numbers
        ],
    )  # fmt: skip
    session.execute(
        insert(Contact),
        [
            {
                "id": number, "external_userid": f"wm{number - 1}", "identity_id": number, "customer_id": number,
                "name": f"客户{number}", "created_at": now,
            }
            for number in numbers
        ],
    )  # fmt: skip
    session.execute(
        insert(Follow),
        [
            {"contact_id": number, "staff_id": staff_id, "followed_at": now - timedelta(days=90), "changed_at": now}
            for number in numbers
        ],
    )


def _orders(session: Session, numbers: range, shop_id: int, now: datetime) -> None:
    places = [(number, place, number * ORDERS_EACH + place) for number in numbers for place in range(ORDERS_EACH)]
    moments = {row: now - timedelta(days=11 * place, seconds=row % 80_000) for _, place, row in places}
    session.execute(
        insert(Order),
        [
            {
                "id": row, "shop_id": shop_id, "order_no": f"N{row:010d}", "status": "completed", "coupon_codes": [],
                "identity_id": number, "customer_id": number, "total_fen": 9900, "discount_fen": 0,
                "shipping_fen": 0, "paid_fen": 9900, "refunded_fen": 0, "ordered_at": moments[row],
                "paid_at": moments[row], "changed_at": moments[row], "fingerprint": "", "stored_at": now,
            }
            for number, _, row in places
        ],
    )  # fmt: skip
    session.execute(
        insert(OrderLine),
        [
            {
                "order_id": row, "position": 1, "sku": f"S{row % 300}", "name": "婴儿湿巾", "quantity": 1,
                "price_fen": 9900,
            }
            for _, _, row in places
        ],
    )  # fmt: skip  # fmt: skip
