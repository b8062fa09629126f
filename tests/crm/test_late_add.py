"""A customer whose orders and visits were there long before the add: few statements, however much there is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select

from crm import contacts, identities
from crm.contacts import Add
from crm.identities import Key
from models import Contact, Event, Identity, Order
from tests.callbacks import contact_xml
from wecom.callbacks import parse
from wecom.types import CustomerDetail

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDERS, EVENTS = 200, 5_000
LATE = Key("unionid", "", "o-late")


@pytest.fixture
def waiting(runtime, make):
    """Orders and events of somebody of whom only the unionid is known."""
    shop = make.shop()
    with runtime.transaction() as session:
        owner = identities.ensure(session, *LATE, now=NOW)
        orders = [
            {
                "shop_id": shop.id, "order_no": f"N{number}", "status": "paid", "identity_id": owner.id,
                "customer_id": owner.customer_id, "unionid": LATE.value, "coupon_codes": [], "total_fen": 100,
                "discount_fen": 0, "shipping_fen": 0, "paid_fen": 100, "refunded_fen": 0,
                "ordered_at": NOW - timedelta(hours=number), "paid_at": NOW - timedelta(hours=number),
                "changed_at": NOW, "fingerprint": "", "stored_at": NOW,
            }
            for number in range(ORDERS)
        ]  # fmt: skip
        events = [
            {
                "shop_id": shop.id, "event_id": f"e{number}", "identity_id": owner.id, "kind": "view", "sku": "SKU1",
                "happened_at": NOW - timedelta(minutes=number), "stored_at": NOW,
            }
            for number in range(EVENTS)
        ]  # fmt: skip
        session.execute(insert(Order), orders)
        session.execute(insert(Event), events)
    return owner


@pytest.fixture
def statements(runtime):
    """Every statement since the last `clear()`."""
    heard = []
    event.listen(runtime.engine, "before_cursor_execute", lambda *told: heard.append(told[2]))
    return heard


def add(session, external_userid, unionid):
    told = parse(contact_xml("add_external_contact", "lan", external_userid, at=NOW, State="counter").encode())
    shown = CustomerDetail.model_validate(
        {
            "external_contact": {"external_userid": external_userid, "name": "王明", "unionid": unionid},
            "follow_user": [{"userid": "lan", "createtime": int(NOW.timestamp()), "state": "counter"}],
        }
    )
    contacts.added(session, [Add(told, shown, False, NOW)])


def brought(runtime):
    """How many orders and events the contact's customer has."""
    with runtime.reading() as session:
        owner = select(Contact.customer_id).where(Contact.external_userid == "wm-late").scalar_subquery()
        orders = select(func.count()).select_from(Order).where(Order.customer_id == owner)
        events = select(func.count()).select_from(Event).join(Identity, Identity.id == Event.identity_id)
        return session.scalar(orders), session.scalar(events.where(Identity.customer_id == owner))


def add_somebody_else(runtime):
    """The member and the channel are known since then, as they usually are."""
    with runtime.transaction() as session:
        add(session, "wm-other", "o-other")


def test_a_late_add_brings_what_waited_in_at_most_twenty_statements(runtime, waiting, statements):
    add_somebody_else(runtime)

    statements.clear()
    with runtime.transaction() as session:
        add(session, "wm-late", LATE.value)

    assert len(statements) <= 20, len(statements)
    assert brought(runtime) == (ORDERS, EVENTS)


def test_so_does_a_unionid_that_comes_long_after_the_add(runtime, waiting, statements):
    add_somebody_else(runtime)
    with runtime.transaction() as session:
        add(session, "wm-late", None)

    statements.clear()
    with runtime.transaction() as session:
        add(session, "wm-late", LATE.value)

    assert len(statements) <= 30, len(statements)
    assert brought(runtime) == (ORDERS, EVENTS)
