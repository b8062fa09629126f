"""What the console shows of one customer beside their orders: who follows them, what they did, what they were sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.behaviour import Viewed, last_viewed
from models.channel import Channel
from models.contact import Contact, Follow
from models.customer import Identity
from models.event import Behaviour
from models.order import Order
from models.product import Product
from models.staff import Staff
from models.touch import Touch

DAYS = 60


@dataclass(frozen=True)
class Relation:
    """One colleague and one of the customer's contacts, now or before."""

    staff: Staff
    follow: Follow
    channel: Channel | None
    contact: Contact


@dataclass(frozen=True)
class Day:
    """What somebody did on one day, in all."""

    on: date
    views: int
    products: int
    carts: int
    favourites: int
    pays: int


def contacts(session: Session, customer_id: int) -> list[Contact]:
    """Their WeCom faces, the newest last."""
    return list(session.scalars(select(Contact).where(Contact.customer_id == customer_id).order_by(Contact.id)))


def relations(session: Session, customer_id: int) -> list[Relation]:
    """Who follows them, those who do now first; then who once did, the latest first."""
    rows = session.execute(
        select(Staff, Follow, Channel, Contact)
        .join(Follow, Follow.staff_id == Staff.id)
        .join(Contact, Contact.id == Follow.contact_id)
        .outerjoin(Channel, Channel.id == Follow.channel_id)
        .where(Contact.customer_id == customer_id)
        .order_by(Follow.ended_at.is_not(None), Follow.ended_at.desc(), Follow.followed_at, Follow.id)
        .limit(200)
    )
    return [Relation(*row) for row in rows]


def days(session: Session, customer_id: int) -> list[Day]:
    """The last days on which they did something, the latest first."""
    sums = [func.sum(column) for column in (Behaviour.carts, Behaviour.favourites, Behaviour.pays)]
    seen = func.count(func.nullif(Behaviour.sku, "").distinct())
    rows = session.execute(
        select(Behaviour.on_day, func.sum(Behaviour.views), seen, *sums)
        .join(Identity, Identity.id == Behaviour.identity_id)
        .where(Identity.customer_id == customer_id)
        .group_by(Behaviour.on_day)
        .order_by(Behaviour.on_day.desc())
        .limit(DAYS)
    )
    return [Day(on, *(int(value or 0) for value in values)) for on, *values in rows]


def looked_at(session: Session, customer_id: int) -> list[tuple[Viewed, str]]:
    """The products they looked at last, by name when the shop told it."""
    viewed = last_viewed(session, customer_id)
    skus = {one.article.sku for one in viewed}
    rows = session.execute(select(Product.shop_id, Product.sku, Product.name).where(Product.sku.in_(skus)))
    named = {(shop_id, sku): name for shop_id, sku, name in rows}
    return [(one, named.get((one.article.shop_id, one.article.sku), one.article.sku)) for one in viewed]


def touches(session: Session, customer_id: int, *, limit: int = 50) -> list[tuple[Touch, str]]:
    """What they were sent, or would have been, the newest first, with the colleague's name."""
    rows = session.execute(
        select(Touch, Staff.name)
        .outerjoin(Staff, Staff.userid_key == func.lower(Touch.userid))
        .where(Touch.customer_id == customer_id)
        .order_by(Touch.created_at.desc(), Touch.id.desc())
        .limit(limit)
    )
    return [(touch, name or touch.userid) for touch, name in rows]


def phones(session: Session, customer_id: int, *, limit: int = 5) -> Sequence[Order]:
    """One order for each real number they ordered with, the latest of each first."""
    newest = (
        select(func.max(Order.id))
        .where(Order.customer_id == customer_id, Order.phone_digest.is_not(None))
        .group_by(Order.phone_digest)
    )
    return session.scalars(select(Order).where(Order.id.in_(newest)).order_by(Order.id.desc()).limit(limit)).all()
