"""Touches: anything sent or suggested to a customer, on record before it is tried."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("planned", "trying", "sent", "failed", "unknown", "would_send", "held", "expired", "cancelled")


class Touch(Row):
    """One message to one customer by one staff member.

    planned → trying → sent / failed / unknown (tried, and nobody can say); would_send in rehearsal, held when all
    sending is stopped, expired when its deadline passed first. `key` makes asking twice one touch.
    """

    __tablename__ = "touch"
    __table_args__ = (
        Index("ix_touch_customer_id_created_at", "customer_id", "created_at"),
        Index("ix_touch_userid_created_at", "userid", "created_at"),
        Index("ix_touch_state_next_try_at", "state", "next_try_at"),
    )

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # "welcome", "coupon"
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))  # derived; follows a merge
    userid: Mapped[str]
    external_userid: Mapped[str] = mapped_column(index=True)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id"), index=True)
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), index=True)
    text_sealed: Mapped[bytes]
    code_sealed: Mapped[bytes | None]  # a welcome's welcome_code
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    errcode: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
