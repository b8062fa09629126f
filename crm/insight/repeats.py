"""Who comes back: repeat share, repurchase cycle and the n-th order, by the definitions everybody computes by.

An order counts when it is paid, not cancelled and not refunded whole; the n-th counts by payment, then order number.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, Subquery, cast, extract, func, select
from sqlalchemy.orm import Session

from crm.order_history import COUNTS
from models.order import Order

DAY_SECONDS = 86_400
FIRST_ORDERS = 10  # shown one by one; nobody plans for the eleventh


class Share(NamedTuple):
    """Buyers of a period, and those among them who had ordered twice or more by its end."""

    buyers: int
    repeat_buyers: int

    @property
    def share(self) -> float | None:
        return self.repeat_buyers / self.buyers if self.buyers else None


def repeat_share(session: Session, *, start: datetime, end: datetime) -> Share:
    """Of who bought from `start` until before `end`: how many had two orders or more by then, in their whole life."""
    of_each = (
        select(func.count().label("orders"))
        .where(*_known(), Order.paid_at < end)
        .group_by(Order.customer_id)
        .having(func.max(Order.paid_at) >= start)
        .subquery()
    )
    row = session.execute(select(func.count(), func.count().filter(of_each.c.orders >= 2)).select_from(of_each)).one()
    return Share(row[0], row[1])


def repurchase_cycle_days(session: Session, *, until: datetime) -> float | None:
    """The median of days between one order and the next, of all who ordered twice before `until`; None with nobody."""
    at = cast(extract("epoch", Order.paid_at), Integer)
    before = func.lag(at).over(partition_by=Order.customer_id, order_by=(Order.paid_at, Order.order_no))
    gaps = select((at - before).label("gap")).where(*_known(), Order.paid_at < until).subquery()
    placed = (
        select(
            gaps.c.gap,
            func.row_number().over(order_by=gaps.c.gap).label("place"),
            func.count().over().label("many"),
        )
        .where(gaps.c.gap.is_not(None))
        .subquery()
    )
    middle = placed.c.place.in_(((placed.c.many + 1) // 2, (placed.c.many + 2) // 2))
    seconds = session.scalar(select(func.avg(placed.c.gap)).where(middle))
    return None if seconds is None else float(seconds) / DAY_SECONDS


def customers_by_order(session: Session, *, until: datetime, most: int = FIRST_ORDERS) -> dict[int, int]:
    """How many customers made a first order before `until`, how many a second, and so on up to `most`."""
    nth = _numbered(until).c.nth
    rows = session.execute(select(nth, func.count()).where(nth <= most).group_by(nth).order_by(nth))
    return {row[0]: row[1] for row in rows}


def _numbered(until: datetime) -> Subquery:
    """Every order that counts, with which of its customer's it is."""
    nth = func.row_number().over(partition_by=Order.customer_id, order_by=(Order.paid_at, Order.order_no))
    return select(nth.label("nth")).where(*_known(), Order.paid_at < until).subquery()


def _known() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return COUNTS, Order.customer_id.is_not(None)
