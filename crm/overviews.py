"""The few figures of the console's first page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.coupon import Coupon
from models.inbox import Inbox
from models.order import Order
from models.touch import Touch


@dataclass(frozen=True)
class Overview:
    """`repeat_share` is None without buyers; shares are 0 to 1."""

    contacts: int
    new_today: int
    recognised: int  # contacts with an order of theirs
    buyers: int
    repeat_buyers: int
    coupons_issued: int
    coupons_used: int
    orders: int
    unknown_touches: int
    notices: int

    @property
    def recognised_share(self) -> float | None:
        return self.recognised / self.contacts if self.contacts else None

    @property
    def repeat_share(self) -> float | None:
        return self.repeat_buyers / self.buyers if self.buyers else None


def overview(session: Session, *, today: datetime) -> Overview:
    """By the definitions everybody computes by: a buyer has an order with spend, a repeat buyer two."""

    def count(rows: Select[int]) -> int:
        return session.scalar(select(func.count()).select_from(rows.subquery())) or 0

    spent = Order.paid_at.is_not(None) & (Order.status != "cancelled") & (Order.paid_fen > Order.refunded_fen)
    per_buyer = (
        select(func.count().label("orders"))
        .where(spent, Order.customer_id.is_not(None))
        .group_by(Order.customer_id)
        .subquery()
    )
    buyers, repeat_buyers = session.execute(
        select(func.count(), func.count().filter(per_buyer.c.orders >= 2)).select_from(per_buyer)
    ).one()
    has_order = select(Order.id).where(Order.customer_id == Contact.customer_id).exists()
    return Overview(
        contacts=count(select(Contact.id)),
        new_today=count(select(Follow.id).where(Follow.followed_at >= today, Follow.ended_at.is_(None))),
        recognised=count(select(Contact.id).where(has_order)),
        buyers=buyers,
        repeat_buyers=repeat_buyers,
        coupons_issued=count(select(Coupon.id)),
        coupons_used=count(select(Coupon.id).where(Coupon.used_at.is_not(None))),
        orders=count(select(Order.id)),
        unknown_touches=count(select(Touch.id).where(Touch.state == "unknown")),
        notices=count(select(Inbox.id).limit(1)),
    )
