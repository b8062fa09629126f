"""Mass messages: one content for many, as tasks per sender that staff confirm in WeCom, down to each recipient."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

MESSAGE_STATES = ("planning", "sending", "waiting", "done", "paused", "cancelled", "missed")
TASK_STATES = (
    "planned",
    "trying",
    "lost",
    "created",
    "unknown",
    "failed",
    "would_send",
    "held",
    "cancelling",
    "cancelled",
)
RECIPIENT_STATES = (
    "planned", "created", "sent", "quota", "not_friend", "unreachable", "failed", "unknown", "would_send", "held",
    "cancelled",
)  # fmt: skip


class MassMessage(Row):
    """One sending: a push at one slot, or one part (teaser, launch, recap) of a drop's edition.

    planning (recipients and tasks are written, `resume_after` is how far) → sending (tasks are created at WeCom) →
    waiting (for staff, and results are read) → done. missed: its time was over before anybody could begin.
    paused keeps in `paused_from` where it goes on. What it says is a copy: a later change of the push touches it not.
    """

    __tablename__ = "mass_message"
    __table_args__ = (
        UniqueConstraint("push_id", "slot"),
        UniqueConstraint("edition_id", "part"),
        CheckConstraint("(push_id IS NULL) <> (edition_id IS NULL)", name="push_or_edition"),
        Index("ix_mass_message_state_next_look_at", "state", "next_look_at"),
    )

    chat_type: Mapped[str]  # "single" (customers) or "group"
    push_id: Mapped[int | None] = mapped_column(ForeignKey("push.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("drop_edition.id"))
    part: Mapped[str] = mapped_column(default="")
    slot: Mapped[datetime]  # when it was due
    month: Mapped[str]  # "2026-11" in the shop's zone: whose quota its reservations hold
    text: Mapped[str]
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sentence: Mapped[str] = mapped_column(default="")  # the audience in words, as it was
    state: Mapped[str]
    paused_from: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    resume_after: Mapped[int] = mapped_column(default=0)  # the last customer planned
    matched: Mapped[int] = mapped_column(default=0)  # customers the conditions meant
    planned: Mapped[int] = mapped_column(default=0)  # recipients with a task
    lease_until: Mapped[datetime | None]  # of who is planning it, or reading its results
    next_look_at: Mapped[datetime | None]  # when its results are read next
    created_at: Mapped[datetime]
    planned_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class MassTask(Row):
    """One `add_msg_template`: at most 10,000 customers, or 2,000 groups, of one sender.

    planned → trying (on record before the call) → created, with its msgid; failed; would_send in rehearsal; held when
    all is stopped. lost: tried and never answered, being looked up at WeCom; unknown: looked up in vain, never tried
    again. At most one of a (message, staff) is trying or lost at a time.
    """

    __tablename__ = "mass_task"
    __table_args__ = (
        UniqueConstraint("message_id", "staff_id", "number"),
        Index("ix_mass_task_state_next_try_at", "state", "next_try_at"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("mass_message.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    number: Mapped[int]
    userid: Mapped[str]
    text: Mapped[str]  # the sender's variables filled in
    size: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="planned")
    msgid: Mapped[str | None] = mapped_column(unique=True)
    tries: Mapped[int] = mapped_column(default=0)
    errcode: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
    next_try_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class MassTaskMember(Row):
    """A member in whose client a task stands: the sender, or whoever WeCom chose instead.

    `cursor` is how far the results of this pass were read; `read_at` when every page had been read after `sent_at`.
    """

    __tablename__ = "mass_task_member"
    __table_args__ = (UniqueConstraint("task_id", "userid"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("mass_task.id"))
    userid: Mapped[str]
    status: Mapped[int] = mapped_column(default=0)  # WeCom's: 0 not sent, 2 sent
    sent_at: Mapped[datetime | None]
    cursor: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime | None]


class MassRecipient(Row):
    """One customer's contact, or one group, of one mass message: never twice in it.

    Without a task it was planned out: `quota` (nothing left this month) or `unreachable` (nobody can send to them).
    """

    __tablename__ = "mass_recipient"
    __table_args__ = (
        UniqueConstraint("message_id", "target"),
        Index("ix_mass_recipient_task_id_state", "task_id", "state"),
        Index("ix_mass_recipient_contact_id", "contact_id"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("mass_message.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("mass_task.id"))
    target: Mapped[str]  # external_userid or chat_id
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group_chat.id"))
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[str | None]  # the member who really sent it
