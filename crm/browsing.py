"""What a customer looked at lately, day by day, from the roll-up."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models.customer import Identity
from models.event import Behaviour
from models.product import Product

MOST_ROWS = 60


class Looked(NamedTuple):
    """A product on one day: how often, and whether it went into a cart."""

    sku: str
    name: str
    image_url: str | None
    views: int
    carts: int


@dataclass(frozen=True)
class Day:
    on: date
    products: list[Looked]


def by_day(session: Session, customer_id: int, *, since: date) -> list[Day]:
    """The newest day first; one statement."""
    views, carts = func.sum(Behaviour.views), func.sum(Behaviour.carts)
    rows = session.execute(
        select(Behaviour.on_day, Behaviour.sku, Product.name, Product.image_url, views, carts)
        .join(Identity, Identity.id == Behaviour.identity_id)
        .outerjoin(Product, and_(Product.shop_id == Behaviour.shop_id, Product.sku == Behaviour.sku))
        .where(Identity.customer_id == customer_id, Behaviour.on_day >= since, Behaviour.sku != "")
        .group_by(Behaviour.on_day, Behaviour.shop_id, Behaviour.sku, Product.name, Product.image_url)
        .having((views > 0) | (carts > 0))
        .order_by(Behaviour.on_day.desc(), views.desc(), Behaviour.sku)
        .limit(MOST_ROWS)
    )
    days: dict[date, list[Looked]] = defaultdict(list)
    for on, sku, name, picture, seen, carted in rows:
        days[on].append(Looked(sku, name or sku, picture, int(seen or 0), int(carted or 0)))
    return [Day(on, products) for on, products in days.items()]
