"""Coupon batches (the offer) and coupons (one issued copy)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class CouponBatch(Row):
    """An offer: so much off from a threshold, so many copies, so many each."""

    __tablename__ = "coupon_batch"
    __table_args__ = (
        CheckConstraint("issued >= 0 AND issued <= total", name="never_over_total"),
        CheckConstraint("value_fen > 0 AND threshold_fen >= 0", name="value_and_threshold"),
        CheckConstraint("per_customer >= 1 AND valid_days >= 1", name="limits"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    value_fen: Mapped[int]
    threshold_fen: Mapped[int]
    total: Mapped[int]
    issued: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int] = mapped_column(default=1)
    valid_days: Mapped[int]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Coupon(Row):
    """One copy of a coupon batch, issued to one customer; it can be used once."""

    __tablename__ = "coupon"
    __table_args__ = (UniqueConstraint("batch_id", "identity_id", "occasion"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("coupon_batch.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)  # the identity it came by
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    occasion: Mapped[str]  # what it was given for; a second grant for it is a no-op
    code: Mapped[str] = mapped_column(unique=True)
    value_fen: Mapped[int]
    threshold_fen: Mapped[int]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    revoked_at: Mapped[datetime | None]

    def is_open(self, *, now: datetime) -> bool:
        return self.used_at is None and self.revoked_at is None and now < self.expires_at
