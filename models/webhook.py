"""Webhooks: where a shop wants to be told, and what it is told, each delivery on record before it is tried."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

KINDS = ("tag_changed", "linked", "coupon_used")


class Webhook(Row):
    """An address of a shop's, what it wants to hear, and the secret we sign with."""

    __tablename__ = "webhook"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), index=True)
    url: Mapped[str]
    kinds: Mapped[list[str]]
    key: Mapped[str] = mapped_column(unique=True)
    secret_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]  # it did not answer: nothing is tried before then
    revoked_at: Mapped[datetime | None]


class WebhookDelivery(Row):
    """One thing one webhook is told. waiting → trying → delivered or failed; tried again it is waiting."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "key"),
        Index("ix_webhook_delivery_state_next_try_at", "state", "next_try_at"),
    )

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    key: Mapped[str]  # what happened: recorded a second time it is the same delivery
    kind: Mapped[str]
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    content: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # of the last answer
    reason: Mapped[str] = mapped_column(default="")
    next_try_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
