"""The mapping file and the money, moments and paths it leads to."""

import base64
import hashlib
import hmac
import json
from decimal import Decimal

import pytest

from connectors.documents import Document, parse
from connectors.errors import Misfit
from connectors.generic import BadMapping, read_mapping
from jobs.platforms import apply_platform_messages
from models import Order, PlatformMessage

MAPPING = """
header = "X-Hub-Signature-256"
prefix = "sha256="
encoding = "base64"
orders = "data.list"
items = "goods"
time = "local"
[order]
order_no = "sn"
status = "state"
unionid = "buyer.unionid"
created_at = "at"
updated_at = "at"
paid_at = "paid_at"
paid_fen = "sums.paid"
refunded_fen = "sums.back"
[item]
sku = "code"
name = "title"
quantity = "n"
price_fen = "price"
[status]
20 = "paid"
"""


def test_a_body_of_many_orders_loses_none_of_them(connect, client, runtime, make):
    shop_id = connect("generic", secret="topsecret", mapping=read_mapping(MAPPING))
    good = {
        "sn": "A1", "state": 20, "at": "2026-11-20 20:15:00", "paid_at": "2026-11-20 20:15:00",
        "buyer": {"unionid": "u1"}, "sums": {"paid": 39.8, "back": "0"},
        "goods": [{"code": "S", "title": "湿巾", "n": 2, "price": "19.90"}],
    }  # fmt: skip
    bad = [
        good | {"sn": "A2", "goods": []},
        good | {"sn": "A3", "at": "昨天"},
        good | {"sn": "A4", "sums": {"paid": -1}},
        7,
    ]
    body = json.dumps({"data": {"list": [*bad, good]}}).encode()
    sign = base64.b64encode(hmac.new(b"topsecret", body, hashlib.sha256).digest()).decode()

    answers = [
        client.post(f"/mall/connect/generic/{shop_id}", data=body, headers={"x-hub-signature-256": header})
        for header in (f"sha256={sign}", "sha256=", sign[:-2])
    ]
    apply_platform_messages(runtime)

    assert [answer.status_code for answer in answers] == [200, 401, 401]
    [order] = make.rows(Order)
    assert (order.order_no, order.unionid, order.total_fen, order.paid_fen) == ("A1", "u1", 3980, 3980)
    assert order.ordered_at.isoformat() == "2026-11-20T12:15:00+00:00"
    pushed, *kept = make.rows(PlatformMessage)
    assert pushed.state == "applied"
    assert sorted((row.state, row.reason) for row in kept) == [
        ("failed", "字段不对：data.list.1.at"), ("failed", "字段不对：data.list.3"),
        ("failed", "字段不对：items"), ("failed", "字段不对：paid_fen"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[order]", "[order]\nodd = 'x'"), "order.odd"),
        (('order_no = "sn"', ""), "order.order_no"),
        (('code"', 'code."'), "item.sku"),
        (('"paid"', '"bought"'), "status.20"),
        (('"local"', '"noon"'), "time"),
        (("[item]", "[item"), "not TOML"),
    ],
)
def test_a_wrong_mapping_names_its_key(change, named):
    with pytest.raises(BadMapping, match=named):
        read_mapping(MAPPING.replace(*change))


@pytest.mark.parametrize(
    ("told", "fen"),
    [
        ("19.9", 1990), ("19.90", 1990), (19, 1900), (Decimal("0.29"), 29), (Decimal("1.10"), 110), ("-3.5", -350),
        (" 8 ", 800), (Decimal("7E+2"), 70000), ("1,999.00", None), ("1.999", None), (True, None), (None, None),
        ("9" * 14, None), (Decimal("1E+999999"), None), (Decimal("NaN"), None), ("¥5", None), ([5], None), ("", None),
    ],
)  # fmt: skip
def test_yuan_become_fen_exactly_or_are_refused(told, fen):
    document = Document({"amount": told}, "pay")

    if fen is None:
        with pytest.raises(Misfit, match=r"pay\.amount"):
            document.yuan("amount")
    else:
        assert document.yuan("amount") == fen


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{" * 100_000, b'{"a": NaN}', b"1" * 5000, b'"text"'])
def test_what_is_no_object_is_refused_as_a_whole(body):
    with pytest.raises(Misfit, match="body"):
        parse(body)
