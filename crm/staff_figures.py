"""What a staff member's own hand brought: sent, opened, used, and the money of the orders that used a coupon."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from crm.touches import BY_HAND
from models.coupon import Coupon
from models.order import Order
from models.product_share import ProductShare
from models.staff import Staff
from models.touch import Touch


class Figures(NamedTuple):
    """Since a moment; `revenue_fen` is the spend of orders that used a coupon this member gave."""

    staff_id: int
    name: str
    sent: int
    opened: int
    used: int
    revenue_fen: int


def serving(session: Session) -> list[int]:
    """The ids of those who serve customers and have not left."""
    return list(session.scalars(select(Staff.id).where(Staff.serves_customers, Staff.left_at.is_(None))))


def of(session: Session, staff_ids: Collection[int], *, since: datetime) -> list[Figures]:
    """Of each of these, by name; three statements however many they are."""
    staff = {row.id: row for row in session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))}
    userids = {row.userid: row.id for row in staff.values()}
    sent = session.execute(
        select(Touch.userid, func.count())
        .where(Touch.userid.in_(userids), Touch.kind.in_(BY_HAND), Touch.state == "sent", Touch.created_at >= since)
        .group_by(Touch.userid)
    )
    by_sent = {userids[userid]: count for userid, count in sent}
    spend = case((and_(Order.paid_at.is_not(None), Order.status != "cancelled"), Order.paid_fen - Order.refunded_fen))
    coupons = session.execute(
        select(
            Coupon.staff_id, func.count(Coupon.opened_at), func.count(Coupon.used_at), func.coalesce(func.sum(spend), 0)
        )
        .outerjoin(Order, Order.id == Coupon.used_order_id)
        .where(Coupon.staff_id.in_(staff), Coupon.issued_at >= since)
        .group_by(Coupon.staff_id)
    )
    by_coupon = {row[0]: (row[1], row[2], int(row[3])) for row in coupons}
    shares = session.execute(
        select(ProductShare.staff_id, func.count(ProductShare.opened_at))
        .where(ProductShare.staff_id.in_(staff), ProductShare.created_at >= since)
        .group_by(ProductShare.staff_id)
    )
    by_share = dict(shares.all())
    found = []
    for each in sorted(staff.values(), key=lambda row: (row.name, row.id)):
        opened, used, revenue = by_coupon.get(each.id, (0, 0, 0))
        opened += by_share.get(each.id, 0)
        found.append(Figures(each.id, each.name, by_sent.get(each.id, 0), opened, used, revenue))
    return found
