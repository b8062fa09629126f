"""How many orders lead to somebody staff can write to: by shop and week, and by what proved whose they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.customer import ACCEPTED, Identity, IdentityLink
from models.order import Order
from models.shop import Shop
from models.staff import Staff

WEEKS = 26
PROOFS = (
    "unionid",
    "operator",
    "shop_pair",
    "order_named",
    "parcel",
    "customer_claim",
    "staff_order",
    "phone",
    "other",
)
"""What an order may be linked by, the best first; of several the best counts. `unionid`: the order itself named it."""


@dataclass(frozen=True)
class Figures:
    """Each step of the way counts those of the one before that went on."""

    orders: int = 0
    named: int = 0  # the shop said whose: a buyer id, openid or unionid
    linked: int = 0  # the buyer is a contact, or was one
    friends: int = 0  # somebody follows them now
    reachable: int = 0  # one of those serves customers and has not left

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class Line:
    """The orders of one shop in one week."""

    shop_id: int
    week: int  # 0 is the first
    figures: Figures
    proofs: tuple[int, ...]  # of those linked, in the order of `PROOFS`


def week_starts(today: date) -> list[date]:
    """The Mondays of the last 26 weeks, this one included."""
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def lines(session: Session, starts: Sequence[date], zone: ZoneInfo) -> list[Line]:
    """One statement over the orders since the first of these weeks."""
    begins = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in starts]
    people, proofs = _people(), _proofs()
    week = case(*((Order.ordered_at >= begins[n], n) for n in reversed(range(len(begins)))), else_=0).label("week")
    shop = (Order.shop_id + 0).label("shop")  # no column: by its index SQLite would read the orders one by one
    linked = people.c.customer_id.is_not(None)
    best = case((Order.unionid.is_not(None), 0), else_=func.coalesce(proofs.c.best, len(PROOFS) - 1))
    named = or_(Order.buyer_id.is_not(None), Order.openid.is_not(None), Order.unionid.is_not(None))
    sums = [_count(named), _count(linked), func.sum(people.c.friend), func.sum(people.c.reachable)]
    sums += [_count(and_(linked, best == rank)) for rank in range(len(PROOFS))]
    rows = session.execute(
        select(shop, week, func.count(), *sums)
        .outerjoin(people, people.c.customer_id == Order.customer_id)
        .outerjoin(proofs, proofs.c.customer_id == Order.customer_id)
        .where(Order.ordered_at >= begins[0])
        .group_by(shop, week)
    )
    return [
        Line(shop_id, number, Figures(*(int(n or 0) for n in counts[:5])), tuple(int(n or 0) for n in counts[5:]))
        for shop_id, number, *counts in rows
    ]


def _count(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _people() -> Any:
    """Customers with a contact: whether somebody follows them, and whether one of those can write to them."""
    open_now = and_(Follow.id.is_not(None), Follow.ended_at.is_(None))
    serves = and_(open_now, Staff.serves_customers, Staff.left_at.is_(None))
    return (
        select(
            Contact.customer_id,
            func.max(case((open_now, 1), else_=0)).label("friend"),
            func.max(case((serves, 1), else_=0)).label("reachable"),
        )
        .outerjoin(Follow, Follow.contact_id == Contact.id)
        .outerjoin(Staff, Staff.id == Follow.staff_id)
        .group_by(Contact.customer_id)
        .cte("people")
    )


def _proofs() -> Any:
    """The best proof that leads to each customer's orders, by its place in `PROOFS`."""
    rank = case(*((IdentityLink.proof == name, n) for n, name in enumerate(PROOFS) if 0 < n < len(PROOFS) - 1))
    return (
        select(Identity.customer_id, func.min(rank).label("best"))
        .join(IdentityLink, IdentityLink.identity_id == Identity.id)
        .where(
            IdentityLink.proof.in_(PROOFS), IdentityLink.standing == ACCEPTED, IdentityLink.stated_at.is_not(None),
            IdentityLink.retracted_at.is_(None),
        )
        .group_by(Identity.customer_id)
        .cte("proofs")
    )  # fmt: skip


def shops(session: Session) -> list[Shop]:
    return list(session.scalars(select(Shop).order_by(Shop.id)))


def total(some: Iterable[Line]) -> Figures:
    return sum((line.figures for line in some), Figures())
