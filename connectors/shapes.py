"""What every platform's orders become, how a push looks, and what a connector can do."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from connectors.errors import Misfit

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_FEN, MOST_PIECES, MOST_ITEMS = 10**12, 10**6, 2000
MONEY = ("total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen")
MOMENTS = ("created_at", "paid_at", "shipped_at", "received_at", "completed_at", "updated_at")


class PlatformItem(NamedTuple):
    """One product of an order; the fields are those of `POST /mall/orders`."""

    line_id: str | None
    sku: str
    name: str
    category: str | None
    quantity: int
    price_fen: int
    refunded_quantity: int = 0
    refunded_fen: int = 0


class PlatformOrder(NamedTuple):
    """One version of an order; the fields are those of `POST /mall/orders`."""

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
    items: tuple[PlatformItem, ...]
    updated_at: datetime


class Push(NamedTuple):
    """One HTTP request of a platform, as it came; the names of its headers in small letters."""

    args: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Pushed(NamedTuple):
    """A push that is genuine: what to keep, when to look at it first, and what the platform wants to be answered."""

    key: str  # of this message, however often it is sent
    kind: str
    body: bytes
    wait_seconds: int = 0
    answer: str = "success"
    mimetype: str = "text/plain"


class Failed(NamedTuple):
    """An order of a page that does not fit: kept whole, so that it can be mapped again once we know better."""

    body: bytes
    field: str


class Page(NamedTuple):
    """Some orders, of a window or of a message; no cursor when there are no more."""

    orders: list[PlatformOrder]
    failed: Sequence[Failed] = ()
    cursor: str | None = None


class Connector(Protocol):
    """One shop on one platform. Every call raises `connectors.errors`; a failed one may be repeated."""

    def read_push(self, push: Push) -> Pushed:
        """Verify; no network. Raises `BadPush`."""

    def orders_of(self, kind: str, body: bytes) -> Page:
        """The orders a kept message is about; asks the platform where the message only names them."""

    def pull(self, since: datetime, until: datetime, cursor: str | None) -> Page:
        """One page of the orders that changed in this window."""

    def unionid_of(self, buyer_id: str) -> str | None:
        """The unionid of a buyer its orders name by an id of the platform's own; None when it tells none."""


ORDER = "order"
"""The kind of a message that holds one order as the platform's list shows it."""


def checked(order: PlatformOrder, *, now: datetime) -> PlatformOrder:
    """The order, when it can be stored. Raises `Misfit` naming our field that cannot be right."""
    if not 1 <= len(order.items) <= MOST_ITEMS:
        raise Misfit("items")
    for name in MOMENTS:
        moment = getattr(order, name)
        if moment is not None and not EARLIEST <= moment <= now + timedelta(days=1):
            raise Misfit(name)
    for name in MONEY:
        if not 0 <= getattr(order, name) <= MOST_FEN:
            raise Misfit(name)
    if order.refunded_fen > order.paid_fen:
        raise Misfit("refunded_fen")
    if order.paid_fen and order.paid_at is None:
        raise Misfit("paid_at")
    for number, item in enumerate(order.items):
        if not 1 <= item.quantity <= MOST_PIECES or not 0 <= item.refunded_quantity <= item.quantity:
            raise Misfit(f"items.{number}.quantity")
        if not 0 <= item.price_fen <= MOST_FEN or not 0 <= item.refunded_fen <= MOST_FEN:
            raise Misfit(f"items.{number}.price_fen")
    return order


def discount(total_fen: int, shipping_fen: int, paid_fen: int) -> tuple[int, int]:
    """Total and discount so that total - discount + shipping is what is paid; a price put up raises the total."""
    gap = total_fen + shipping_fen - paid_fen
    return (total_fen, gap) if gap >= 0 else (total_fen - gap, 0)
