"""Jushuitan against a stand-in that checks every signature by code of its own."""

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from jobs.platform_pulls import pull_orders
from models import Order, OrderLine, PlatformAccount, PlatformMessage
from tests.connectors.conftest import StandIn

CREDENTIALS = {"app_key": "k1", "app_secret": "s3cret", "refresh_token": "r1", "shop_id": "11"}


def local(moment):
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")


def line(sku, qty, price, amount, **more: Any):
    return {"oi_id": 1, "sku_id": sku, "name": f"商品{sku}", "qty": qty, "price": price, "amount": amount} | more


def row(so_id="A1", o_id=1, *, at, status="WaitConfirm", items=(), paid=706.0, **more: Any):
    return {
        "so_id": so_id, "o_id": o_id, "shop_id": 11, "status": status, "order_date": local(at), "pay_date": local(at),
        "modified": local(at), "send_date": local(at) if status == "Sent" else None, "paid_amount": paid,
        "pay_amount": paid, "freight": 6.0, "shop_buyer_id": "t**1", "open_id": "AAH-buyer",
        "receiver_mobile": "13812345678-0012", "items": list(items) or [line("S1", 2, 350.0, 700.0)],
    } | more  # fmt: skip


class JushuitanStandIn(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Any] = []
        self.token, self.refresh = "t1", "r1"

    def reply(self, path, query, body):
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        sign = fields.pop("sign")
        text = "s3cret" + "".join(key + fields[key] for key in sorted(fields))
        if hashlib.md5(text.encode()).hexdigest() != sign:
            return 200, {"code": 10, "msg": "sign error", "data": None}
        if path == "/openWeb/auth/refreshToken":
            if fields["refresh_token"] != self.refresh:
                return 200, {"code": 190, "msg": "no", "data": None}
            self.refresh += "+"
            given = {"access_token": self.token, "refresh_token": self.refresh, "expires_in": 2592000}
            return 200, {"code": 0, "msg": "ok", "data": given}
        if fields["access_token"] != self.token:
            return 200, {"code": 100, "msg": "access_token 过期", "data": None}
        asked = json.loads(fields["biz"])
        self.asked.append((path, asked))
        numbers = asked.get("so_ids")
        assert numbers is None or len(numbers) <= 20
        found = [
            each
            for each in self.rows
            if (numbers and each["so_id"] in numbers)
            or (not numbers and asked["modified_begin"] <= each["modified"] <= asked["modified_end"])
        ]
        start = (asked["page_index"] - 1) * asked["page_size"]
        pages = -(-len(found) // asked["page_size"])
        return 200, {
            "code": 0, "msg": "执行成功",
            "data": {
                "orders": found[start : start + asked["page_size"]], "page_index": asked["page_index"],
                "page_count": pages, "data_count": len(found), "has_next": asked["page_index"] < pages,
            },
        }  # fmt: skip


@pytest.fixture
def jushuitan(stand_in) -> Any:
    return stand_in(JushuitanStandIn)


@pytest.fixture
def shop_id(connect, jushuitan, clock):
    return connect("jushuitan", url=jushuitan.url, since=clock() - timedelta(hours=6), **CREDENTIALS)


def test_an_order_cut_into_parcels_is_one_order(shop_id, runtime, make, clock, jushuitan):
    old, new = clock() - timedelta(days=3), clock() - timedelta(minutes=5)
    jushuitan.rows = [
        row(o_id=1, at=old, status="Split"),
        row(o_id=2, at=old, status="Sent", paid="356.00", items=[line("S1", 1, 350.0, 350.0)]),
        row(o_id=3, at=new, pay_date=local(old), order_date=local(old), paid=350.00, freight=0,
            items=[line("S1", 1, 350.0, 350.0), line("S0", 1, 0, 0, item_status="Replaced")]),
    ]  # fmt: skip

    pull_orders(runtime)
    [before] = make.rows(Order)
    jushuitan.rows[2] |= {"status": "Sent", "send_date": local(clock()), "modified": local(clock())}
    clock.tick(minutes=6)
    pull_orders(runtime)

    assert (before.status, before.shipped_at, before.total_fen, before.shipping_fen, before.paid_fen) == (
        "paid", None, 70000, 600, 70600,
    )  # fmt: skip
    [after] = make.rows(Order)
    assert (after.status, after.shipped_at is not None, after.paid_fen, after.buyer_id) == (
        "shipped", True, 70600, "AAH-buyer",
    )  # fmt: skip
    assert after.phone_kind == "virtual"
    assert [each.quantity for each in make.rows(OrderLine)] == [1, 1]


def test_refunds_cancelled_orders_and_masked_nicks(shop_id, runtime, make, clock, jushuitan):
    at = clock() - timedelta(minutes=5)
    back = {"refund_status": "success", "refund_qty": 1}
    jushuitan.rows = [
        row("part", at=at, status="Sent", items=[line("S1", 1, 350, 350, **back), line("S2", 1, 350, 350)]),
        row("gone", at=at, status="Cancelled"),
        row("new", at=at, status="WaitPay", pay_date="", open_id=None),
        row("odd", at=at, status="Vanished"),
        row("average", at=at, shop_status="TRADE_FINISHED", status="Sent", items=[line("S1", 3, 233.3333, 700.0)]),
    ]

    pull_orders(runtime)

    kept = {row.order_no: (row.status, row.paid_fen, row.refunded_fen, row.spend_fen) for row in make.rows(Order)}
    assert kept == {
        "part": ("shipped", 70600, 35000, 35600),
        "gone": ("cancelled", 70600, 0, 0),
        "new": ("created", 0, 0, 0),
        "average": ("completed", 70600, 0, 70600),
    }
    assert {row.order_no for row in make.rows(Order) if row.identity_id is None} == {"new"}
    assert [each.reason for each in make.rows(PlatformMessage)] == ["字段不对：rows.0.status"]


def test_what_failed_comes_in_once_it_fits(shop_id, runtime, clock, jushuitan, replayed):
    jushuitan.rows = [row(at=clock() - timedelta(hours=1), order_date=local(clock() + timedelta(days=2)))]
    pull_orders(runtime)

    clock.tick(days=2)

    assert replayed(shop_id, "jushuitan") == [("A1", "paid")]


def test_a_window_of_many_pages_and_a_token_that_ended(shop_id, runtime, make, clock, jushuitan):
    at = clock() - timedelta(minutes=30)
    jushuitan.rows = [row(f"A{n:03d}", n, at=at) for n in range(120)]
    pull_orders(runtime)
    jushuitan.token = "t2"

    while pull_orders(runtime):
        pass

    assert len(make.rows(Order)) == 120
    assert [asked["page_index"] for _, asked in jushuitan.asked if "so_ids" not in asked] == [1, 3, 2, 1]
    assert jushuitan.refresh == "r1++"  # the second time with the refresh token the first brought
    [account] = make.rows(PlatformAccount)
    assert (account.cursor, account.last_error) == (None, "")


def test_what_it_says_no_to_pauses_by_its_class(shop_id, runtime, make, clock, jushuitan):
    now = clock.freeze()
    jushuitan.answers_next = [(200, {"code": 199, "msg": "调用频率超限", "data": None})]

    pull_orders(runtime)

    [account] = make.rows(PlatformAccount)
    assert (account.last_error, account.next_pull_at - now) == ("Throttled 199", timedelta(seconds=60))
