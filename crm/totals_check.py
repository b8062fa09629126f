"""Do the totals follow their definitions? Worked out a second time, another way: from the facts, in plain SQL."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm import audits, orders
from models.customer import Customer
from models.order import Order

PAGE = 500
# by the identity each order came by, not by the customer derived from it
AGAIN = text("""
    SELECT i.customer_id, SUM(o.paid_fen) - SUM(o.refunded_fen), COUNT(CASE WHEN o.paid_fen > o.refunded_fen THEN 1 END)
    FROM identity i JOIN orders o ON o.identity_id = i.id
    WHERE i.customer_id > :after AND i.customer_id <= :last AND o.paid_at IS NOT NULL AND NOT o.status = 'cancelled'
    GROUP BY i.customer_id
""")
REFUNDED_BEYOND_PAID = text("SELECT COUNT(*) FROM orders WHERE refunded_fen > paid_fen")
ITEMS_BEYOND_ORDER = text("""
    SELECT COUNT(*) FROM (
        SELECT order_id, SUM(refunded_fen) AS fen FROM order_line WHERE refunded_fen > 0 GROUP BY order_id
    ) returned JOIN orders o ON o.id = returned.order_id WHERE returned.fen > o.refunded_fen
""")


class Page(NamedTuple):
    """Some customers, checked: the last id, how many have totals, and who comes out different."""

    last_id: int
    checked: int
    different: list[int]


class Oddities(NamedTuple):
    """Orders that contradict themselves. The second kind is the shop's own: taken as sent, and flagged then."""

    refunded_beyond_paid: int
    items_beyond_order: int


def page(session: Session, *, after_id: int) -> Page | None:
    """The next 500 customers after an id; None when there are none."""
    ids = session.scalars(select(Customer.id).where(Customer.id > after_id).order_by(Customer.id).limit(PAGE)).all()
    if not ids:
        return None
    ours = orders.totals_of(session, (Order.customer_id > after_id) & (Order.customer_id <= ids[-1]))
    again = {
        customer_id: (int(spend), count)
        for customer_id, spend, count in session.execute(AGAIN, {"after": after_id, "last": ids[-1]})
    }
    different = [
        each
        for each in sorted(ours.keys() | again.keys())
        if (tuple(ours[each][:2]) if each in ours else (0, 0)) != again.get(each, (0, 0))
    ]
    return Page(ids[-1], len(ours), different)


def oddities(session: Session) -> Oddities:
    return Oddities(*(int(session.execute(query).scalar_one()) for query in (REFUNDED_BEYOND_PAID, ITEMS_BEYOND_ORDER)))


def report(session: Session, different: list[int], odd: Oddities, *, checked: int, now: datetime) -> None:
    """Put on record what was found; the first hundred customers by name of their id."""
    audits.note(
        session, actor="system", action="totals.check", outcome="different" if different else "done", now=now,
        checked=checked, different=len(different), customers=different[:100], **odd._asdict(),
    )  # fmt: skip
