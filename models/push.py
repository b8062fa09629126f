"""Pushes (群发): what an operator wants said to an audience, once or every week."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("draft", "scheduled", "ended", "cancelled")


class Push(Row):
    """The plan. Each time it is due a `MassMessage` with slot `next_at` is made, and `next_at` moves on.

    A weekly time is meant in the shop's zone: `weekday` (1 Monday … 7) and `at_time` ("20:00").
    """

    __tablename__ = "push"
    __table_args__ = (
        CheckConstraint("(weekday IS NULL) = (at_time IS NULL)", name="weekly_has_both"),
        Index("ix_push_next_at", "next_at"),
    )

    name: Mapped[str]
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"), index=True)
    text: Mapped[str] = mapped_column(default="")
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # `crm.attachments`, in order
    weekday: Mapped[int | None]
    at_time: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="draft")
    next_at: Mapped[datetime | None]  # None: nothing further is due
    is_rehearsal: Mapped[bool] = mapped_column(default=False)  # a copy to look at: only the allow-list gets it
    form_key: Mapped[str | None] = mapped_column(unique=True)  # of the empty editor it was written in: one push each
    revision: Mapped[int] = mapped_column(default=1)  # a form carries the one it read
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
