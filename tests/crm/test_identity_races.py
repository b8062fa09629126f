"""A merge that commits while something is being stored for the same person: nothing stays with who they were."""

import threading
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import select

from crm import contacts, coupon_limits, coupons, identities, inbox, persons, touches, welcomes
from crm.contacts import Add
from crm.identities import Key
from crm.welcomes import Plan
from models import Coupon, Identity, Order, Touch
from tests.callbacks import contact_xml
from tests.people import join
from wecom.callbacks import parse

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CODES = (f"RACE{number}" for number in count())


@pytest.fixture
def wang(make):
    """One customer known by a contact and a buyer id, who is about to become part of an older one."""
    make.identity("unionid", "older")
    contact = make.contact("wm_wang")
    buyer = make.identity("buyer_id", "b", "shop")
    link(make.runtime, ("external_userid", "", "wm_wang"), ("buyer_id", "shop", "b"))
    assert {row.customer_id for row in make.rows(Identity) if row.kind != "unionid"} == {contact.customer_id}
    return contact, buyer


def link(runtime, one, other):
    def work(session):
        known = identities.ensure_many(session, [Key(*one), Key(*other)], now=NOW)
        join(session, known[Key(*one)], known[Key(*other)])

    runtime.in_transaction(work)


def merging(runtime):
    """The buyer id turns out to be the older customer's; the contact's own identity is not named."""
    link(runtime, ("unionid", "", "older"), ("buyer_id", "shop", "b"))


def race(runtime, store, other):
    """`store` in one transaction, `other` in another that begins before the first commits."""
    problems = []

    def run():
        try:
            other()
        except Exception as problem:
            problems.append(problem)

    worker = threading.Thread(target=run)
    with runtime.transaction() as session:
        store(session)
        worker.start()
        worker.join(0.3)
    worker.join(20)
    assert not problems
    assert not worker.is_alive()


def strays(runtime):
    """What rebuilding would change: nothing, when every customer_id was derived right."""
    with runtime.transaction() as session:
        owner = dict(session.execute(select(Identity.id, Identity.customer_id)).all())
        wrong = [
            (fact.__tablename__, row.id)
            for fact in persons.FACTS
            for row in session.scalars(select(fact))
            if row.customer_id != owner.get(row.identity_id)
        ]
        return persons.rebuild(session, now=NOW), wrong


def test_an_identity_that_joins_during_a_merge_goes_with_it(runtime, wang):
    def joins(session):
        join(session, Key("external_userid", "", "wm_new"), Key("external_userid", "", "wm_wang"))

    race(runtime, joins, lambda: merging(runtime))

    assert strays(runtime) == (0, [])


def test_a_coupon_granted_during_a_merge_goes_with_it(runtime, make, wang):
    batch, (contact, _) = make.coupon_batch(), wang

    def grant(session):
        identity = session.get_one(Identity, contact.identity_id)
        facts = {"now": NOW, "zone": runtime.zone, "new_code": lambda: next(CODES)}
        coupons.grant(session, batch.id, identity, "tap:1", staff=None, **facts)

    race(runtime, grant, lambda: merging(runtime))

    assert len(make.rows(Coupon)) == 1
    assert strays(runtime) == (0, [])


def test_a_grant_that_follows_a_merge_counts_what_the_whole_customer_has(runtime, make, wang):
    batch, (contact, _) = make.coupon_batch(per_customer=1), wang
    facts = {"staff": None, "now": NOW, "zone": runtime.zone, "new_code": lambda: next(CODES)}
    with runtime.transaction() as session:
        older = session.scalars(select(Identity).where(Identity.value == "older")).one()
        coupons.grant(session, batch.id, older, "tap:1", **facts)
    with runtime.reading() as session:
        before = session.get_one(Identity, contact.identity_id)
    merging(runtime)

    with runtime.transaction() as session, pytest.raises(coupon_limits.LimitReached):
        coupons.grant(session, batch.id, before, "tap:2", **facts)


def begin(runtime, contact, staff):
    def work(session):
        touches.begin(
            session, key="k", kind="coupon", contact=contact, staff=staff, state="trying",
            text_sealed=runtime.vault.seal("x"), coupon=None, now=NOW,
        )  # fmt: skip

    return work


def test_a_touch_begun_during_a_merge_goes_with_it(runtime, make, wang):
    race(runtime, begin(runtime, wang[0], make.staff()), lambda: merging(runtime))

    assert len(make.rows(Touch)) == 1
    assert strays(runtime) == (0, [])


def test_a_touch_for_a_contact_read_before_a_merge_belongs_to_who_they_are_now(runtime, make, wang):
    contact, staff = wang[0], make.staff()
    merging(runtime)

    with runtime.transaction() as session:
        begin(runtime, contact, staff)(session)

    assert strays(runtime) == (0, [])


def plan(runtime):
    def work(session):
        sealed = runtime.vault.seal("x")
        plans = [Plan(each, "w", sealed, sealed) for each in inbox.with_welcome(session, limit=1)]
        welcomes.plan(session, plans, now=NOW)

    return work


def test_a_welcome_planned_during_a_merge_goes_with_it(runtime, make, wang):
    make.notice(has_welcome=True, external_userid="wm_wang")

    race(runtime, plan(runtime), lambda: merging(runtime))

    assert strays(runtime) == (0, [])


def test_a_welcome_planned_while_the_contact_is_learnt_belongs_to_them(runtime, make, wang):
    notice = make.notice(has_welcome=True, external_userid="wm_new", state="received", next_try_at=NOW)
    event = parse(contact_xml("add_external_contact", "lan", "wm_new", at=NOW).encode())

    def learn():
        def work(session):
            inbox.hold(session, [notice])
            contacts.added(session, [Add(event, None, False, NOW)])
            inbox.settle(session, [notice], "applied", now=NOW)

        runtime.in_transaction(work)

    race(runtime, plan(runtime), learn)

    [welcome] = make.rows(Touch)
    assert welcome.identity_id is not None
    assert strays(runtime) == (0, [])


def test_an_order_stored_during_a_merge_goes_with_it(runtime, make, wang):
    shop = make.shop()

    def store(session):
        [buyer] = identities.ensure_many(session, [Key("buyer_id", "shop", "b")], now=NOW).values()
        zeros = dict.fromkeys(("total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen"), 0)
        moments = dict.fromkeys(("ordered_at", "changed_at", "stored_at"), NOW)
        session.add(
            Order(
                shop_id=shop.id, order_no="1", status="paid", fingerprint="", identity_id=buyer.id,
                customer_id=buyer.customer_id, **zeros, **moments,
            )
        )  # fmt: skip
        session.flush()

    race(runtime, store, lambda: merging(runtime))

    assert strays(runtime) == (0, [])
