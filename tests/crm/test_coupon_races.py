"""A rush on one batch: 1,000 claims by 64 hands on 300 copies, through the rules and through the page."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from itsdangerous import URLSafeTimedSerializer

from crm import coupon_limits, coupon_links, coupon_uses, coupons, identities
from crm.errors import RuleError
from crm.identities import Key
from models import Coupon, CouponBatch, CouponUse, Identity
from tests.landing.conftest import WECHAT

PEOPLE, HANDS, COPIES, EACH = 500, 64, 300, 1


@pytest.fixture
def rush(make, runtime):
    """A batch of 300, one each, and 500 contacts, each of whom claims twice at the same moment."""
    batch = make.coupon_batch(total=COPIES, per_customer=EACH)
    keys = [Key("external_userid", "", f"wm{number:030d}") for number in range(PEOPLE)]
    with runtime.transaction() as session:
        people = list(identities.ensure_many(session, keys, now=runtime.now()).values())
    return batch, people


def hands(work, claims):
    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(work, claims))


def check(make):
    """300 are out, each with a code of its own, and nobody has more than one."""
    given = make.rows(Coupon)
    assert make.rows(CouponBatch)[0].issued == len(given) == COPIES
    assert len({coupon.code for coupon in given}) == COPIES
    assert max(Counter(coupon.customer_id for coupon in given).values()) == EACH


def test_a_thousand_grants_at_once_give_three_hundred_and_nobody_two(make, runtime, rush):
    batch, people = rush
    facts = {"staff": None, "now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}

    def claim(number):
        def work(session):
            identity = session.get_one(Identity, people[number // 2].id)
            return coupons.grant(session, batch.id, identity, f"tap:{number}", **facts).id

        try:
            return runtime.in_transaction(work)
        except RuleError as refusal:
            return type(refusal)

    answers = hands(claim, range(2 * PEOPLE))

    refusals = {answer for answer in answers if not isinstance(answer, int)}
    assert refusals <= {coupon_limits.BatchExhausted, coupon_limits.LimitReached}
    assert len({answer for answer in answers if isinstance(answer, int)}) == COPIES
    check(make)


def test_a_thousand_claims_on_the_page_give_three_hundred_and_nobody_two(make, runtime, app, rush):
    batch, people = rush
    tokens = ["A" * 32, "B" * 32]
    with runtime.transaction() as session:
        for token in tokens:
            digest = runtime.vault.digest(token)
            coupon_links.add(session, digest, batch_id=batch.id, coupon_id=None, now=runtime.now())
    form = {"csrf_token": URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps("one")}
    cookies = app.session_interface.get_signing_serializer(app)
    client = app.test_client(use_cookies=False)

    def claim(number):
        who = {"openid": "", "external_userid": people[number // 2].value, "official_openid": "", "unionid": ""}
        session = {"visitor": who, "at": runtime.now().timestamp(), "csrf_token": "one"}
        headers = {"User-Agent": WECHAT, "Cookie": f"huitou_visitor={cookies.dumps(session)}", "Accept": "text/html"}
        return client.post(f"/c/{tokens[number % 8 == 1]}", data=form, headers=headers).status_code

    answers = Counter(hands(claim, range(2 * PEOPLE)))

    assert set(answers) <= {303, 409}
    assert answers[303] >= COPIES
    check(make)
    assert all(coupon.claimed_at for coupon in make.rows(Coupon))


def test_of_many_tills_that_take_one_code_at_once_one_wins(make, runtime):
    wang, facts = make.identity("unionid", "w"), {"staff": None, "zone": runtime.zone, "new_code": runtime.new_code}
    batch = make.coupon_batch()
    shops, now = [make.shop(), make.shop()], runtime.now()
    with runtime.transaction() as session:
        identity = session.get_one(Identity, wang.id)
        coupon = coupons.grant(session, batch.id, identity, "tap", now=now, **facts)

    def take(number):
        try:
            with runtime.transaction() as session:
                shop = session.merge(shops[number % 2], load=False)
                coupon_uses.redeem(session, coupon.code, by=shop, used_at=now, now=now, request_id=f"request-{number}")
            return number
        except coupon_uses.AlreadyUsed:
            return None

    answers = hands(take, range(16))

    [winner] = [answer for answer in answers if answer is not None]
    [use] = make.rows(CouponUse)
    assert (use.shop_id, use.request_id) == (shops[winner % 2].id, f"request-{winner}")
    assert make.rows(Coupon)[0].used_at is not None
