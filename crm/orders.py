"""Orders as the shops send them, and what a customer's orders add up to."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, delete, func, select
from sqlalchemy.orm import Session

from crm import buyers, claimed_orders, coupon_orders, erased, identity_links, persons, phones
from crm.buyers import Buyer
from crm.identities import Key
from crm.identity_links import Fact
from crm.versions import Result, keep_newest
from models.bulk import insert_rows
from models.database import share_turn
from models.order import Order, OrderLine
from models.shop import Shop
from models.vault import Vault

BATCH_ROWS = 500


class Item(NamedTuple):
    """One product of an incoming order."""

    line_id: str | None
    sku: str
    name: str
    category: str | None
    quantity: int
    price_fen: int
    refunded_quantity: int = 0
    refunded_fen: int = 0


LINE_COLUMNS = ("order_id", "position", *Item._fields)


class Incoming(NamedTuple):
    """One version of one order, as its shop sent it."""

    order_no: str
    status: str
    unionid: str | None
    openid: str | None
    buyer_id: str | None
    phone: str | None
    created_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    completed_at: datetime | None
    total_fen: int
    discount_fen: int
    shipping_fen: int
    paid_fen: int
    refunded_fen: int
    coupon_codes: tuple[str, ...]
    claim_token: str | None
    items: tuple[Item, ...]
    updated_at: datetime

    def names(self, shop: Shop) -> list[Key]:
        """Everything it says its buyer is known by, what it comes by first."""
        said = ("unionid", "", self.unionid), ("openid", shop.name, self.openid), ("buyer_id", shop.name, self.buyer_id)
        return [Key(kind, scope, value) for kind, scope, value in said if value]

    def rows(self) -> int:
        """How many rows it may write: its own, its lines, and an identity with its customer and link for each name."""
        names = sum(bool(name) for name in (self.unionid, self.openid, self.buyer_id))
        return 1 + len(self.items) + max(3 * names - 1, 0)

    def fingerprint(self, vault: Vault) -> str:
        """The same content has the same one; keyed, because a phone number is easily guessed."""
        plain = [each.timestamp() if isinstance(each, datetime) else each for each in self]
        return vault.digest(json.dumps(plain))


def batches(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """Cut into what one transaction may write: 500 rows (or one larger order), no order number twice."""
    batch: list[Incoming] = []
    numbers: set[str] = set()
    rows = 0
    for order in incoming:
        if batch and (rows + order.rows() > BATCH_ROWS or order.order_no in numbers):
            yield batch
            batch, numbers, rows = [], set(), 0
        batch.append(order)
        numbers.add(order.order_no)
        rows += order.rows()
    if batch:
        yield batch


def store(session: Session, shop: Shop, batch: Sequence[Incoming], *, vault: Vault, now: datetime) -> list[Result]:
    """Keep the newest version of each order of a batch (see `batches`); what became of each.

    The newer `updated_at` wins and, of two versions of one moment, the larger fingerprint: whatever order they come
    in and however often, the same one stays. Known buyers are linked, guests stored unlinked.
    """
    share_turn(session, claimed_orders.TURN)
    names = {order.order_no: order.names(shop) for order in batch}
    gone = erased.identities_of(session, {name for some in names.values() for name in some})
    if gone:  # an order that names somebody who was erased is theirs, and names nobody else
        names = {number: [name for name in some if name in gone][:1] or some for number, some in names.items()}
    identity_links.state(session, _named_together(batch, names, shop), now=now)
    owners = buyers.ensure(session, (some[0] for some in names.values() if some), now=now)
    rows = {}
    for order in batch:
        comes_by = next((owners[name] for name in names[order.order_no]), None)
        rows[order.order_no] = _row(order, shop, comes_by, vault, now)
    before: Mapping[str, dict[str, object]] = {}
    if claimed_orders.are_there(session):
        claimed_orders.point(session, shop, rows)
        before = claimed_orders.pointing(session, shop, rows)
        claimed_orders.keep_erased(session, rows, before)
    results, ids, new = keep_newest(session, Order, Order.order_no, shop.id, rows)
    taken = {ids[order.order_no]: order.items for order in batch if results[order.order_no] == "accepted"}
    _replace_lines(session, taken, taken.keys() - {ids[number] for number in new})
    changed = [number for number, result in results.items() if result == "accepted"]
    if seeds := claimed_orders.leads(rows[number] for number in changed) | claimed_orders.leads(before.values()):
        persons.derive(session, seeds, now=now)
    brought = {ids[order.order_no]: order.coupon_codes for order in batch if order.coupon_codes}
    coupon_orders.mark_used(session, brought, now=now)
    return [results[order.order_no] for order in batch]


def is_known(session: Session, shop: Shop, order_no: str) -> bool:
    found = select(Order.id).where(Order.shop_id == shop.id, Order.order_no == order_no)
    return session.scalar(found) is not None


def count_known(session: Session, shop: Shop, numbers: Sequence[str]) -> int:
    """How many of these orders we have, in whatever version."""
    here = select(func.count()).where(Order.shop_id == shop.id, Order.order_no.in_(numbers))
    return session.scalar(here) or 0


class Totals(NamedTuple):
    """What a customer's orders add up to, by the definitions everybody computes by."""

    spend_fen: int
    order_count: int
    last_order_at: datetime | None

    @property
    def average_fen(self) -> int | None:
        return self.spend_fen // self.order_count if self.order_count else None


def totals(session: Session, customer_id: int) -> Totals:
    """Spend, order count and when the last order that counts was paid.

    Spend is paid minus refunded over orders paid and not cancelled; an order counts when it adds to spend.
    """
    return totals_of(session, Order.customer_id == customer_id).get(customer_id, Totals(0, 0, None))


def totals_of(session: Session, whose: ColumnElement[bool]) -> dict[int, Totals]:
    """The totals of the customers whose orders are meant, by customer; who has none of these orders is left out."""
    counts = and_(Order.paid_at.is_not(None), Order.status != "cancelled")
    spend = case((counts, Order.paid_fen - Order.refunded_fen), else_=0)
    buys: ColumnElement[bool] = spend > 0
    rows = session.execute(
        select(
            Order.customer_id,
            func.sum(spend),
            func.count(case((buys, 1))),
            func.max(case((buys, Order.paid_at)), type_=Order.paid_at.type),
        )
        .where(whose, Order.customer_id.is_not(None))
        .group_by(Order.customer_id)
    )
    return {customer_id: Totals(int(spent), count, last) for customer_id, spent, count, last in rows if customer_id}


def _named_together(batch: Sequence[Incoming], names: Mapping[str, list[Key]], shop: Shop) -> list[Fact]:
    """The shop says of one order that its buyer has all these names: worth weighing, no more (decision 0009)."""
    source = f"shop:{shop.id}"
    return [
        Fact(names[order.order_no][0], other, "order_named", order.created_at, source, source)
        for order in batch
        for other in names[order.order_no][1:]
    ]


def _row(order: Incoming, shop: Shop, identity: Buyer | None, vault: Vault, now: datetime) -> dict[str, object]:
    kept = order._asdict() | (erased.order_names(vault, order._asdict()) if identity and identity.is_erased else {})
    for elsewhere in ("items", "phone", "created_at", "updated_at"):
        del kept[elsewhere]
    phone = None if identity and identity.is_erased else order.phone
    return kept | {
        "shop_id": shop.id,
        "identity_id": identity.id if identity else None,
        "customer_id": identity.customer_id if identity else None,
        "claim_id": None,
        "phone_id": None,
        "phone_sealed": vault.seal(phone) if phone else None,
        "phone_digest": phones.digest(phone, vault) if phone else None,
        "phone_kind": phones.kind_of(order.phone) if order.phone else None,
        "coupon_codes": list(order.coupon_codes),
        "ordered_at": order.created_at,
        "changed_at": order.updated_at,
        "fingerprint": order.fingerprint(vault),
        "stored_at": now,
    }


def _replace_lines(session: Session, items_by_order: Mapping[int, tuple[Item, ...]], older: Set[int]) -> None:
    """`older`: those of the orders that had lines before."""
    if older:
        gone = delete(OrderLine).where(OrderLine.order_id.in_(older))
        session.execute(gone.execution_options(synchronize_session=False))
    lines = [
        (order_id, position, *item) for order_id, items in items_by_order.items() for position, item in enumerate(items)
    ]
    insert_rows(session, OrderLine, LINE_COLUMNS, lines)
