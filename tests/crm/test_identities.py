"""Who is whom is a function of the facts, not of the order they came in."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

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


NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f"])
FACT = st.one_of(
    st.tuples(st.just("order"), NAMES, st.none()),
    st.tuples(st.just("link"), NAMES, NAMES),
    st.tuples(st.just("seen"), NAMES, st.none()),
)


def tell(session, fact, number):
    """One fact: an identity was seen, an order came by it, or two are one person."""
    what, name, other = fact
    identity = ensure(session, "unionid", name)
    if what == "link":
        join(session, identity, ensure(session, "unionid", other))
    elif what == "order" and not session.scalar(select(Order.id).where(Order.order_no == name)):
        zeros = dict.fromkeys(("total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen"), 0)
        moments = {"ordered_at": NOW + timedelta(seconds=number), "changed_at": NOW, "stored_at": NOW}
        session.add(
            Order(
                shop_id=1, order_no=name, status="paid", fingerprint="", identity_id=identity.id,
                customer_id=identity.customer_id, **zeros, **moments,
            )
        )  # fmt: skip
        session.flush()


def outcome(session):
    """Who is one person, and whose each order is, in names that do not depend on numbers."""
    names = {row.id: row.value for row in session.scalars(select(Identity))}
    people: dict[int, set[str]] = {}
    for row in session.scalars(select(Identity)):
        people.setdefault(row.customer_id, set()).add(row.value)
    derived = {frozenset(members) for members in people.values()}
    computed = {frozenset(names[member] for member in members) for members in persons.partition(session)}
    orders = {row.order_no: frozenset(people[row.customer_id]) for row in session.scalars(select(Order))}
    return derived, computed, orders


@pytest.fixture
def wiped(runtime, make):
    """A function that empties the tables, for one example after another."""
    make.shop()

    def wipe(session):
        for table in ("identity_link", "orders", "identity", "audit"):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(update(Customer).values(merged_into_id=None))
        session.execute(text("DELETE FROM customer"))
        session.expire_all()

    return wipe


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(FACT, min_size=1, max_size=12), data=st.data())
def test_any_order_and_repetition_of_facts_gives_the_same_people_and_orders(runtime, wiped, facts, data):
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))
    outcomes = []
    for told in (facts, shuffled):
        with runtime.transaction() as session:
            wiped(session)
            for number, fact in enumerate(told):
                tell(session, fact, number)
            outcomes.append(outcome(session))

            moved = persons.rebuild(session, now=NOW)

            assert moved == 0
            assert outcome(session) == outcomes[-1]

    derived, computed, _ = outcomes[0]
    assert derived == computed
    assert outcomes[0] == outcomes[1]


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
