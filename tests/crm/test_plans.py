"""What runs under SQLite's one writer, or at every open of a chat, finds its rows by an index and not row by row."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from crm import contacts, coupon_batches, coupons, identities, inbox, offers, orders, touches, welcomes
from crm.coupon_batches import Terms
from crm.identities import Key
from models import Identity, Staff
from sidebar import cards
from tests.crm.test_contacts import detail
from tests.people import join

LARGE = "identity|identity_link|customer|contact|follow|orders|order_line|coupon|touch|inbox|tag_assignment"
SCANS = {
    "sqlite": re.compile(rf"^SCAN ({LARGE})\b(?!.*has_welcome)"),
    "postgresql": re.compile(rf"Seq Scan on ({LARGE})\b"),
}


@pytest.fixture
def statements(runtime):
    """Every statement that is executed, with its parameters."""
    seen = []

    @event.listens_for(runtime.engine, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, executemany):
        if not executemany and statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.append((statement, parameters))

    return seen


@contextmanager
def explaining(runtime):
    """A function that answers a statement's plan; PostgreSQL is made to use an index wherever one can serve."""
    dialect = runtime.engine.dialect.name
    with runtime.engine.connect() as connection:
        if dialect == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))

        def plan(statement, parameters):
            how = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "
            return [str(row[-1]).strip() for row in connection.exec_driver_sql(how + statement, parameters)]

        yield plan


def scans(runtime, statements):
    """The statements, of those seen, that read a large table as a whole."""
    seen, pattern = list(statements), SCANS[runtime.engine.dialect.name]
    with explaining(runtime) as plan:
        return [
            (line, statement[-300:])
            for statement, parameters in seen
            for line in plan(statement, parameters)
            if pattern.search(line)
        ]


def keys(kind, numbers, scope=""):
    return [Key(kind, scope, f"{kind}{number}") for number in numbers]


def test_identities_and_contacts_are_found_by_their_names(runtime, statements):
    now = runtime.now()
    details = [detail(f"wm{number}", unionid=f"o{number}") for number in range(5)]

    with runtime.transaction() as session:
        identities.ensure_many(session, keys("unionid", range(5)) + keys("buyer_id", range(5), "shop"), now=now)
        contacts.learn(session, details, at=now)
        contacts.learn(session, details, at=now + timedelta(seconds=1))

    assert scans(runtime, statements) == []


def test_a_merge_moves_rows_by_their_customer(runtime, statements):
    now = runtime.now()
    with runtime.transaction() as session:
        one, other = identities.ensure_many(session, keys("unionid", range(2)), now=now).values()
        join(session, one, other)

    assert scans(runtime, statements) == []


def test_what_workers_look_for_every_second_is_found_by_an_index(runtime, statements):
    now = runtime.now()
    with runtime.transaction() as session:
        inbox.has_due(session, now=now)
        inbox.lease_due(session, limit=20, now=now)
        welcomes.has_due(session, now=now)
        welcomes.claim(session, now=now)
        welcomes.lapse(session, now=now)
        touches.settle_silent(session, "coupon", now=now)
        inbox.forget(session, bodies=[1, 2], rows=[1])

    assert scans(runtime, statements) == []


def test_a_customer_card_takes_as_many_statements_however_much_they_have(runtime, make, statements):
    staff, now = make.staff(), runtime.now()
    contact = make.contact("wm_wang", followers=(staff,))
    identity = identity_of(make, contact)
    read_card(runtime, contact, now)
    few = len(statements)
    for _ in range(12):
        make.order(identity)
        with runtime.transaction() as session:
            facts = {"now": now, "zone": runtime.zone, "new_code": runtime.new_code}
            coupons.grant(session, make_batch(session, now), identity, "tap", staff=staff, **facts)
    statements.clear()

    read_card(runtime, contact, now)

    assert len(statements) <= few + 2  # the lines of the orders, the touches of the coupons
    assert scans(runtime, statements) == []


def make_batch(session, now):
    name = f"券{len(coupon_batches.batches(session))}"
    return coupon_batches.create_batch(
        session, Terms(name=name, value_fen=1500, threshold_fen=9900, total=9, per_customer=1, valid_days=7), now=now
    ).id


def identity_of(make, contact):
    with make.runtime.reading() as session:
        return session.get_one(Identity, contact.identity_id)


def read_card(runtime, contact, now):
    with runtime.reading() as session:
        staff = session.scalars(select(Staff)).one()
        cards.read(session, staff, contact.external_userid, latest=10, now=now, zone=runtime.zone)
        cards.held(session, contact.customer_id, now=now)
        totals = orders.totals(session, contact.customer_id)
        offers.offers(
            session, contact.customer_id, Staff(id=0), average_fen=totals.average_fen, now=now, zone=runtime.zone
        )
