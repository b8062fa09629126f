"""Drops (周期性爆款): a hit product offered to groups at a fixed time, week after week."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

PARTS = ("teaser", "launch", "recap")
STEPS = ("teaser", "teaser_card", "teaser_robot", "launch", "launch_card", "launch_robot", "recap", "recap_card",
         "recap_robot")  # fmt: skip
STEP_STATES = ("planned", "running", "done", "skipped", "missed", "held", "would_send", "cancelled")


class DropSeries(Row):
    """A weekly series (爆款日): when, what, to which groups, in which words. Times are the shop's zone's."""

    __tablename__ = "drop_series"
    __table_args__ = (
        CheckConstraint("price_fen >= 0 AND stock >= 0", name="price_and_stock"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    weekday: Mapped[int]  # 1 Monday … 7
    at_time: Mapped[str]  # "20:00", the launch
    teaser_days_before: Mapped[int] = mapped_column(default=1)
    teaser_time: Mapped[str] = mapped_column(default="19:00")
    recap_days_after: Mapped[int] = mapped_column(default=1)
    recap_time: Mapped[str] = mapped_column(default="10:00")
    product: Mapped[str]
    sku: Mapped[str] = mapped_column(default="")
    price_fen: Mapped[int]
    stock: Mapped[int]
    url: Mapped[str] = mapped_column(default="")
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))  # the product's picture
    group_ids: Mapped[list[int]] = mapped_column(default=list)
    teaser: Mapped[str]
    launch: Mapped[str]
    recap: Mapped[str]
    robot_key_sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(default="active")  # or "paused", "ended"
    next_number: Mapped[int] = mapped_column(default=1)
    next_launch_at: Mapped[datetime | None] = mapped_column(index=True)  # of the edition not yet made
    revision: Mapped[int] = mapped_column(default=1)  # a form carries the one it read
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class DropEdition(Row):
    """第 n 期: one launch of a series, with a copy of everything the series said when it was made."""

    __tablename__ = "drop_edition"
    __table_args__ = (UniqueConstraint("series_id", "launch_at"), UniqueConstraint("series_id", "number"))

    series_id: Mapped[int] = mapped_column(ForeignKey("drop_series.id"))
    number: Mapped[int]
    launch_at: Mapped[datetime] = mapped_column(index=True)
    product: Mapped[str]
    sku: Mapped[str] = mapped_column(default="")
    price_fen: Mapped[int]
    stock: Mapped[int]
    url: Mapped[str] = mapped_column(default="")
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    group_ids: Mapped[list[int]] = mapped_column(default=list)
    texts: Mapped[dict[str, Any]]  # by part
    state: Mapped[str] = mapped_column(default="planned")  # planned, cancelled, done
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class DropStep(Row):
    """Something that happens at a time of an edition: the tasks of a part, the cards to owners, the robot's message."""

    __tablename__ = "drop_step"
    __table_args__ = (UniqueConstraint("edition_id", "step"), Index("ix_drop_step_state_due_at", "state", "due_at"))

    edition_id: Mapped[int] = mapped_column(ForeignKey("drop_edition.id"))
    step: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="planned")
    reason: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]


class StaffMessage(Row):
    """A card from the app to one member, or a robot's message to staff's internal group: on record before it is tried.

    planned → trying → sent / failed / unknown; would_send in rehearsal, held when all is stopped, expired when late.
    """

    __tablename__ = "staff_message"
    __table_args__ = (Index("ix_staff_message_state_next_try_at", "state", "next_try_at"),)

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # "card" or "robot"
    userid: Mapped[str] = mapped_column(default="")
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("drop_edition.id"), index=True)
    body_sealed: Mapped[bytes]  # JSON: what is said, and a robot's key
    state: Mapped[str] = mapped_column(default="planned")
    tries: Mapped[int] = mapped_column(default=0)
    errcode: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
