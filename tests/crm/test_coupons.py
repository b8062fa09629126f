"""Coupons are never given past the batch's total or the customer's limit, whoever asks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm import coupon_batches, coupon_limits, coupon_links, coupon_words, coupons, offers
from crm.coupon_batches import Terms
from crm.errors import BadInput, Conflict, NotFound, Refused, RuleError
from models import Coupon, CouponBatch, Customer, Identity, Staff

CODES = (f"CODE{number}" for number in count())


@pytest.fixture
def grant(runtime):
    def give(batch, identity, occasion="tap:1", staff=None, **more):
        with runtime.transaction() as session:
            identity = session.get(Identity, identity.id)
            facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": lambda: next(CODES)} | more
            return coupons.grant(session, batch.id, identity, occasion, staff=staff, **facts)

    return give


def test_a_copy_is_granted_with_what_the_batch_promises_that_day(make, grant, runtime):
    batch, wang = make.coupon_batch(value_fen=1500, threshold_fen=9900, valid_days=7), make.identity("unionid", "w")
    evening = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30 in the shop

    coupon = grant(batch, wang, now=evening)

    assert (coupon.value_fen, coupon.threshold_fen, coupon.customer_id) == (1500, 9900, wang.customer_id)
    assert coupon.expires_at == datetime(2026, 11, 28, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert make.rows(CouponBatch)[0].issued == 1


def test_the_same_occasion_gives_the_first_copy_again(make, grant):
    batch, wang = make.coupon_batch(per_customer=3), make.identity("unionid", "w")

    first, again = grant(batch, wang, "tap:1"), grant(batch, wang, "tap:1")

    assert first.id == again.id
    assert make.rows(CouponBatch)[0].issued == 1


def test_the_limit_looks_across_the_identities_of_one_customer(make, grant):
    batch = make.coupon_batch(per_customer=1)
    wechat = make.identity("unionid", "w")
    shop = make.identity("buyer_id", "b", "1", customer=Customer(id=wechat.customer_id))
    first = grant(batch, wechat, "tap:1")

    again = grant(batch, shop, "tap:1")
    with pytest.raises(coupon_limits.LimitReached):
        grant(batch, shop, "tap:2")

    assert again.id == first.id
    assert len(make.rows(Coupon)) == 1


def test_a_copy_taken_back_still_counts(make, grant, runtime):
    staff, batch, wang = make.staff(), make.coupon_batch(per_customer=1), make.identity("unionid", "w")
    coupon = grant(batch, wang, staff=staff)
    with runtime.transaction() as session:
        coupons.revoke(session, coupon.id, staff, now=runtime.now())

    with pytest.raises(coupon_limits.LimitReached):
        grant(batch, wang, "tap:2")


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"total": 1, "issued": 1}, coupon_limits.BatchExhausted),
        ({"closed_at": datetime.now(UTC)}, coupon_limits.BatchClosed),
    ],
)
def test_a_batch_that_is_empty_or_closed_gives_nothing(make, grant, runtime, more, refusal):
    batch, wang = make.coupon_batch(**more), make.identity("unionid", "w")

    with pytest.raises(refusal):
        grant(batch, wang)
    with runtime.reading() as session, pytest.raises(refusal):
        coupon_limits.would_grant(session, batch.id, wang.customer_id, staff=None, now=runtime.now(), zone=runtime.zone)

    assert make.rows(Coupon) == []


def test_a_batch_nobody_made_is_not_found(make, grant):
    wang = make.identity("unionid", "w")

    with pytest.raises(NotFound):
        grant(CouponBatch(id=99), wang)


def test_many_hands_at_once_never_give_past_the_total(make, grant):
    batch = make.coupon_batch(total=5, per_customer=1)
    everybody = [make.identity("unionid", f"u{number}") for number in range(12)]

    def try_one(identity):
        try:
            return grant(batch, identity)
        except RuleError as refusal:
            return refusal

    with ThreadPoolExecutor(12) as hands:
        answers = list(hands.map(try_one, everybody))

    assert sum(isinstance(answer, Coupon) for answer in answers) == 5
    assert sum(isinstance(answer, coupon_limits.BatchExhausted) for answer in answers) == 7
    assert make.rows(CouponBatch)[0].issued == len(make.rows(Coupon)) == 5


def test_many_hands_at_once_never_give_one_customer_more_than_the_limit(make, grant):
    batch, wang = make.coupon_batch(per_customer=2), make.identity("unionid", "w")

    def try_one(number):
        try:
            return grant(batch, wang, f"tap:{number % 6}")
        except coupon_limits.LimitReached:
            return None

    with ThreadPoolExecutor(12) as hands:
        answers = [answer for answer in hands.map(try_one, range(12)) if answer]

    assert len({answer.id for answer in answers}) == len(make.rows(Coupon)) == 2
    assert make.rows(CouponBatch)[0].issued == 2


def offered(runtime, identity, average_fen=None, staff=None):
    with runtime.reading() as session:
        facts = {"average_fen": average_fen, "now": runtime.now(), "zone": runtime.zone}
        return offers.offers(session, identity.customer_id, staff or Staff(id=0), **facts)


def test_the_best_offer_is_worth_most_among_those_an_order_reaches(make, runtime):
    make.coupon_batch(name="大", value_fen=3000, threshold_fen=19900)
    make.coupon_batch(name="中", value_fen=1500, threshold_fen=9900)
    make.coupon_batch(name="小", value_fen=500, threshold_fen=3900)
    wang = make.identity("unionid", "w")

    usual, new, small = (offered(runtime, wang, average) for average in (16800, None, 1000))

    assert [offer.batch.name for offer in usual] == ["中", "大", "小"]
    assert [offer.is_best for offer in usual] == [True, False, False]
    assert (new[0].batch.name, small[0].batch.name) == ("小", "小")


def test_what_cannot_be_offered_stands_last_and_says_why(make, grant, runtime):
    held, spent, empty = (make.coupon_batch(name=name, value_fen=9000) for name in ("手里有", "领过了", "发完了"))
    make.coupon_batch(name="可以", value_fen=100)
    make.coupon_batch(name="停发", closed_at=runtime.now())
    wang, stranger = make.identity("unionid", "w"), make.identity("unionid", "s")
    grant(held, wang)
    grant(spent, wang, now=runtime.now() - timedelta(days=30))
    with runtime.transaction() as session:
        session.get(CouponBatch, empty.id).issued = empty.total

    theirs = {offer.batch.name: offer.refusal for offer in offered(runtime, wang)}

    assert list(theirs) == ["可以", "手里有", "领过了", "发完了"]
    assert theirs == {"可以": None, "手里有": "in_hand", "领过了": "limit", "发完了": "sold_out"}
    assert offered(runtime, stranger)[0].refusal is None


def test_staff_take_back_only_what_they_gave_and_nobody_used(make, grant, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    wang = make.identity("unionid", "w")
    coupon = grant(make.coupon_batch(), wang, staff=lan)
    used = grant(make.coupon_batch(), wang, staff=lan)
    with runtime.transaction() as session:
        session.get(Coupon, used.id).used_at = runtime.now()

    def revoke(which, staff):
        with runtime.transaction() as session:
            return coupons.revoke(session, which, staff, now=runtime.now())

    with pytest.raises(Refused):
        revoke(coupon.id, mei)
    with pytest.raises(Refused):
        revoke(12345, lan)
    with pytest.raises(Conflict):
        revoke(used.id, lan)
    first, again = revoke(coupon.id, lan), revoke(coupon.id, lan)

    assert first.revoked_at == again.revoked_at is not None
    assert coupons.state(again, now=runtime.now()) == "revoked"


GOOD: dict[str, Any] = {
    "name": "满减",
    "value_fen": 1500,
    "threshold_fen": 9900,
    "total": 10,
    "per_customer": 1,
    "valid_days": 7,
}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "   "},
        {"name": "长" * 31},
        {"value_fen": 0},
        {"value_fen": -1},
        {"threshold_fen": 1500},
        {"threshold_fen": -1},
        {"total": 0},
        {"per_customer": 11},
        {"per_customer": 0},
        {"valid_days": 0},
        {"valid_days": 400},
        {"kind": "percentage"},
        {"kind": "gift"},
        {"per_staff_day": 0},
        {"audience_id": 12345},
        {"valid_until": datetime(2020, 1, 1, tzinfo=UTC)},
        {"source": "youzan"},
        {"source": "link", "link_url": "http://shop.example/c"},
        {"remind_days": 99},
    ],
)
def test_an_offer_that_makes_no_sense_is_refused_by_its_field(runtime, change):
    with runtime.transaction() as session, pytest.raises(BadInput) as refused:
        coupon_batches.create_batch(session, Terms(**GOOD | change), now=runtime.now())

    assert refused.value.field in change | {"pays_percent": 0, "gift": 0, "link_url": 0}


def test_two_batches_cannot_share_a_name(runtime):
    with runtime.transaction() as session:
        coupon_batches.create_batch(session, Terms(**GOOD), now=runtime.now())
    with runtime.transaction() as session, pytest.raises(Conflict):
        coupon_batches.create_batch(session, Terms(**GOOD), now=runtime.now())


def test_the_words_name_the_worth_the_threshold_the_day_and_the_link(runtime):
    last = datetime(2026, 11, 28, tzinfo=runtime.zone)
    kinds = (
        {"kind": "amount", "value_fen": 1550, "threshold_fen": 9900},
        {"kind": "amount", "value_fen": 500, "threshold_fen": 0},
        {"kind": "percentage", "pays_percent": 88, "threshold_fen": 0},
        {"kind": "percentage", "pays_percent": 80, "threshold_fen": 9900},
        {"kind": "gift", "gift": "一瓶洗手液", "threshold_fen": 3900},
        {"kind": "free_shipping", "threshold_fen": 0},
    )

    words = coupon_words.message(CouponBatch(**kinds[0]), last, "https://x.example/c/T", zone=runtime.zone)
    worths = [coupon_words.worth(CouponBatch(**kind)) for kind in kinds]

    assert words == ("给您留了一张券：满 99 元减 15.50 元，有效到 11 月 27 日。点开就能领：https://x.example/c/T")
    assert worths == [
        "满 99 元减 15.50 元", "不限金额，立减 5 元", "打 8.8 折", "满 99 元打 8 折", "满 39 元送一瓶洗手液", "免运费",
    ]  # fmt: skip


def test_each_staff_member_gives_so_many_a_day_and_again_the_next(make, grant, runtime, clock):
    lan, mei = make.staff("lan"), make.staff("mei")
    batch = make.coupon_batch(per_staff_day=1)
    one, two, three = (make.identity("unionid", value) for value in "abc")
    grant(batch, one, staff=lan)

    with pytest.raises(coupon_limits.LimitReached):
        grant(batch, two, staff=lan)
    refused, colleague = (offered(runtime, two, staff=staff)[0] for staff in (lan, mei))
    grant(batch, two, staff=mei)
    clock.tick(days=1)
    grant(batch, three, staff=lan)

    assert (refused.refusal, refused.left_today) == ("staff_day", 0)
    assert (colleague.refusal, colleague.left_today) == (None, 1)
    assert len(make.rows(Coupon)) == 3


def test_a_batch_for_an_audience_is_for_nobody_else(make, grant, runtime):
    batch = make.coupon_batch(audience_id=make.audience(conditions={"orders": {"least": 1}}).id)
    buyer, other = make.identity("unionid", "b"), make.identity("unionid", "o")
    make.order(buyer)

    with pytest.raises(coupon_limits.NotMeant):
        grant(batch, other)
    grant(batch, buyer)

    assert offered(runtime, other)[0].refusal == "audience"
    assert [row.customer_id for row in make.rows(Coupon)] == [buyer.customer_id]


def test_a_pool_gives_each_code_once_and_then_nothing(make, grant, runtime):
    with runtime.transaction() as session:
        batch = coupon_batches.create_batch(session, Terms(**GOOD | {"source": "pool"}), now=runtime.now())
        fresh = [coupon_batches.add_codes(session, batch.id, codes) for codes in (["A1", "A2", "A1"], ["A2"])]
    people = [make.identity("unionid", value) for value in "abc"]

    given = [grant(batch, person).code for person in people[:2]]
    with pytest.raises(coupon_limits.BatchExhausted):
        grant(batch, people[2])

    assert fresh == [["A1", "A2"], []]
    assert given == ["A1", "A2"]


def test_a_batch_by_dates_ends_with_them_and_is_offered_no_longer(make, grant, runtime, clock):
    end = runtime.now() + timedelta(days=3)
    batch, wang = make.coupon_batch(valid_days=None, valid_until=end), make.identity("unionid", "w")
    coupon = grant(batch, wang)
    clock.tick(days=4)

    with pytest.raises(coupon_limits.BatchClosed):
        grant(batch, make.identity("unionid", "late"))

    assert coupon.expires_at == end
    assert coupons.state(coupon, now=runtime.now()) == "expired"
    assert offered(runtime, wang) == []


def test_what_was_taken_back_or_ended_while_its_page_was_open_is_not_claimed(make, grant, runtime, clock):
    lan, wang = make.staff(), make.identity("unionid", "w")
    revoked, expired, good = (grant(make.coupon_batch(), wang, staff=lan) for _ in range(3))

    def claim(coupon):
        with runtime.transaction() as session:
            return coupon_links.claim(session, coupon.id, now=runtime.now())

    with runtime.transaction() as session:
        coupons.revoke(session, revoked.id, lan, now=runtime.now())
    first, again = claim(good), claim(good)
    with pytest.raises(coupon_links.NotClaimable):
        claim(revoked)
    clock.tick(days=30)
    with pytest.raises(coupon_links.NotClaimable):
        claim(expired)

    assert (first, again) == (True, False)
    assert [row.claimed_at is not None for row in make.rows(Coupon)] == [False, False, True]


def test_a_pools_codes_and_ours_never_meet(make, grant, runtime):
    person, other = make.identity("unionid", "a"), make.identity("unionid", "b")
    grant(make.coupon_batch(), person, new_code=lambda: "SAME")
    with runtime.transaction() as session:
        pool = coupon_batches.create_batch(session, Terms(**GOOD | {"source": "pool"}), now=runtime.now())
        fresh = coupon_batches.add_codes(session, pool.id, ["SAME", "NEXT", "LAST"])
    ours = iter(["LAST", "FREE"])

    given = grant(pool, other).code, grant(make.coupon_batch(), other, new_code=lambda: next(ours)).code

    assert fresh == ["NEXT", "LAST"]
    assert given == ("NEXT", "FREE")
