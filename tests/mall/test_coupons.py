"""`POST /mall/coupons/redeem`, and the till in the sidebar."""

import json

import pytest

from crm import coupons
from models import Audit, CouponUse, Identity
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401
from tests.test_bad_input import ORDER


@pytest.fixture
def coupon(make, runtime):
    wang, batch = make.identity("unionid", "w"), make.coupon_batch(name="湿巾补货券")
    with runtime.transaction() as session:
        identity = session.get_one(Identity, wang.id)
        facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}
        return coupons.grant(session, batch.id, identity, "tap", staff=None, **facts)


@pytest.fixture
def redeem(runtime):
    def send(shop, code, request_id="request-1", **more):
        body = {"code": code, "request_id": request_id, "at": runtime.now().isoformat()} | more
        return shop.send(json.dumps(body).encode(), target="/mall/coupons/redeem")

    return send


def test_a_till_takes_a_code_once_and_is_told_the_same_again(make, new_shop, coupon, redeem):
    shop, other = new_shop("店"), new_shop("另一家")

    first, again = redeem(shop, coupon.code), redeem(shop, coupon.code)
    late, unknown, wrong = redeem(other, coupon.code), redeem(shop, "NOBODYS", "request-2"), redeem(shop, "x", "短")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert (first.json["coupon"]["value_fen"], first.json["coupon"]["batch"]) == (1500, "湿巾补货券")
    assert (late.status_code, late.json["error"]) == (409, "already_used")
    assert (unknown.status_code, unknown.json["field"]) == (404, "code")
    assert (wrong.status_code, wrong.json["field"]) == (422, "request_id")
    assert len(make.rows(CouponUse)) == 1


def test_staff_see_what_a_code_is_worth_and_take_it_with_one_tap(make, at_the_chat, coupon):  # noqa: F811
    def send(path, code):
        form = {"csrf_token": at_the_chat.token, "code": code}
        return at_the_chat.client.post(f"/sidebar/{path}", data=form, headers={"Accept": "text/html"})

    typed = f" {coupon.code[:5].lower()} {coupon.code[5:].lower()} "
    looked, wrong = send("redeem/look", typed), send("redeem/look", "NOBODYS")
    untouched = make.rows(CouponUse)
    taken, twice = send("redeem", coupon.code), send("redeem", coupon.code)

    assert (looked.status_code, untouched) == (200, [])
    assert "湿巾补货券" in looked.text
    assert (wrong.status_code, "没有这个券码" in wrong.text) == (404, True)
    assert (taken.status_code, "核销好了" in taken.text) == (200, True)
    assert (twice.status_code, "已经用掉了" in twice.text) == (409, True)
    assert [(row.actor, row.action) for row in make.rows(Audit)] == [("staff:lan", "coupon.redeem")]


def test_an_order_that_names_the_code_makes_the_sidebar_say_used_and_its_refund_claimed(
    make,
    runtime,
    new_shop,
    lan,  # noqa: F811
    at_the_chat,  # noqa: F811
):
    wang = make.contact("wm_wang", gender=2, followers=(lan,))
    batch = make.coupon_batch(returns_on_refund=True)
    with runtime.transaction() as session:
        facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}
        identity = session.get_one(Identity, wang.identity_id)
        coupon = coupons.grant(session, batch.id, identity, "tap", staff=lan, **facts)
        coupon.claimed_at = runtime.now()
    order = ORDER | {"coupon_codes": [coupon.code], "paid_fen": 100, "paid_at": "2020-11-20T20:15:31+08:00"}
    refund = {"status": "refunded", "refunded_fen": 100, "updated_at": "2020-11-21T20:15:00+08:00"}
    part = f"customers/{wang.customer_id}/held-coupons"
    shop, seen = new_shop("店"), []

    for version in (order, order | refund):
        shop.post(version)
        held = at_the_chat.get("contacts/wm_wang").json["coupons"][0]
        seen.append((held["state"], "已用" in at_the_chat.get(part, part=True).text))

    assert seen == [("used", True), ("claimed", False)]
