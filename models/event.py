"""What customers did in a shop: the events as they came, and what they add up to a day.

Both carry the identity they came by and no customer: the customer is found through the identity.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

KINDS = {
    "enter": "enters", "search": "searches", "view": "views", "favourite": "favourites", "cart": "carts",
    "order": "orders", "pay": "pays", "share": "shares", "review": "reviews", "follow": "follows",
    "ad_click": "ad_clicks", "custom": "customs",
}  # fmt: skip
"""Each kind and the counter of it; `custom:…` counts as custom."""

LATEST = {"view": "last_view_at", "cart": "last_cart_at", "pay": "last_pay_at"}


class Event(Row):
    """One thing somebody did, as the shop told it; kept for some days."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("shop_id", "event_id"),
        Index("ix_event_identity_id_happened_at", "identity_id", "happened_at"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    event_id: Mapped[str]
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[str]
    sku: Mapped[str | None]
    happened_at: Mapped[datetime] = mapped_column(index=True)
    dwell_seconds: Mapped[int | None]
    props: Mapped[dict[str, Any] | None]
    stored_at: Mapped[datetime]


class Behaviour(Row):
    """What one identity's events about one product add up to on one day; kept for good.

    The day is the shop's and begins at 04:00, so that an evening and the night after it are one. `sku` is empty for
    what is about no product.
    """

    __tablename__ = "behaviour"
    __table_args__ = (UniqueConstraint("identity_id", "shop_id", "sku", "on_day"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    sku: Mapped[str]
    on_day: Mapped[date] = mapped_column(Date)
    enters: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0)
    night_views: Mapped[int] = mapped_column(default=0)  # of the views: between 18:00 and 04:00
    dwell_seconds: Mapped[int] = mapped_column(default=0)
    favourites: Mapped[int] = mapped_column(default=0)
    carts: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    pays: Mapped[int] = mapped_column(default=0)
    shares: Mapped[int] = mapped_column(default=0)
    reviews: Mapped[int] = mapped_column(default=0)
    follows: Mapped[int] = mapped_column(default=0)
    ad_clicks: Mapped[int] = mapped_column(default=0)
    customs: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    last_view_at: Mapped[datetime | None]
    last_cart_at: Mapped[datetime | None]
    last_pay_at: Mapped[datetime | None]
