"""What a customer's behaviour says, answered from its days alone: it stays when the events are long gone."""

from collections import defaultdict
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.customer import Identity
from models.event import Behaviour
from models.order import Order, OrderLine


class Article(NamedTuple):
    """A product as behaviour names it: the shop may never have told us more of it."""

    shop_id: int
    sku: str


class Viewed(NamedTuple):
    article: Article
    last_view_at: datetime
    views: int


def nights_viewed(session: Session, customer_id: int, *, since: date) -> dict[Article, list[date]]:
    """On which evenings (18:00 to 04:00 of the shop's) the customer looked at each product, from one on."""
    nights = (
        select(Behaviour.shop_id, Behaviour.sku, Behaviour.on_day)
        .join(Identity, Identity.id == Behaviour.identity_id)
        .where(
            Identity.customer_id == customer_id,
            Behaviour.night_views > 0,
            Behaviour.sku != "",
            Behaviour.on_day >= since,
        )
        .distinct()
        .order_by(Behaviour.on_day)
    )
    found: dict[Article, list[date]] = defaultdict(list)
    for shop_id, sku, on_day in session.execute(nights):
        found[Article(shop_id, sku)].append(on_day)
    return dict(found)


def last_viewed(session: Session, customer_id: int, *, limit: int = 10) -> list[Viewed]:
    """The products the customer looked at, the latest first."""
    last = func.max(Behaviour.last_view_at, type_=Behaviour.last_view_at.type)
    rows = session.execute(
        select(Behaviour.shop_id, Behaviour.sku, last, func.sum(Behaviour.views))
        .join(Identity, Identity.id == Behaviour.identity_id)
        .where(Identity.customer_id == customer_id, Behaviour.last_view_at.is_not(None), Behaviour.sku != "")
        .group_by(Behaviour.shop_id, Behaviour.sku)
        .order_by(last.desc(), Behaviour.sku)
        .limit(limit)
    )
    return [Viewed(Article(shop_id, sku), at, int(views)) for shop_id, sku, at, views in rows if at]


def last_view(session: Session, customer_id: int) -> Viewed | None:
    return next(iter(last_viewed(session, customer_id, limit=1)), None)


def unpaid_carts(session: Session, customer_id: int, *, since: datetime) -> dict[Article, datetime]:
    """What the customer put into a cart since then and has not paid, by when they last did so.

    Paid is: a later `pay` event for the product, or for the whole cart (no product named), or an order with the
    product that was paid later and not cancelled.
    """
    last = func.max(Behaviour.last_cart_at, type_=Behaviour.last_cart_at.type)
    carted = (
        select(Behaviour.shop_id, Behaviour.sku, last.label("at"))
        .join(Identity, Identity.id == Behaviour.identity_id)
        .where(Identity.customer_id == customer_id, Behaviour.last_cart_at >= since, Behaviour.sku != "")
        .group_by(Behaviour.shop_id, Behaviour.sku)
        .subquery()
    )
    paid, payer = aliased(Behaviour), aliased(Identity)
    is_paid = (
        exists()
        .where(
            payer.customer_id == customer_id,
            paid.identity_id == payer.id,
            paid.shop_id == carted.c.shop_id,
            or_(paid.sku == carted.c.sku, paid.sku == ""),
            paid.last_pay_at >= carted.c.at,
        )
        .correlate(carted)
    )
    is_bought = (
        exists()
        .where(
            Order.customer_id == customer_id,
            Order.shop_id == carted.c.shop_id,
            Order.paid_at >= carted.c.at,
            Order.status != "cancelled",
            OrderLine.order_id == Order.id,
            OrderLine.sku == carted.c.sku,
        )
        .correlate(carted)
    )
    rows = session.execute(select(carted).where(~is_paid, ~is_bought).order_by(carted.c.at.desc(), carted.c.sku))
    return {Article(shop_id, sku): at for shop_id, sku, at in rows}
