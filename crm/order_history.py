"""What a customer has bought: the figures and the pages of their history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from crm.errors import Refused
from models.order import Order, OrderLine
from models.product import Product
from models.shop import Shop

Filter = Literal["all", "paid", "shipped", "refunded"]

COUNTS: ColumnElement[bool] = and_(
    Order.paid_at.is_not(None), Order.status != "cancelled", Order.paid_fen > Order.refunded_fen
)
ENOUGH_FOR_A_RHYTHM = 3  # orders: two gaps say little, one says nothing
GAPS_LOOKED_AT = 50


@dataclass(frozen=True)
class Bought:
    order: Order
    shop: Shop


@dataclass(frozen=True)
class Page:
    orders: list[Bought]
    next_before: int | None  # the id to ask for the following page with


def in_all(session: Session, customer_id: int) -> int:
    """Every order on record, whatever became of it."""
    return session.scalar(select(func.count()).where(Order.customer_id == customer_id)) or 0


def usual_gap_days(session: Session, customer_id: int) -> int | None:
    """The median number of days between one order and the next; None with too few orders to say."""
    newest = session.scalars(
        select(Order.ordered_at)
        .where(Order.customer_id == customer_id, COUNTS)
        .order_by(Order.ordered_at.desc())
        .limit(GAPS_LOOKED_AT + 1)
    ).all()
    if len(newest) < ENOUGH_FOR_A_RHYTHM:
        return None
    gaps = [(later - earlier) / timedelta(days=1) for later, earlier in pairwise(newest)]
    return round(median(gaps))


def history(
    session: Session,
    customer_id: int,
    *,
    limit: int,
    before: int | None = None,
    only: Filter = "all",
    search: str = "",
) -> Page:
    """Newest first, lines included; `before` is the last order of the page already shown."""
    query = select(Order, Shop).join(Shop, Shop.id == Order.shop_id).where(Order.customer_id == customer_id)
    query = query.where(_only(only)) if only != "all" else query
    if search:
        query = query.where(_matches(search))
    if before is not None:
        last = order_of(session, customer_id, before).order
        older = and_(Order.ordered_at == last.ordered_at, Order.id < last.id)
        query = query.where(or_(Order.ordered_at < last.ordered_at, older))
    query = query.options(selectinload(Order.lines)).order_by(Order.ordered_at.desc(), Order.id.desc())
    found = [Bought(order, shop) for order, shop in session.execute(query.limit(limit + 1))]
    return Page(found[:limit], found[limit - 1].order.id if len(found) > limit else None)


def pictures(session: Session, orders: Sequence[Order]) -> dict[tuple[int, str], str]:
    """The pictures their shops have sent of what is in these orders, by shop and SKU; one statement."""
    wanted = {(order.shop_id, line.sku) for order in orders for line in order.lines}
    if not wanted:
        return {}
    rows = session.execute(
        select(Product.shop_id, Product.sku, Product.image_url)
        .where(tuple_(Product.shop_id, Product.sku).in_(wanted))
        .where(Product.image_url.is_not(None))
    )
    return {(shop_id, sku): url for shop_id, sku, url in rows if url}


def _only(wanted: Filter) -> ColumnElement[bool]:
    return Order.refunded_fen > 0 if wanted == "refunded" else Order.status == wanted


def _matches(words: str) -> ColumnElement[bool]:
    """By the beginning of the order number, or a part of a product's name."""
    named = exists().where(OrderLine.order_id == Order.id, OrderLine.name.icontains(words, autoescape=True))
    return or_(Order.order_no.istartswith(words, autoescape=True), named)


def counts(session: Session, customer_id: int) -> dict[Filter, int]:
    """How many orders each filter would show; one statement."""
    row = session.execute(
        select(
            func.count(),
            func.sum(case((_only("paid"), 1), else_=0)),
            func.sum(case((_only("shipped"), 1), else_=0)),
            func.sum(case((_only("refunded"), 1), else_=0)),
        ).where(Order.customer_id == customer_id)
    ).one()
    everything, paid, shipped, refunded = (int(value or 0) for value in row)
    return {"all": everything, "paid": paid, "shipped": shipped, "refunded": refunded}


def by_year(session: Session, customer_id: int, years: Sequence[int], zone: ZoneInfo) -> dict[int, tuple[int, int]]:
    """Orders that count and their spend, for each of these years of the shop's calendar; one statement."""
    if not years:
        return {}
    sums: list[ColumnElement[Any]] = []
    for year in years:
        inside = and_(
            COUNTS,
            Order.ordered_at >= datetime(year, 1, 1, tzinfo=zone),
            Order.ordered_at < datetime(year + 1, 1, 1, tzinfo=zone),
        )
        sums.append(func.sum(case((inside, 1), else_=0)))
        sums.append(func.sum(case((inside, Order.paid_fen - Order.refunded_fen), else_=0)))
    row = session.execute(select(*sums).where(Order.customer_id == customer_id)).one()
    return {year: (int(row[2 * n] or 0), int(row[2 * n + 1] or 0)) for n, year in enumerate(years)}


def order_of(session: Session, customer_id: int, order_id: int) -> Bought:
    """One order of this customer with its lines; anybody else's, or nobody's, is `Refused`."""
    row = session.execute(
        select(Order, Shop)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.id == order_id, Order.customer_id == customer_id)
        .options(selectinload(Order.lines))
    ).one_or_none()
    if row is None:
        raise Refused("没有这笔订单，或不是这位客户的")
    return Bought(row[0], row[1])
