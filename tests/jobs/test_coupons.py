"""Whoever gave a coupon that expires soon is told once."""

import json

from crm import coupons
from jobs.coupons import remind_coupons
from models import Coupon, Identity, StaffMessage


def test_a_colleague_is_told_once_of_coupons_that_expire_soon_and_are_not_used(make, runtime, clock):
    lan = make.staff("lan")
    soon, never = make.coupon_batch(valid_days=5, remind_days=2), make.coupon_batch(valid_days=5)
    people = [make.identity("unionid", value) for value in "abc"]
    with runtime.transaction() as session:
        facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}
        for batch, person in ((soon, people[0]), (soon, people[1]), (soon, people[2]), (never, people[0])):
            identity = session.get_one(Identity, person.id)
            coupons.grant(session, batch.id, identity, "tap", staff=lan, **facts)
        session.get_one(Coupon, 3).used_at = runtime.now()

    early = remind_coupons(runtime)
    clock.tick(days=4)
    told, again = remind_coupons(runtime), remind_coupons(runtime)

    [card] = make.rows(StaffMessage)
    said = json.loads(runtime.vault.open(card.body_sealed))
    assert (early, told, again) == (0, 2, 0)
    assert (card.userid, card.state, said["title"]) == ("lan", "planned", "2 位客户的券快到期了")
