"""Quotas: how many mass messages the platform still lets a customer or a group receive."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Quota(Row):
    """One customer's contact, or one group, in one month of the shop's zone.

    reserved = our recipients planned or created and not settled; used = ours delivered; others = what others sent.
    """

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("target", "month"),
        CheckConstraint("reserved >= 0 AND used >= 0 AND others >= 0", name="not_negative"),
    )

    target: Mapped[str]  # external_userid or chat_id
    month: Mapped[str]  # "2026-11"
    reserved: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    others: Mapped[int] = mapped_column(default=0)


class OtherMessage(Row):
    """A mass message somebody else made (staff, WeCom's console, another app), whose results count for the quota."""

    __tablename__ = "other_message"
    __table_args__ = (Index("ix_other_message_next_look_at", "next_look_at"),)

    msgid: Mapped[str] = mapped_column(unique=True)
    chat_type: Mapped[str]
    creator: Mapped[str | None]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    next_look_at: Mapped[datetime | None]  # None: its results are complete


class OtherDelivery(Row):
    """One recipient of somebody else's mass message, counted once."""

    __tablename__ = "other_delivery"
    __table_args__ = (UniqueConstraint("msgid", "target"),)

    msgid: Mapped[str]
    target: Mapped[str]
    sent_at: Mapped[datetime]
