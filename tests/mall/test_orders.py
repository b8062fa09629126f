"""`POST /mall/orders`: what a shop may send, what it is answered, and what is kept."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Audit, Identity, Order, OrderLine


def order(order_no="A1", **more):
    item = {"sku": "SKU1", "name": "婴儿湿巾 80 抽", "quantity": 2, "price_fen": 1990}
    return {
        "order_no": order_no, "status": "paid", "unionid": "oU1", "created_at": "2026-11-01T10:00:00+08:00",
        "paid_at": "2026-11-01T10:01:00+08:00", "total_fen": 3980, "discount_fen": 0, "paid_fen": 3980,
        "refunded_fen": 0, "items": [item], "updated_at": "2026-11-01T10:01:00+08:00",
    } | more  # fmt: skip


def test_an_order_is_kept_with_its_lines_its_buyer_and_its_moments_in_utc(shop, make, runtime):
    sent = order(
        phone="+86 138-0013-8000".replace(" ", ""),
        shipping_fen=800,
        refunded_fen=500,
        coupon_codes=["C1"],
        claim_token="t",
        items=[order()["items"][0] | {"line_id": "1", "category": "护理", "refunded_quantity": 1, "refunded_fen": 500}],
    )

    answer = shop.post(sent)

    assert answer.json["results"] == [{"index": 0, "order_no": "A1", "result": "accepted"}]
    [kept] = make.rows(Order)
    assert kept.ordered_at.isoformat() == "2026-11-01T02:00:00+00:00"
    assert (kept.paid_fen, kept.shipping_fen, kept.coupon_codes, kept.claim_token) == (3980, 800, ["C1"], "t")
    assert runtime.vault.open_text(kept.phone_sealed) == "+86138-0013-8000"
    assert len(kept.phone_digest) == 64
    [line] = make.rows(OrderLine)
    assert (line.line_id, line.category, line.quantity, line.refunded_fen) == ("1", "护理", 2, 500)
    [identity] = make.rows(Identity)
    assert (identity.kind, identity.scope, identity.value) == ("unionid", "", "oU1")
    assert kept.customer_id == identity.customer_id


def test_the_same_again_is_unchanged_an_older_version_stale_a_newer_one_accepted(shop, make):
    newer = order(status="refunded", refunded_fen=3980, updated_at="2026-11-03T00:00:00Z")

    answers = [shop.post(sent).json for sent in (order(), order(), newer, order(), newer)]

    assert [answer["results"][0]["result"] for answer in answers] == [
        "accepted", "unchanged", "accepted", "stale", "unchanged",
    ]  # fmt: skip
    assert answers[3]["stale"] == 1
    assert make.rows(Order)[0].status == "refunded"
    assert len(make.rows(OrderLine)) == 1


def test_one_bad_order_does_not_lose_the_others(shop, make):
    answer = shop.post(order("A1"), order("A2", paid_fen=-1), "not an order", order("A4"))

    assert (answer.json["accepted"], answer.json["rejected"]) == (2, 2)
    assert answer.json["results"][1] == {
        "index": 1, "order_no": "A2", "result": "rejected", "reason": "paid_fen: 不能小于 0", "field": "paid_fen",
    }  # fmt: skip
    assert answer.json["results"][2] == {"index": 2, "result": "rejected", "reason": "应为一个对象"}
    assert [row.order_no for row in make.rows(Order)] == ["A1", "A4"]


def test_one_order_twice_in_a_body_is_taken_in_turn(shop, make):
    answer = shop.post(order(), order(updated_at="2026-11-04T00:00:00Z", status="shipped"), order())

    assert [result["result"] for result in answer.json["results"]] == ["accepted", "accepted", "stale"]
    assert make.rows(Order)[0].status == "shipped"


@pytest.mark.parametrize("turned", [False, True])
def test_of_one_order_twice_in_a_body_with_one_version_the_same_content_stays_whichever_came_first(shop, make, turned):
    twins = [order(buyer_id=buyer) for buyer in ("b1", "b2")]

    answer = shop.post(*(reversed(twins) if turned else twins))

    kept = make.rows(Order)[0].buyer_id
    results = dict(zip(("b2", "b1") if turned else ("b1", "b2"), answer.json["results"], strict=True))
    assert [result["result"] for buyer, result in results.items() if buyer == kept] == ["accepted"]
    assert shop.post(*twins).json["accepted"] == 0
    assert make.rows(Order)[0].buyer_id == kept


def test_what_does_not_add_up_is_taken_and_said(shop, make):
    wrong = order(
        "A2",
        total_fen=4000,
        paid_at="2026-11-01T09:59:00+08:00",
        items=[order()["items"][0] | {"refunded_fen": 500}],
    )

    answer = shop.post(order(), wrong)

    fine, flagged = answer.json["results"]
    assert "warnings" not in fine
    assert flagged["result"] == "accepted"
    assert [warning["field"] for warning in flagged["warnings"]] == ["total_fen", "refunded_fen", "paid_at"]
    assert [row.total_fen for row in make.rows(Order)] == [3980, 4000]


def test_guests_are_stored_unlinked_and_a_buyer_is_known_by_the_best_name_there_is(shop, make):
    shop.post(
        order("guest", unionid=None, openid="", buyer_id=None),
        order("buyer", unionid="", buyer_id="b1"),
        order("openid", unionid=None, openid="o1", buyer_id="b1"),
        order("unionid", openid="o1", buyer_id="b1"),
    )

    named = {row.id: (row.kind, row.scope, row.value) for row in make.rows(Identity)}
    assert {row.order_no: named.get(row.identity_id) for row in make.rows(Order)} == {
        "guest": None,
        "buyer": ("buyer_id", shop.name, "b1"),
        "openid": ("openid", shop.name, "o1"),
        "unionid": ("unionid", "", "oU1"),
    }
    assert {row.order_no: row.buyer_id for row in make.rows(Order)}["unionid"] == "b1"


def test_two_shops_may_use_one_order_number(shop, new_shop, make):
    other = new_shop("另一家")

    results = [program.post(order()).json["accepted"] for program in (shop, other)]

    assert results == [1, 1]
    assert len(make.rows(Order)) == 2


def test_a_thousand_orders_fit_and_one_more_does_not(shop, make):
    orders = [order(f"A{n:04d}", unionid=f"u{n}") for n in range(1000)]

    too_many = shop.post(*orders, order("A1000"))
    fits = shop.post(*orders)

    assert too_many.status_code == 422
    assert too_many.json["field"] == "orders"
    assert fits.json["accepted"] == 1000
    assert len(make.rows(Order)) == 1000


BAD: dict[str, list[Any]] = {
    "order_no": [None, "", " ", 7, "x" * 65, ["A"]],
    "status": [None, "gone", "", 3],
    "created_at": [
        None, 0, 1700000000, "yesterday", "2026-11-01", "2026-11-01T10:00:00", "2026-11-01 10:00:00+08:00",
        "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
        "1999-12-31T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-01T25:00:00Z", "2026-11-01T10:00:00+99:99",
        "２０２６-11-01T10:00:00Z",
    ],
    "paid_at": [1, "2026-11-01T10:00:00", "9999-01-01T00:00:00Z"],
    "updated_at": [None, "", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"],
    "total_fen": [None, -1, 1.5, "100", True, 10**12 + 1, 2**53 + 1, 2**64, 1e300],
    "paid_fen": [-1, "1", 10**30],
    "refunded_fen": [-5, 3981],
    "unionid": [5, "x" * 129, {}],
    "phone": ["138", "1" * 21, "call me", "１３８００１３８０００", "13800138000\n", 13800138000],
    "coupon_codes": [None, "C1", [""], [1], ["c"] * 21, ["x" * 65]],
    "items": [
        None, [], {}, "x", [None], [{}], [{"sku": "S", "name": "n", "quantity": 0, "price_fen": 1}],
        [{"sku": "S", "name": "n", "quantity": 1, "price_fen": -1}],
        [{"sku": "S", "name": "n", "quantity": 1, "price_fen": 1, "refunded_quantity": 2}],
        [{"sku": "S", "name": "n", "quantity": 1, "price_fen": 1, "colour": "red"}],
    ],
    "surprise": [1],
}  # fmt: skip


@pytest.mark.parametrize("field", BAD)
def test_a_bad_value_is_rejected_in_words_that_name_its_field(shop, make, field):
    answer = shop.post(*(order(f"A{n}") | {field: value} for n, value in enumerate(BAD[field])))

    assert answer.status_code == 200
    assert answer.json["rejected"] == len(BAD[field]), answer.json
    for result in answer.json["results"]:
        assert result["reason"]
        assert field in result.get("field", "") or field in result["reason"]
    assert make.rows(Order) == []


def test_money_without_the_moment_it_was_paid_is_rejected(shop):
    assert shop.post(order(paid_at=None)).json["results"][0]["reason"] == "paid_fen 大于 0 时要有 paid_at"
    assert shop.post(order(paid_at=None, paid_fen=0, status="created")).json["accepted"] == 1


def test_emoji_right_to_left_and_formula_names_are_kept_as_they_are(shop, make):
    name = "👩‍👧 عربى ‮=1+1 <b>湿巾</b>"

    shop.post(order(items=[order()["items"][0] | {"name": name}]))

    assert make.rows(OrderLine)[0].name == name


BODIES = {
    "nothing": (b"", 422),
    "not JSON": (b"{", 422),
    "not UTF-8": (b'{"shop": "\xff"}', 422),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "no shop": (b'{"orders": []}', 422),
    "no orders": ('{"shop": "小程序商城"}'.encode(), 422),
    "orders of the wrong type": ('{"shop": "小程序商城", "orders": {}}'.encode(), 422),
    "an unknown key": ('{"shop": "小程序商城", "orders": [], "x": 1}'.encode(), 422),
    "a key twice": ('{"shop": "小程序商城", "orders": [], "orders": []}'.encode(), 422),
    "a NUL": (b'{"shop": "a\\u0000b", "orders": []}', 422),
    "half a character": (b'{"shop": "\\ud800", "orders": []}', 422),
    "NaN": (b'{"shop": NaN, "orders": []}', 422),
    "deep nesting": (b"[" * 200_000, 422),
    "a huge number": (b'{"shop": ' + b"9" * 5000 + b', "orders": []}', 422),
    "another shop": ('{"shop": "别人家", "orders": []}'.encode(), 403),
    "10 MB": (b" " * 10 * 1024 * 1024, 413),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_bad_body_gets_a_clear_4xx(shop, make, what):
    body, status = BODIES[what]

    answer = shop.send(body)

    assert answer.status_code == status
    assert answer.json["message"]
    assert make.rows(Order) == []


def test_a_wrong_content_type_method_or_path_gets_a_clear_4xx(shop, client):
    body = json.dumps({"shop": shop.name, "orders": []}).encode()

    assert client.post("/mall/orders", data=body, headers=shop.headers(body)).status_code == 422
    assert client.get("/mall/orders").status_code == 405
    assert client.post("/mall/nowhere").status_code == 404


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(sorted(order() | {"phone": 1, "claim_token": 1, "shipped_at": 1})), value=ANYTHING)
def test_whatever_a_field_holds_the_answer_is_never_500(shop, field, value):
    answer = shop.post(order() | {field: value})

    assert answer.status_code in (200, 422)


def test_an_audit_line_says_who_tried_another_shops_name(shop, make):
    shop.send('{"shop": "别人家", "orders": []}'.encode())

    [line] = make.rows(Audit)
    assert line.actor.startswith("shop:")
    assert line.action == "mall.receive_orders"
