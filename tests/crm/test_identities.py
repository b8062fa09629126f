"""Who is whom is a function of the facts, not of the order they came in."""

import threading
from datetime import UTC, datetime

from sqlalchemy import select, update

from crm import identities, persons
from crm.identities import Key
from models import Audit, Contact, Customer, Identity, IdentityLink, Order
from tests.people import join

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def ensure(session, kind, value, scope=""):
    return identities.ensure(session, kind, scope, value, now=NOW)


def test_a_new_identity_gets_a_customer_of_its_own_and_keeps_it(runtime):
    with runtime.transaction() as session:
        first = ensure(session, "unionid", "u1")
        again = ensure(session, "unionid", "u1")
        other = ensure(session, "unionid", "u1", scope="another app")

        assert first.id == again.id
        assert first.customer_id != other.customer_id


def test_many_identities_are_made_in_one_go_and_repeats_are_one(runtime, make):
    keys = [Key("buyer_id", "taobao", f"b{n % 40}") for n in range(100)]

    with runtime.transaction() as session:
        first = identities.ensure_many(session, keys[:10], now=NOW)
        found = identities.ensure_many(session, keys, now=NOW)

    assert len(found) == len(make.rows(Identity)) == len(make.rows(Customer)) == 40
    assert all(found[key].customer_id == first[key].customer_id for key in first)


def test_a_link_makes_two_customers_the_older_one_and_moves_what_they_had(runtime, make):
    unionid = make.identity("unionid", "u1")
    make.order(unionid)
    contact = make.contact("wm1")

    with runtime.transaction() as session:
        one, other = session.get(Identity, contact.identity_id), session.get(Identity, unionid.id)
        winner = join(session, one, other)
        join(session, other, one)

        assert winner.id == one.customer_id == other.customer_id == unionid.customer_id
    assert [row.customer_id for row in make.rows(Order)] == [unionid.customer_id]
    assert [row.customer_id for row in make.rows(Contact)] == [unionid.customer_id]
    assert len(make.rows(IdentityLink)) == 1
    assert [row.details["merged"] for row in make.rows(Audit)] == [contact.customer_id]
    with runtime.reading() as session:
        assert identities.resolve(session, contact.customer_id) is session.get_one(Customer, unionid.customer_id)
        assert identities.resolve(session, 10**9) is None


def test_a_stranger_stays_as_they_were_when_two_others_merge(runtime, make):
    stranger = make.identity("unionid", "stranger")
    make.order(stranger)
    one, other = make.identity("unionid", "u1"), make.identity("external_userid", "wm1")

    with runtime.transaction() as session:
        join(session, one, other)

    assert make.rows(Order)[0].customer_id == stranger.customer_id


def test_rebuild_puts_right_what_was_scrambled_and_splits_a_wrong_merge(runtime, make):
    one, other, stranger = (make.identity("unionid", value) for value in ("u1", "u2", "u3"))
    make.order(other), make.order(stranger), make.order(None)
    with runtime.transaction() as session:
        join(session, one, other)
    with runtime.transaction() as session:
        session.execute(update(Identity).values(customer_id=other.customer_id))
        session.execute(update(Order).values(customer_id=None))

    with runtime.transaction() as session:
        moved = persons.rebuild(session, now=NOW)
        people = {row.value: row.customer_id for row in session.scalars(select(Identity))}
        owners = [row.customer_id for row in session.scalars(select(Order).order_by(Order.id))]
        apart = session.get_one(Customer, people["u1"])

    assert moved == 3
    assert people["u1"] == people["u2"] != people["u3"]
    assert owners == [people["u2"], people["u3"], None]
    assert apart.merged_into_id is None


def test_the_same_new_identity_from_many_threads_is_one_customer(runtime, make):
    def work():
        with runtime.transaction() as session:
            identities.ensure_many(session, [Key("unionid", "", f"u{n}") for n in range(20)], now=NOW)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(make.rows(Identity)) == len(make.rows(Customer)) == 20
