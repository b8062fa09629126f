"""What was bought together, and after how many days again: two readings over a year's orders, for a nightly job."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, cast, delete, extract, func, select
from sqlalchemy.orm import Session

from crm.order_history import COUNTS
from models.database import changed, insert_many_if_absent
from models.order import Order, OrderLine
from models.product import Product
from models.recommendation import ProductCycle, ProductPair

DAY_SECONDS = 86_400
LEAST_BUYERS, LEAST_BOTH, LEAST_PERCENT = 20, 5, 10  # fewer say nothing about the next one
LEAST_GAPS = 10
MOST_OTHERS = 10  # of one product: nobody is shown an eleventh
MOST_KINDS = 100  # who buys more kinds of things in a year buys for others
IS_ITS_PRODUCT = and_(Product.shop_id == Order.shop_id, Product.sku == OrderLine.sku)


class Pair(NamedTuple):
    other_product_id: int
    buyers: int
    both: int


class Cycle(NamedTuple):
    days: int
    gaps: int


def pairs(session: Session, *, since: datetime) -> dict[int, list[Pair]]:
    """By product, what its buyers since then bought, too, the most common first; one statement, of the whole year."""
    bought = _bought(since).cte("bought")
    many = select(bought.c.customer_id).group_by(bought.c.customer_id).having(func.count() > MOST_KINDS)
    usual = select(bought).where(bought.c.customer_id.not_in(many)).cte("usual")
    buyers = select(usual.c.product_id, func.count().label("buyers")).group_by(usual.c.product_id).subquery()
    one, other = usual.alias("one"), usual.alias("other")
    both = func.count()
    rows = session.execute(
        select(one.c.product_id, other.c.product_id.label("other_id"), buyers.c.buyers, both.label("both"))
        .join(other, and_(other.c.customer_id == one.c.customer_id, other.c.product_id != one.c.product_id))
        .join(buyers, buyers.c.product_id == one.c.product_id)
        .group_by(one.c.product_id, other.c.product_id, buyers.c.buyers)
        .having(buyers.c.buyers >= LEAST_BUYERS, both >= LEAST_BOTH, both * 100 >= buyers.c.buyers * LEAST_PERCENT)
        .order_by(one.c.product_id, both.desc(), other.c.product_id)
    )
    found: dict[int, list[Pair]] = defaultdict(list)
    for product_id, other_id, of, together in rows:
        if len(found[product_id]) < MOST_OTHERS:
            found[product_id].append(Pair(other_id, of, together))
    return dict(found)


def cycles(session: Session, *, since: datetime) -> dict[int, Cycle]:
    """By product, the median of days until a buyer bought it again; two orders of one day are one purchase."""
    at = cast(extract("epoch", Order.paid_at), Integer)
    before = func.lag(at).over(partition_by=(Order.customer_id, Product.id), order_by=(Order.paid_at, Order.id))
    gaps = _lines(select(Product.id.label("product_id"), (at - before).label("gap")), since).subquery()
    placed = (
        select(
            gaps.c.product_id,
            gaps.c.gap,
            func.row_number().over(partition_by=gaps.c.product_id, order_by=gaps.c.gap).label("place"),
            func.count().over(partition_by=gaps.c.product_id).label("many"),
        )
        .where(gaps.c.gap >= DAY_SECONDS)
        .subquery()
    )
    middle = placed.c.place.in_(((placed.c.many + 1) // 2, (placed.c.many + 2) // 2))
    rows = session.execute(
        select(placed.c.product_id, func.avg(placed.c.gap), placed.c.many)
        .where(middle, placed.c.many >= LEAST_GAPS)
        .group_by(placed.c.product_id, placed.c.many)
    )
    return {product_id: Cycle(round(float(gap) / DAY_SECONDS), many) for product_id, gap, many in rows}


def known(session: Session) -> list[int]:
    """Every product something is kept of, in order."""
    kept = select(ProductPair.product_id).union(select(ProductCycle.product_id)).subquery()
    return list(session.scalars(select(kept.c.product_id).order_by(kept.c.product_id)))


def replace(
    session: Session, ids: Sequence[int], pairs: Mapping[int, Sequence[Pair]], cycles: Mapping[int, Cycle]
) -> int:
    """Keep of these products what was worked out, and nothing else; how many rows there are now."""
    for table in (ProductPair, ProductCycle):
        changed(session, delete(table).where(table.product_id.in_(ids)))
    together = [{"product_id": id, **pair._asdict()} for id in ids for pair in pairs.get(id, ())]
    again = [{"product_id": id, **cycles[id]._asdict()} for id in ids if id in cycles]
    insert_many_if_absent(session, ProductPair, together, ProductPair.id)
    insert_many_if_absent(session, ProductCycle, again, ProductCycle.id)
    return len(together) + len(again)


def _bought(since: datetime) -> Any:
    """Who bought which product, each once."""
    return _lines(select(Order.customer_id, Product.id.label("product_id")), since).distinct()


def _lines(query: Any, since: datetime) -> Any:
    """A selection of what was paid for since then, by people we know, line by line with its product."""
    return (
        query.select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, IS_ITS_PRODUCT)
        .where(COUNTS, Order.customer_id.is_not(None), Order.paid_at >= since)
    )
