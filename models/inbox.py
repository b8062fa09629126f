"""The inbox: every callback WeCom sent us, once."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("received", "applied", "waiting", "unknown", "failed")


class Inbox(Row):
    """One event. received → applied; waiting (will be tried again), unknown (we do not know this event), failed."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_state_next_try_at", "state", "next_try_at"),
        Index("ix_inbox_received_at", "received_at"),
        Index(
            "ix_inbox_has_welcome",
            "id",
            sqlite_where=text("has_welcome = 1"),
            postgresql_where=text("has_welcome"),
        ),
    )

    key: Mapped[str] = mapped_column(unique=True)  # hash of the decrypted XML, or the MsgId of a message
    kind: Mapped[str]  # "change_external_contact.add_external_contact", "text", …
    userid: Mapped[str | None]
    external_userid: Mapped[str | None]
    body_sealed: Mapped[bytes | None]  # None once its retention is over
    deliveries: Mapped[int] = mapped_column(default=1)
    has_welcome: Mapped[bool] = mapped_column(default=False)  # an add with a WelcomeCode the fast lane has not seen
    happened_at: Mapped[datetime]  # WeCom's CreateTime
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="received")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]  # while a worker holds the row: the end of its lease
    applied_at: Mapped[datetime | None]
    errcode: Mapped[int | None]
    reason: Mapped[str] = mapped_column(default="")
