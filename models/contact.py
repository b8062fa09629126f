"""Contacts (a customer's WeCom face) and who follows them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Contact(Row):
    """One external_userid. `known_at` is None until WeCom has told us who it is."""

    __tablename__ = "contact"

    external_userid: Mapped[str] = mapped_column(unique=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    name: Mapped[str] = mapped_column(default="")
    avatar: Mapped[str] = mapped_column(default="")
    kind: Mapped[int] = mapped_column(default=1)  # WeCom's `type`: 1 WeChat, 2 WeCom
    gender: Mapped[int] = mapped_column(default=0)  # 0 unknown, 1 male, 2 female
    corp_name: Mapped[str] = mapped_column(default="")
    unionid: Mapped[str | None]
    created_at: Mapped[datetime]
    known_at: Mapped[datetime | None]


class Follow(Row):
    """Staff member × contact: how and when added, and by whom it was ended."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("contact_id", "staff_id"),
        Index("ix_follow_staff_id_followed_at", "staff_id", "followed_at"),
    )

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"), index=True)
    state: Mapped[str] = mapped_column(default="")
    add_way: Mapped[int | None]
    remark: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    is_half: Mapped[bool] = mapped_column(default=False)
    followed_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # of the newest fact applied: an older one never overwrites it
    ended_at: Mapped[datetime | None]
    past: Mapped[list[list[str]] | None]  # moments the columns show no more: `crm.follows.history`
    ended_by: Mapped[str | None]  # "staff", "customer", "transfer" (a colleague took over), "unseen" (listed no more)
    transfer_failed_at: Mapped[datetime | None]
    transfer_fail_reason: Mapped[str] = mapped_column(default="")  # WeCom's: customer_refused, customer_limit_exceed

    def is_open(self) -> bool:
        return self.ended_at is None
