"""Reading a shop's export line by line: what each line is, or why it is skipped. Nothing is kept in memory."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from files import cells
from files.columns import Mapping, each, plain
from files.heads import Head, Misread, cell_of, head_reader, money_of, read_number
from files.refusals import FileRefused
from files.tables import Table

SALE, RETURN = "sale", "return"
BETWEEN = "\x1f"
DRESSED = re.compile(rf"(?:^|{BETWEEN})[\s=']|\s(?:{BETWEEN}|$)")
"""A row with a cell that `cells.bare` would change: one look for all of them."""


class Line(NamedTuple):
    """One line of a file. `kind` is sale, return or the reason to skip it, `remark` what was wrong with it."""

    number: int
    kind: str
    remark: str | None = None
    sku: str = ""
    name: str = ""
    category: str | None = None
    quantity: int = 0
    price: str | None = None  # as it was written, where that is not whole fen
    price_fen: int = 0
    returned: int = 0
    head: Head = Head()


class Staged(NamedTuple):
    """One line of an order that is put together: its own, and what it says of the order."""

    order_no: str
    status: str
    at: int
    sku: str
    name: str
    category: str | None
    quantity: int
    price_fen: int
    returned: int
    refunded_fen: int
    changed_at: int | None
    unionid: str | None
    openid: str | None
    buyer_id: str | None
    phone: str | None
    paid: int | None
    shipping: int | None
    refunded: int | None
    paid_at: int | None
    shipped_at: int | None
    received_at: int | None
    completed_at: int | None


def lines(table: Table, mapping: Mapping) -> Iterator[Line]:
    """Every line after the header, in the file's order. Raises `FileRefused` when the file cannot be read at all."""
    rows = table.rows()
    header = [cells.bare(name) for name in next(rows, [])]
    if missing := mapping.missing(header):
        raise FileRefused(f"文件里没有这些列：{'、'.join(missing)}")
    read, width = _reader(header, mapping), len(header)
    for number, row in enumerate(rows, start=2):
        try:
            yield read(number, _fitted(row, width))
        except Misread as problem:
            yield Line(number, problem.kind, problem.remark)


def heads(table: Table, mapping: Mapping) -> Iterator[tuple[int, Head | Misread]]:
    """Every order of the second file, with its line's number; or why it cannot be read."""
    assert mapping.orders_file is not None
    rows = table.rows()
    header = [cells.bare(name) for name in next(rows, [])]
    if missing := mapping.missing_in_orders_file(header):
        raise FileRefused(f"订单文件里没有这些列：{'、'.join(missing)}")
    read, width = head_reader(mapping.orders_file.model_dump(), header, mapping), len(header)
    for number, row in enumerate(rows, start=2):
        try:
            yield number, read(_fitted(row, width))
        except Misread as problem:
            yield number, problem


def _fitted(row: list[str], width: int) -> list[str]:
    """The row, as long as the header: an empty cell too many is none."""
    if len(row) != width:
        if len(row) < width or any(row[width:]):
            raise Misread("unreadable", f"这一行有 {len(row)} 列，表头有 {width} 列")
        del row[width:]
    together = BETWEEN.join(row)
    if "\0" in together:
        raise Misread("unreadable", "有读不出的字符")
    return [cells.bare(cell) for cell in row] if DRESSED.search(together) else row


def _reader(header: list[str], mapping: Mapping) -> Callable[[int, list[str]], Line]:
    columns = mapping.columns.model_dump()
    head = head_reader(columns, header, mapping, needs_time=mapping.orders_file is None)
    sku_of, name_of, category_of = (cell_of(columns[name], header) for name in ("sku", "name", "category"))
    quantity_of, price_of, amount_of = (cell_of(columns[name], header) for name in ("quantity", "price", "amount"))
    back_of = cell_of(columns["after_sale"], header)
    is_whole = not any(name in header for name in each(mapping.columns.price))
    may_be_free = bool(mapping.orders_file) or any(name in header for name in each(mapping.columns.paid))
    refunds = {plain(words) for words in mapping.refunds}
    prefixes = tuple(mapping.prefixes.items())
    money = money_of(mapping.fen_per_unit)

    def read(number: int, row: list[str]) -> Line:
        of_order = head(row)
        order_no = of_order.order_no
        quantity = read_number(cells.pieces, quantity_of(row), "件数")
        price, price_fen, shown = money(amount_of(row) if is_whole else price_of(row), quantity if is_whole else 1)
        if abs(quantity * price_fen) > cells.MOST:
            raise Misread("unreadable", "金额太大")
        named = next((kind for prefix, kind in prefixes if order_no.startswith(prefix)), SALE)
        name, sku = name_of(row), sku_of(row)
        return Line(
            number,
            _kind(named, quantity, price, may_be_free=may_be_free),
            None,
            sku or name[:128],
            name or sku,
            category_of(row) or None,
            quantity,
            shown,
            price_fen,
            quantity if refunds and plain(back_of(row)) in refunds else 0,
            of_order,
        )

    return read


def _kind(named: str, quantity: int, price: Decimal, *, may_be_free: bool) -> str:
    """`may_be_free`: whether a gift may stand among the lines, because the order says what it cost."""
    if named == RETURN:
        return RETURN if quantity < 0 and price > 0 else "return_without_pieces"
    if named != SALE:
        return named
    if quantity <= 0:
        return "stock_correction"
    return SALE if price > 0 or (may_be_free and price == 0) else "no_price"
