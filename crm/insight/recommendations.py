"""What to recommend to a customer, each with its reasons: due again, looked at this week, bought together.

On sale only, nothing that was just bought, nothing a member of staff has hidden, and nothing at all to a customer who
turned recommendations off.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Exists, and_, exists, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from crm import consents
from crm.insight.product_pairs import IS_ITS_PRODUCT
from crm.order_history import COUNTS
from crm.phrases import Phrase
from models.customer import Identity
from models.database import insert_if_absent
from models.event import Behaviour
from models.order import Order, OrderLine
from models.product import Product
from models.recommendation import HiddenProduct, ProductCycle, ProductPair
from models.staff import Staff

JUST_BOUGHT = timedelta(days=7)
DUE_AHEAD, DUE_BEHIND = 7, 30  # days before and after the next purchase in which it is worth saying
WEEK = timedelta(days=7)
ENOUGH_VIEWS = 3
SHOWN = 6


@dataclass(frozen=True)
class Had:
    """A product this customer bought or looked at."""

    product_id: int
    name: str
    bought_at: datetime | None
    cycle_days: int | None
    views: int


@dataclass
class Recommended:
    """`reasons` are for staff's eyes; `opening` is what may be said, and tells nothing of looking."""

    product: Product
    rank: tuple[int, float] = (9, 0.0)
    reasons: list[Phrase] = field(default_factory=list)
    opening: Phrase = field(default_factory=lambda: Phrase("这款最近很多老顾客喜欢，给您看看"))


def recommended(
    session: Session, customer_id: int, *, now: datetime, zone: ZoneInfo, limit: int = SHOWN
) -> list[Recommended] | None:
    """The best first; None when the customer turned recommendations off. Three statements."""
    if consents.personalisation_off(session, customer_id):
        return None
    had = _had(session, customer_id, now=now, zone=zone)
    bought = {one.product_id: one for one in had if one.bought_at}
    recent = {one.product_id for one in bought.values() if one.bought_at and now - one.bought_at < JUST_BOUGHT}
    found: dict[int, Recommended] = {}
    together: dict[int, list[ProductPair]] = defaultdict(list)
    for product, pair in _products(session, customer_id, [one.product_id for one in had], list(bought)):
        if product.id not in recent:
            found.setdefault(product.id, Recommended(product))
            together[product.id] += [pair] if pair else []
    for one in had:
        if one.product_id in found:
            _say_due(found[one.product_id], one, now=now, zone=zone)
            _say_seen(found[one.product_id], one)
    for product_id, pairs in together.items():
        if product_id not in bought and pairs:
            _say_together(found[product_id], pairs, bought)
    worth = [one for one in found.values() if one.reasons]
    return sorted(worth, key=lambda one: (one.rank, one.product.id))[:limit]


def hide(session: Session, identity_id: int, product_id: int, staff: Staff, *, now: datetime) -> bool:
    """Never recommend it to this person again; False when that was so already."""
    return insert_if_absent(
        session, HiddenProduct, identity_id=identity_id, product_id=product_id, staff_id=staff.id, hidden_at=now
    )


def _say_due(one: Recommended, had: Had, *, now: datetime, zone: ZoneInfo) -> None:
    if not had.bought_at or not had.cycle_days:
        return
    due = had.bought_at.astimezone(zone).date() + timedelta(days=had.cycle_days)
    left = (due - now.astimezone(zone).date()).days
    if not -DUE_BEHIND <= left <= DUE_AHEAD:
        return
    one.rank = min(one.rank, (0, float(left)))
    one.opening = Phrase("上次买的差不多该用完了，需要的话我给您留一份")
    if left > 0:
        one.reasons.append(Phrase("该复购了：还有 %(n)s 天", n=left))
    else:
        one.reasons.append(Phrase("该复购了：过了 %(n)s 天", n=-left) if left else Phrase("该复购了：就在今天"))


def _say_seen(one: Recommended, had: Had) -> None:
    if had.views >= ENOUGH_VIEWS:
        one.rank = min(one.rank, (1, -float(had.views)))
        one.reasons.append(Phrase("本周看过 %(n)s 次", n=had.views))


def _say_together(one: Recommended, pairs: Sequence[ProductPair], bought: Mapping[int, Had]) -> None:
    best = max(pairs, key=lambda pair: (pair.both / pair.buyers, -pair.product_id))
    percent = round(100 * best.both / best.buyers)
    one.rank = min(one.rank, (2, -best.both / best.buyers))
    name = bought[best.product_id].name
    one.reasons.append(Phrase("买过 %(name)s 的人 %(n)s %% 也买", name=name, n=percent))


def _had(session: Session, customer_id: int, *, now: datetime, zone: ZoneInfo) -> list[Had]:
    """What was bought, with how soon it runs out (the shop's word before ours), and looked at this week."""
    last = func.max(Order.paid_at, type_=Order.paid_at.type)
    cycle = func.coalesce(Product.cycle_days, ProductCycle.days)
    bought = (
        select(Product.id, Product.name, last.label("at"), cycle.label("cycle"), literal(0).label("views"))
        .select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, IS_ITS_PRODUCT)
        .outerjoin(ProductCycle, ProductCycle.product_id == Product.id)
        .where(Order.customer_id == customer_id, COUNTS)
        .group_by(Product.id, Product.name, cycle)
    )
    is_its = and_(Product.shop_id == Behaviour.shop_id, Product.sku == Behaviour.sku)
    since = (now - WEEK).astimezone(zone).date()
    seen = (
        select(Product.id, Product.name, null().label("at"), null().label("cycle"), func.sum(Behaviour.views))
        .select_from(Behaviour)
        .join(Identity, Identity.id == Behaviour.identity_id)
        .join(Product, is_its)
        .where(Identity.customer_id == customer_id, Behaviour.on_day > since, Behaviour.views > 0)
        .group_by(Product.id, Product.name)
    )
    both = union_all(bought, seen).subquery()
    at = func.max(both.c.at, type_=Order.paid_at.type)
    rows = session.execute(
        select(both.c.id, both.c.name, at, func.max(both.c.cycle), func.sum(both.c.views)).group_by(
            both.c.id, both.c.name
        )
    )
    return [Had(id, name, bought_at, cycle_days, int(views)) for id, name, bought_at, cycle_days, views in rows]


def _products(
    session: Session, customer_id: int, candidates: Sequence[int], bought: Sequence[int]
) -> Sequence[tuple[Product, ProductPair | None]]:
    """Those of the candidates, and of what goes with what was bought, that are on sale and not hidden."""
    goes_with = select(ProductPair.other_product_id).where(ProductPair.product_id.in_(bought))
    query = (
        select(Product, ProductPair)
        .outerjoin(ProductPair, and_(ProductPair.other_product_id == Product.id, ProductPair.product_id.in_(bought)))
        .where(Product.on_sale, or_(Product.id.in_(candidates), Product.id.in_(goes_with)), ~_is_hidden(customer_id))
    )
    return [(product, pair) for product, pair in session.execute(query)]


def _is_hidden(customer_id: int) -> Exists:
    return exists().where(
        HiddenProduct.product_id == Product.id,
        HiddenProduct.identity_id == Identity.id,
        Identity.customer_id == customer_id,
    )
