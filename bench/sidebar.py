"""The card beside a chat, against a bare signed-in endpoint and against one hand-written statement of the same facts.

All four answer in one program, from one database, over the same connections, round by round: `bare` says only that
the member is signed in; `statement` is the JSON one would write by hand for it, whole from the database to the reply.
"""

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Flask, Response, g
from flask.testing import FlaskClient
from sqlalchemy import text
from waitress.server import create_server

from app import create_app
from bench import databases, regulars
from bench.load import Timing, fire
from bench.served import served
from bench.shops import runtime_of
from runtime import Runtime
from sidebar.door import staff_only

CUSTOMERS, FULL = 100_000, {"sqlite": 100_000, "postgresql": 1_000_000}
ROUNDS, ASKED, CLIENTS = 5, 400, 4  # a round before them only warms
SIDES = ("bare", "statement", "json", "html")
STATEMENT = """
    SELECT CAST({row}('id', contact.customer_id, 'external_userid', contact.external_userid, 'name', contact.name,
        'avatar', contact.avatar, 'gender', contact.gender, 'kind', contact.kind, 'remark', follow.remark,
        'figures', (SELECT {row}('spend_fen', sum(paid_fen - refunded_fen), 'order_count', count(*),
            'last_order_at', max(paid_at)) FROM orders WHERE customer_id = contact.customer_id
            AND paid_at IS NOT NULL AND status <> 'cancelled' AND paid_fen > refunded_fen),
        'orders', (SELECT {rows}({row}('id', id, 'order_no', order_no, 'status', status, 'total_fen', total_fen,
            'discount_fen', discount_fen, 'shipping_fen', shipping_fen, 'paid_fen', paid_fen,
            'refunded_fen', refunded_fen, 'ordered_at', ordered_at, 'paid_at', paid_at, 'shipped_at', shipped_at,
            'received_at', received_at, 'completed_at', completed_at, 'coupon_codes', coupon_codes,
            'shop', (SELECT name FROM shop WHERE id = shop_id),
            'lines', (SELECT {rows}({row}('sku', sku, 'name', name, 'quantity', quantity, 'price_fen', price_fen,
                'refunded_quantity', refunded_quantity, 'refunded_fen', refunded_fen))
                FROM order_line WHERE order_id = latest.id)))
            FROM (SELECT * FROM orders WHERE customer_id = contact.customer_id
                ORDER BY ordered_at DESC, id DESC LIMIT 10) latest),
        'followers', (SELECT {rows}({row}('userid', staff.userid, 'name', staff.name, 'remark', theirs.remark,
            'description', theirs.description, 'followed_at', theirs.followed_at, 'channel', channel.name))
            FROM contact face JOIN follow theirs ON theirs.contact_id = face.id AND theirs.ended_at IS NULL
            JOIN staff ON staff.id = theirs.staff_id LEFT JOIN channel ON channel.id = theirs.channel_id
            WHERE face.customer_id = contact.customer_id),
        'tags', (SELECT {rows}({row}('id', tag.id, 'group', group_name, 'name', name, 'source', source))
            FROM tag_assignment given JOIN tag ON tag.id = given.tag_id AND tag.deleted_at IS NULL
            WHERE given.customer_id = contact.customer_id),
        'coupons', (SELECT {rows}({row}('id', coupon.id, 'batch', coupon_batch.name, 'kind', coupon_batch.kind,
            'value_fen', coupon.value_fen, 'threshold_fen', coupon.threshold_fen, 'code', code,
            'issued_at', issued_at, 'expires_at', expires_at, 'opened_at', opened_at, 'claimed_at', claimed_at,
            'used_at', used_at, 'sending', (SELECT state FROM touch WHERE coupon_id = coupon.id
                ORDER BY touch.id DESC LIMIT 1)))
            FROM coupon JOIN coupon_batch ON coupon_batch.id = coupon.batch_id
            WHERE coupon.customer_id = contact.customer_id),
        'todos', (SELECT {rows}({row}('id', todo.id, 'kind', todo.kind, 'title', title, 'text', text, 'due_at', due_at))
            FROM identity JOIN todo ON todo.identity_id = identity.id AND state = 'open'
            WHERE identity.customer_id = contact.customer_id),
        'birthday', (SELECT max(profile_field.value) FROM identity
            JOIN profile_field ON profile_field.identity_id = identity.id AND name = 'birthday'
            WHERE identity.customer_id = contact.customer_id),
        'taken', (SELECT reserved + used + others FROM quota
            WHERE target = contact.external_userid AND month = '2026-11')
    ) AS text) FROM contact JOIN follow ON follow.contact_id = contact.id AND follow.ended_at IS NULL
    WHERE contact.external_userid = :name AND follow.staff_id = :staff
"""
WORDS = {
    "sqlite": {"row": "json_object", "rows": "json_group_array"},
    "postgresql": {"row": "json_build_object", "rows": "json_agg"},
}


def rows(full: bool) -> Iterator[dict[str, Any]]:
    """A row a database."""
    yield from databases.each("sidebar's card", _row, full)


def _row(database: str, url: str, folder: str, full: bool) -> dict[str, Any]:
    customers = FULL[database] if full else CUSTOMERS
    with served(_serve, url, folder, customers) as (port, cookie):
        names = [f"wm{number * 7919 % customers}" for number in range(ASKED)]
        measured = [_round(port, cookie, names) for _ in range(1 + ROUNDS)][1:]

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
        "orders": customers * regulars.ORDERS_EACH,
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
    regulars.fill(url, customers)
    app = create_app(runtime)
    app.add_url_rule("/sidebar/bench/bare/<name>", "bench.bare", staff_only(lambda name: {"signed_in": True}))
    app.add_url_rule("/sidebar/bench/statement/<name>", "bench.statement", staff_only(partial(_by_hand, runtime)))
    client = signed_in_client(app, runtime)
    for name in ("wm0", "wm7", f"wm{customers - 1}"):
        _compare(client, name)
    server = create_server(app, host="127.0.0.1", port=0, threads=16)
    pipe.send((server.effective_port, cookie_of(client)))
    server.run()


def _by_hand(runtime: Runtime, name: str) -> Response:
    with runtime.reading() as session:
        asked = text(STATEMENT.format(**WORDS[session.get_bind().dialect.name]))
        told: str = session.execute(asked, {"staff": g.staff.id, "name": name}).scalar_one()
    return Response(told, mimetype="application/json")


def _compare(client: FlaskClient, name: str) -> None:
    """Raises when the two sides do not tell the same of a customer."""
    ours, theirs = (client.get(f"/sidebar/{path}/{name}").json for path in ("contacts", "bench/statement"))
    assert ours is not None
    assert theirs is not None
    told = [_told(ours | {"figures": ours}), _told(theirs)]
    if told[0] != told[1]:
        raise RuntimeError(f"the two sides tell different things: {told}")


def _told(card: dict[str, Any]) -> list[Any]:
    figures = card["figures"]
    return [
        (figures["spend_fen"], figures["order_count"]),
        [(order["order_no"], order["shop"], order["paid_fen"], order["lines"]) for order in card["orders"]],
        sorted(follower["userid"] for follower in card["followers"]),
        sorted((tag["id"], tag["source"]) for tag in card["tags"]),
        [(coupon["id"], coupon["batch"], coupon["sending"]) for coupon in card["coupons"] or []],
        card["todos"] or [],
    ]


def signed_in_client(app: Flask, runtime: Runtime) -> FlaskClient:
    """Signed in as the member everybody follows."""
    client = app.test_client()
    with client.session_transaction("/sidebar/") as session:
        session.update(staff_id=regulars.STAFF, at=runtime.now().timestamp())
    return client


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("huitou_staff", path="/sidebar")
    assert found is not None
    return f"{found.key}={found.value}"
