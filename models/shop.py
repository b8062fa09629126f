"""Shops that send us orders, the keys they sign with, and the nonces they have used."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Shop(Row):
    """A place the shop sells at: a mini-program, a Taobao shop, a till."""

    __tablename__ = "shop"

    name: Mapped[str] = mapped_column(unique=True)
    tracker_origins: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # of pages that may track
    created_at: Mapped[datetime]


class SigningKey(Row):
    """A key and its secret for signed requests; a shop has at most two that are live, so that it can rotate."""

    __tablename__ = "signing_key"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    secret_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Nonce(Row):
    """A nonce a key has used; good once."""

    __tablename__ = "nonce"
    __table_args__ = (UniqueConstraint("signing_key_id", "nonce"),)

    signing_key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"))
    nonce: Mapped[str]
    used_at: Mapped[datetime] = mapped_column(index=True)
