"""What a shop may send: one order, checked field by field."""

import re
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, model_validator

from bodies import Form
from crm.orders import Incoming, Item

ORDER_VALUES, ITEM_VALUES = attrgetter(*Incoming._fields), attrgetter(*Item._fields)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_FEN = 10**12  # ¥10,000,000,000 an amount: sums of millions of them still fit 64 bits
MOST_ITEMS = 2000
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("应为带时区的时间，例如 2026-11-20T20:15:00+08:00")
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("没有这个时间") from None


def _sane(value: datetime, known: ValidationInfo) -> datetime:
    assert known.context is not None, "fit(OrderForm, …, now=…)"
    latest = known.context["now"] + timedelta(days=1)
    if not EARLIEST <= value <= latest:
        raise ValueError("应在 2000 年到明天之间")
    return value.astimezone(UTC)


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _visible(value: str) -> str:
    if value.isspace():
        raise ValueError("不能全是空格")
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(r"[0-9+*-]{6,20}", value, re.ASCII):
        raise ValueError("应为 6 到 20 位数字，可带 + - *")
    return value


Code = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_visible)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_visible)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_visible)]
# Absent, null and "" are the same: shops send all three for what they do not know.
MaybeCode = Annotated[Code | None, BeforeValidator(_empty_is_none)]
MaybeId = Annotated[Id | None, BeforeValidator(_empty_is_none)]
MaybePhone = Annotated[Annotated[str, AfterValidator(_phone)] | None, BeforeValidator(_empty_is_none)]
Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_sane)]
MaybeMoment = Annotated[Moment | None, BeforeValidator(_empty_is_none)]
Fen = Annotated[int, Field(ge=0, le=MOST_FEN)]
Pieces = Annotated[int, Field(ge=0, le=1_000_000)]


class ItemForm(Form):
    """One product of an order; `price_fen` is the price of one piece."""

    line_id: MaybeCode = None
    sku: Id
    name: Name
    category: MaybeId = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    price_fen: Fen
    refunded_quantity: Pieces = 0
    refunded_fen: Fen = 0

    @model_validator(mode="after")
    def _refund_fits(self) -> Self:
        if self.refunded_quantity > self.quantity:
            raise ValueError("refunded_quantity 不能大于 quantity")
        return self


class OrderForm(Form):
    """One order. `updated_at` is the version: an older one never overwrites a newer."""

    order_no: Code
    status: Literal["created", "paid", "shipped", "received", "completed", "cancelled", "refunded"]
    unionid: MaybeId = None
    openid: MaybeId = None
    buyer_id: MaybeId = None
    phone: MaybePhone = None
    created_at: Moment
    paid_at: MaybeMoment = None
    shipped_at: MaybeMoment = None
    received_at: MaybeMoment = None
    completed_at: MaybeMoment = None
    total_fen: Fen
    discount_fen: Fen
    shipping_fen: Fen = 0
    paid_fen: Fen
    refunded_fen: Fen
    coupon_codes: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    claim_token: MaybeId = None
    items: Annotated[list[ItemForm], Field(min_length=1, max_length=MOST_ITEMS)]
    updated_at: Moment

    @model_validator(mode="after")
    def _money_fits(self) -> Self:
        if self.refunded_fen > self.paid_fen:
            raise ValueError("refunded_fen 不能大于 paid_fen")
        if self.paid_fen and self.paid_at is None:
            raise ValueError("paid_fen 大于 0 时要有 paid_at")
        return self

    def incoming(self) -> Incoming:
        items = tuple(Item(*ITEM_VALUES(item)) for item in self.items)
        return Incoming(*ORDER_VALUES(self))._replace(items=items, coupon_codes=tuple(self.coupon_codes))
