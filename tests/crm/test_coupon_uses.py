"""A coupon is used once, by whichever came first; a refund gives it back where the batch says so."""

import pytest

from crm import coupon_orders, coupon_uses, coupons
from models import Coupon, CouponUse, Identity, Order


@pytest.fixture
def wang(make):
    return make.identity("unionid", "w")


@pytest.fixture
def given(make, runtime, wang):
    def give(**batch):
        made = make.coupon_batch(**batch)
        with runtime.transaction() as session:
            identity = session.get_one(Identity, wang.id)
            facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}
            return coupons.grant(session, made.id, identity, "tap", staff=None, **facts)

    return give


@pytest.fixture
def bring(runtime):
    """An order's next version comes, with a code."""

    def come(order, coupon, **change):
        with runtime.transaction() as session:
            row = session.get_one(Order, order.id)
            for name, value in change.items():
                setattr(row, name, value)
            session.flush()
            coupon_orders.mark_used(session, {order.id: [coupon.code]}, now=runtime.now())

    return come


@pytest.fixture
def redeem(runtime):
    def take(coupon, by, **more):
        facts = {"used_at": runtime.now(), "now": runtime.now()} | more
        with runtime.transaction() as session:
            return coupon_uses.redeem(session, coupon.code, by=session.merge(by, load=False), **facts)

    return take


def the(make):
    [row] = make.rows(Coupon)
    return row


@pytest.mark.parametrize("returns", [True, False])
def test_a_refund_gives_it_back_only_where_the_batch_says_so_and_it_can_be_used_again(
    make, given, bring, wang, returns
):
    coupon = given(returns_on_refund=returns)
    first, second = make.order(wang), make.order(wang)
    bring(first, coupon)

    bring(first, coupon, status="refunded", refunded_fen=16800)
    back = the(make).used_at
    bring(second, coupon)

    assert (back is None) is returns
    assert the(make).used_order_id == (second.id if returns else first.id)
    assert [use.returned_at is not None for use in make.rows(CouponUse)] == ([True, False] if returns else [False])


def test_a_shop_asks_again_with_its_request_and_nobody_else_takes_it(make, given, redeem, runtime):
    coupon, other = given(), given()
    shop, staff = make.shop(), make.staff()

    redeem(coupon, shop, request_id="request-1", order_no="NO1")
    redeem(coupon, shop, request_id="request-1", order_no="NO1")
    redeem(coupon, shop, request_id="request-2", order_no="NO1")  # the same order says it once more
    with pytest.raises(coupon_uses.AlreadyUsed):
        redeem(coupon, staff)
    with pytest.raises(coupon_uses.RequestUsed):
        redeem(other, shop, request_id="request-1")

    [use] = make.rows(CouponUse)
    assert (use.source, use.shop_id, use.order_no) == ("shop", shop.id, "NO1")


def test_what_the_store_took_stays_taken_when_an_order_brings_the_code(make, given, bring, redeem, wang):
    coupon = given(returns_on_refund=True)
    redeem(coupon, make.staff())
    taken = the(make).used_at

    bring(make.order(wang), coupon)

    assert (the(make).used_at, the(make).used_order_id) == (taken, None)
    assert [use.source for use in make.rows(CouponUse)] == ["store"]


def test_the_order_a_till_took_it_for_gives_it_back(make, given, bring, redeem, wang):
    coupon, shop = given(returns_on_refund=True), make.shop()
    redeem(coupon, shop, request_id="request-1", order_no="NO1")
    order = make.order(wang, shop, order_no="NO1")
    bring(order, coupon)

    bring(order, coupon, status="cancelled")

    assert (the(make).used_at, the(make).used_order_id) == (None, None)


def test_what_is_no_good_is_not_taken(make, given, redeem, runtime, clock):
    staff = make.staff()
    expired, revoked, early = given(), given(), given(valid_from=runtime.now().replace(year=2099))
    with runtime.transaction() as session:
        session.get_one(Coupon, revoked.id).revoked_at = runtime.now()
        session.get_one(Coupon, expired.id).expires_at = runtime.now()

    for coupon in (expired, revoked, early):
        with pytest.raises(coupon_uses.NotGood):
            redeem(coupon, staff)

    assert make.rows(CouponUse) == []


def test_a_code_is_looked_for_as_it_was_typed_and_only_then_in_capitals(given, runtime):
    ids = {code: given().id for code in ("AB1", "ab1")}
    with runtime.transaction() as session:
        for code, coupon_id in ids.items():
            session.get_one(Coupon, coupon_id).code = code
    with runtime.reading() as session:
        found = [coupon_uses.found(session, typed, hold=False)[0].code for typed in ("ab1", "AB1", "aB 1")]

    assert found == ["ab1", "AB1", "AB1"]
