"""WeChat's own shops against a stand-in with crypto of its own."""

import base64
import hashlib
import json
import os
import struct
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jobs.platform_pulls import pull_orders
from jobs.platforms import apply_platform_messages
from models import Identity, IdentityLink, Order, OrderLine, PlatformAccount, PlatformMessage
from tests.connectors.conftest import StandIn

AES_KEY = base64.b64encode(bytes(range(32))).decode()[:43]
CREDENTIALS = {"appid": "wx1", "secret": "s3cret", "token": "tok", "aes_key": AES_KEY}


def envelope(message: bytes, *, token="tok", appid="wx1", nonce="n1") -> tuple[dict[str, str], str]:
    """What WeChat's documentation says: 16 random bytes, the length, the message, the appid, padded to 32."""
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + appid.encode()
    pad = 32 - len(plain) % 32
    key = base64.b64decode(AES_KEY + "=")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()
    joined = "".join(sorted([token, "1700000000", nonce, sealed]))
    signature = hashlib.sha1(joined.encode()).hexdigest()
    return {"timestamp": "1700000000", "nonce": nonce, "msg_signature": signature, "encrypt_type": "aes"}, sealed


def order(number="3705", *, at, status=20, aftersales=(), **more: Any):
    """Two lines, 10.00 off: 199.90 + 8.00 freight - 10.00 = 197.90."""
    lines = [
        {"product_id": "p1", "sku_id": "11", "sku_code": "WIPES", "title": "湿巾", "sku_cnt": 3, "sale_price": 4990,
         "finish_aftersale_sku_cnt": sum(1 for each in aftersales)},
        {"product_id": "p2", "sku_id": "12", "title": "试用装", "sku_cnt": 1, "sale_price": 5020},
    ]  # fmt: skip
    detail = {
        "product_infos": lines,
        "price_info": {"product_price": 19990, "freight": 800, "discounted_price": 1000, "order_price": 19790},
        "pay_info": {} if status in (10, 250) else {"pay_time": int(at.timestamp()), "transaction_id": "x"},
        "delivery_info": {"address_info": {"tel_number": "138****8000"}},
    }
    listed = [{"aftersale_order_id": each, "status": 13} for each in aftersales]
    return {
        "order_id": number, "create_time": int(at.timestamp()) - 60, "update_time": int(at.timestamp()),
        "status": status, "openid": "o-shop-1", "unionid": "u-wang", "order_detail": detail,
        "aftersale_detail": {"aftersale_order_list": listed, "on_aftersale_order_cnt": 0},
    } | more  # fmt: skip


class WechatStandIn(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Any] = {}
        self.aftersales: dict[str, Any] = {}
        self.token = "t1"

    def add(self, *orders: Any) -> None:
        self.orders |= {each["order_id"]: each for each in orders}

    def reply(self, path, query, body):
        if path == "/cgi-bin/token":
            if (query["appid"], query["secret"]) != ("wx1", "s3cret"):
                return 200, {"errcode": 40125, "errmsg": "invalid appsecret"}
            return 200, {"access_token": self.token, "expires_in": 7200}
        asked = json.loads(body)
        self.asked.append((path, asked))
        if query.get("access_token") != self.token:
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        if path == "/channels/ec/order/list/get":
            window = asked["update_time_range"]
            assert 0 < window["end_time"] - window["start_time"] <= 7 * 86400
            inside = sorted(
                number
                for number, each in self.orders.items()
                if window["start_time"] <= each["update_time"] <= window["end_time"]
            )
            start = int(asked["next_key"] or 0)
            end = start + asked["page_size"]
            return 200, {
                "errcode": 0, "order_id_list": inside[start:end], "next_key": str(end), "has_more": end < len(inside),
            }  # fmt: skip
        if path == "/channels/ec/order/get":
            found = self.orders.get(asked["order_id"])
            return 200, {"errcode": 0, "order": found} if found else {"errcode": 10020049, "errmsg": "no order"}
        return 200, {"errcode": 0, "after_sale_order": self.aftersales[asked["after_sale_order_id"]]}


@pytest.fixture
def wechat(stand_in) -> Any:
    return stand_in(WechatStandIn)


@pytest.fixture
def shop_id(connect, wechat, clock):
    return connect("wechat_shop", url=wechat.url, since=clock() - timedelta(hours=6), **CREDENTIALS)


@pytest.fixture
def push(client, shop_id):
    def send(event, **more):
        args, sealed = envelope(json.dumps(event).encode(), **more)
        return client.post(f"/mall/connect/wechat_shop/{shop_id}", query_string=args, json={"Encrypt": sealed})

    return send


def test_an_event_has_its_order_asked_for_and_says_whose_openid_it_is(push, runtime, make, clock, wechat):
    wechat.add(order(at=clock()))

    answer = push({"Event": "channels_ec_order_pay", "order_info": {"order_id": "3705", "pay_time": 1}})
    again = push({"Event": "channels_ec_order_pay", "order_info": {"order_id": "3705", "pay_time": 1}}, nonce="n2")
    apply_platform_messages(runtime)

    assert [(each.status_code, each.text) for each in (answer, again)] == [(200, "success")] * 2
    [kept] = make.rows(Order)
    assert (kept.status, kept.total_fen, kept.discount_fen, kept.shipping_fen, kept.paid_fen) == (
        "paid", 19990, 1000, 800, 19790,
    )  # fmt: skip
    assert kept.phone_kind == "masked"
    assert [(line.sku, line.quantity) for line in make.rows(OrderLine)] == [("WIPES", 3), ("12", 1)]
    assert {(row.kind, row.scope, row.value) for row in make.rows(Identity)} >= {
        ("unionid", "", "u-wang"), ("openid", "我的小店", "o-shop-1"),
    }  # fmt: skip
    assert len({row.customer_id for row in make.rows(Identity)}) == 1
    assert "shop_pair" in {row.proof for row in make.rows(IdentityLink)}
    assert [(row.state, row.deliveries) for row in make.rows(PlatformMessage)] == [("applied", 2)]


def test_what_was_paid_back_is_read_from_the_after_sales(push, runtime, make, clock, wechat):
    clock.freeze()
    later = int(clock().timestamp()) + 60

    def aftersale(status, amount):
        return {
            "status": status, "update_time": later, "refund_info": {"amount": amount}, "product_info": {"sku_id": "11"},
        }  # fmt: skip

    wechat.aftersales = {
        "a1": aftersale("MERCHANT_REFUND_SUCCESS", 4990),
        "a2": aftersale("USER_CANCELD", 4990),
        "b1": aftersale("MERCHANT_RETURN_SUCCESS", 19790),
    }
    wechat.add(order("part", at=clock(), aftersales=("a1", "a2"), status=100))
    wechat.add(order("whole", at=clock(), aftersales=("b1",), status=200), order("dropped", at=clock(), status=250))

    pull_orders(runtime)

    kept = {row.order_no: (row.status, row.paid_fen, row.refunded_fen, row.spend_fen) for row in make.rows(Order)}
    assert kept == {
        "part": ("completed", 19790, 4990, 14800),
        "whole": ("refunded", 19790, 19790, 0),
        "dropped": ("cancelled", 0, 0, 0),
    }
    assert {row.changed_at.timestamp() for row in make.rows(Order) if row.order_no == "part"} == {later}


def test_what_failed_comes_in_once_it_fits(shop_id, runtime, clock, wechat, replayed):
    wechat.add(order(at=clock() - timedelta(hours=1), create_time=int(clock().timestamp()) + 2 * 86400))
    pull_orders(runtime)

    clock.tick(days=2)

    assert replayed(shop_id, "wechat_shop") == [("3705", "paid")]


def test_all_pages_of_a_window_come_in_and_one_order_that_does_not_fit_is_kept(shop_id, runtime, make, clock, wechat):
    wechat.add(*(order(f"{n:02d}", at=clock() - timedelta(minutes=10)) for n in range(45)))
    wechat.orders["07"]["order_detail"]["price_info"]["order_price"] = "19.79元"

    while pull_orders(runtime):
        pass

    assert len(make.rows(Order)) == 44
    [kept] = make.rows(PlatformMessage)
    assert (kept.state, kept.reason) == ("failed", "字段不对：order.order_detail.price_info.order_price")


def test_a_wrong_secret_is_said_and_waits_for_a_person(connect, wechat, runtime, make, clock):
    now = clock.freeze()
    connect("wechat_shop", url=wechat.url, **CREDENTIALS | {"secret": "old"})

    pull_orders(runtime)
    pull_orders(runtime)

    [account] = make.rows(PlatformAccount)
    assert (account.last_error, account.next_pull_at - now) == ("Unauthorized 40125", timedelta(minutes=10))


def test_wechat_checks_the_address_and_strangers_learn_nothing(push, client, shop_id, make):
    args, sealed = envelope(b"echo me")
    address = f"/mall/connect/wechat_shop/{shop_id}"
    checked = client.get(address, query_string=args | {"echostr": sealed})
    event = {"Event": "channels_ec_order_pay"}

    refused = [
        client.get(address, query_string=args | {"echostr": sealed[:-4] + "AAAA"}),
        client.get(address),
        push(event, token="other"),
        push(event, appid="wx2"),
        client.post(address, query_string=args, data=b"\x00\xff"),
        client.post(address, query_string=args, json={"Encrypt": "AAAA"}),
        client.post(address, query_string=args, json=["Encrypt"]),
    ]

    assert (checked.status_code, checked.text) == (200, "echo me")
    assert {each.status_code for each in refused} == {401}
    assert make.rows(PlatformMessage) == []
