"""What a row says of the whole order, and how its cells are read."""

import string
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from files import cells
from files.columns import Mapping, Names, each, plain
from models.order import STATUSES

BUYER = ("unionid", "openid", "buyer_id", "phone")
MONEY = ("paid", "shipping", "refunded")
MOMENTS = ("paid_at", "shipped_at", "received_at", "completed_at")
LONGEST_REMARK = 200


class Head(NamedTuple):
    """What a file says of a whole order, as far as it says anything; money in fen, times in Unix seconds."""

    order_no: str = ""
    status: str = ""
    at: int | None = None
    unionid: str | None = None
    openid: str | None = None
    buyer_id: str | None = None
    phone: str | None = None
    paid: int | None = None
    shipping: int | None = None
    refunded: int | None = None
    paid_at: int | None = None
    shipped_at: int | None = None
    received_at: int | None = None
    completed_at: int | None = None


class Misread(Exception):
    """A line that cannot be read: the reason to skip it, and what was wrong."""

    def __init__(self, kind: str, remark: str) -> None:
        super().__init__(remark)
        self.kind, self.remark = kind, remark[:LONGEST_REMARK]


def head_reader(
    columns: dict[str, Any], header: list[str], mapping: Mapping, *, needs_time: bool = True
) -> Callable[[list[str]], Head]:
    """Reads what a row says of the whole order."""
    order_no_of, status_of, at_of = (cell_of(columns[name], header) for name in ("order_no", "status", "ordered_at"))
    buyers = [_template(template, header) for template in mapping.buyer.model_dump().values()]
    money = [(name, cell_of(columns[name], header)) for name in MONEY]
    moments = [(name, cell_of(columns[name], header)) for name in MOMENTS]
    has_more = any(_is_there(columns[name], header) for name in (*MONEY, *MOMENTS))
    status, seconds = _statuses(mapping), cells.clock(mapping.time_format, mapping.time_zone)
    fen_of = money_of(mapping.fen_per_unit)
    nothing: tuple[int | None, ...] = (None,) * (len(MONEY) + len(MOMENTS))

    def read(row: list[str]) -> Head:
        order_no = order_no_of(row)
        if cells.is_ruined(order_no):
            raise Misread(
                "ruined_number",
                f"订单号 {order_no} 后几位被表格软件丢了。从平台重新导出，不要用它另存",
            )
        at = at_of(row)
        if needs_time and not at:
            raise Misread("unreadable", "没有下单时间")
        more = nothing
        if has_more:
            fens = [fen_of(text, 1)[1] if (text := cell(row)) else None for _, cell in money]
            times = [read_number(seconds, text, "时间") if (text := cell(row)) else None for _, cell in moments]
            more = (*fens, *times)
        unionid, openid, buyer_id, phone = (buyer(row) for buyer in buyers)
        return Head(
            order_no, status(status_of(row)), read_number(seconds, at, "时间") if at else None,
            unionid, openid, None if buyer_id and "*" in buyer_id else buyer_id, cells.phone(phone) if phone else None,
            *more,
        )  # fmt: skip

    return _read_once(read, _places(columns, header, mapping))


def _read_once(read: Callable[[list[str]], Head], places: list[int]) -> Callable[[list[str]], Head]:
    """The lines of an order mostly follow each other and say the same of it: then what was read last is it."""
    cells_of, said, head = itemgetter(*places), None, Head()

    def reading(row: list[str]) -> Head:
        nonlocal said, head
        found = cells_of(row)
        if found != said:
            head = read(row)
            said = found
        return head

    return reading


def _places(columns: dict[str, Any], header: list[str], mapping: Mapping) -> list[int]:
    """Where everything stands that a row says of the whole order."""
    names = {name for field in ("order_no", "status", "ordered_at", *MONEY, *MOMENTS) for name in each(columns[field])}
    for template in mapping.buyer.model_dump().values():
        names |= set(_wanted(template, header))
    return [place for place, name in enumerate(header) if name in names]


def read_number(convert: Callable[[str], int], text: str, what: str) -> int:
    try:
        return convert(text)
    except (ValueError, OverflowError, InvalidOperation):
        raise Misread("unreadable", f"{what}读不懂：{text}") from None


def _statuses(mapping: Mapping) -> Callable[[str], str]:
    known = mapping.statuses

    def status(text: str) -> str:
        if not text or text in STATUSES:
            return text
        found = known.get(plain(text))
        if found is None:
            raise Misread("unknown_status", f"不认识的订单状态：{text}")
        return found

    return lru_cache(maxsize=1000)(status)


def _is_there(names: Names, header: Sequence[str]) -> bool:
    return any(name in header for name in each(names))


def cell_of(names: Names, header: list[str]) -> Callable[[list[str]], str]:
    """What stands in the first of these columns that is there and filled."""
    places = [header.index(name) for name in each(names) if name in header]
    if not places:
        return lambda row: ""
    if len(places) == 1:
        return itemgetter(places[0])
    return lambda row: next(filter(None, (row[place] for place in places)), "")


def _template(template: str, columns: list[str]) -> Callable[[Sequence[str]], str | None]:
    wanted = _wanted(template, columns)
    if not wanted or any(name not in columns for name in wanted):
        return lambda row: None
    indexes = [columns.index(name) for name in wanted]
    if template == f"{{{wanted[0]}}}":
        return lambda row: row[indexes[0]] or None

    @lru_cache(maxsize=20_000)
    def filled(*values: str) -> str | None:
        return template.format(**dict(zip(wanted, values, strict=True))) if all(values) else None

    return lambda row: filled(*[row[index] for index in indexes])


def _wanted(template: str, columns: Sequence[str]) -> list[str]:
    """The columns of a template. One in braces is that column, whatever signs a file has in its name."""
    if template[1:-1] in columns and template == f"{{{template[1:-1]}}}":
        return [template[1:-1]]
    try:
        return [name for _, name, _, _ in string.Formatter().parse(template) if name]
    except ValueError:
        return []


def money_of(per_unit: int) -> Callable[[str, int], tuple[Decimal, int, str | None]]:
    """An amount over so many pieces: exact, in fen, and as it was written where the two differ."""

    @lru_cache(maxsize=20_000)
    def money(text: str, over: int) -> tuple[Decimal, int, str | None]:
        try:
            price = cells.amount(text) / (over or 1)
        except (ValueError, InvalidOperation):
            raise Misread("unreadable", f"金额读不懂：{text}") from None
        price_fen = cells.fen(price, per_unit)
        return price, price_fen, None if price * per_unit == price_fen else str(price)

    return money
