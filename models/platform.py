"""Shop platforms that are connected: how each is reached, what they pushed, and whose unionid was asked for."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class PlatformAccount(Row):
    """One shop on one platform. Pulled window by window; `pulled_until` and, inside a window, `cursor` say how far."""

    __tablename__ = "platform_account"
    __table_args__ = (
        UniqueConstraint("shop_id", "platform"),
        Index("ix_platform_account_next_pull_at", "next_pull_at"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    platform: Mapped[str]
    credentials_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    pulled_until: Mapped[datetime]
    window_until: Mapped[datetime | None]  # of the window in hand; None between windows
    cursor: Mapped[str | None]  # the next page of it
    next_pull_at: Mapped[datetime | None]  # while a worker pulls: the end of its lease; None: only ever pushed
    tries: Mapped[int] = mapped_column(default=0)  # since the last page that came
    last_ok_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")  # a class and the platform's code, never its words


class PlatformMessage(Row):
    """What a platform pushed, or an order of a pull that did not fit. received → applied; waiting, ignored, failed."""

    __tablename__ = "platform_message"
    __table_args__ = (
        UniqueConstraint("shop_id", "platform", "key"),
        Index("ix_platform_message_state_next_try_at", "state", "next_try_at"),
        Index("ix_platform_message_received_at", "received_at"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    platform: Mapped[str]
    key: Mapped[str]  # a hash of its content
    kind: Mapped[str]
    body_sealed: Mapped[bytes | None]  # None once its retention is over
    deliveries: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="received")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]  # while a worker holds the row: the end of its lease
    applied_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # for a person: the class of the error, the field that is wrong


class PlatformBuyer(Row):
    """A buyer whose unionid the platform may know; asked for when `next_ask_at` comes, None once it is known."""

    __tablename__ = "platform_buyer"
    __table_args__ = (
        UniqueConstraint("shop_id", "platform", "buyer_id"),
        Index("ix_platform_buyer_next_ask_at", "next_ask_at"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    platform: Mapped[str]
    buyer_id: Mapped[str]
    asked_at: Mapped[datetime | None]
    next_ask_at: Mapped[datetime | None]
