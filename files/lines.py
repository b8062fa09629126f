"""Reading a shop's export line by line: what each line is, or why it is skipped. Nothing is kept in memory."""

import csv
import gzip
import string
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from files.columns import FileRefused, Mapping

SALE, RETURN = "sale", "return"
MOST = 10**12  # pieces, or units of money: more is a slip, and would not fit a column


class Line(NamedTuple):
    """One line of the file. `kind` is sale, return or the reason to skip it; the price is kept as it was written."""

    number: int
    kind: str
    order_no: str = ""
    sku: str = ""
    name: str = ""
    category: str | None = None
    status: str = ""
    quantity: int = 0
    price: str = "0"
    price_fen: int = 0
    at: int = 0  # Unix seconds
    unionid: str | None = None
    openid: str | None = None
    buyer_id: str | None = None
    phone: str | None = None


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when they are gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def header(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[str]:
    """The names of the columns; enough to tell which mapping fits."""
    try:
        with opened(path) as file:
            first = file.readline(100_000)
    except (EOFError, OSError) as problem:
        raise FileRefused(f"文件读不下去：{problem}") from None
    return next(csv.reader([first.decode(encoding, "replace")], delimiter=delimiter), [])


def lines(path: Path, mapping: Mapping) -> Iterator[Line]:
    """Every line after the header, in the file's order. Raises `FileRefused` when the file cannot be read at all."""
    try:
        with opened(path) as file:
            text = (raw.decode(mapping.encoding) for raw in file)
            rows = csv.reader(text, delimiter=mapping.delimiter)
            columns = next(rows, [])
            if missing := mapping.missing(columns):
                raise FileRefused(f"文件里没有这些列：{'、'.join(missing)}")
            read = _reader(columns, mapping)
            for number, row in enumerate(filter(None, rows), start=2):  # an empty line is no line
                yield read(number, row)
    except UnicodeDecodeError:
        raise FileRefused(f"文件不是 {mapping.encoding} 编码。在映射里用 encoding 写明") from None
    except (csv.Error, EOFError, OSError) as problem:
        raise FileRefused(f"文件读不下去：{problem}") from None


def _reader(columns: list[str], mapping: Mapping) -> Callable[[int, list[str]], Line]:
    place = {name: columns.index(column) for name, column in mapping.columns.model_dump().items() if column}
    buyers = [_template(template, columns) for template in mapping.buyer.model_dump().values()]
    seconds, fen = _clock(mapping), _fen(mapping.fen_per_unit)
    prefixes = tuple(mapping.prefixes.items())

    def read(number: int, row: list[str]) -> Line:
        if len(row) != len(columns) or "\0" in "".join(row):
            return Line(number, "unreadable")
        value = {name: row[index] for name, index in place.items()}
        try:
            quantity, price_fen, at = _pieces(value["quantity"]), fen(value["price"]), seconds(value["ordered_at"])
        except (ValueError, OverflowError, InvalidOperation):
            return Line(number, "unreadable")
        order_no = value["order_no"]
        named = next((kind for prefix, kind in prefixes if order_no.startswith(prefix)), SALE)
        return Line(
            number,
            _kind(named, quantity, Decimal(value["price"])),
            order_no,
            value["sku"],
            value["name"] or value["sku"],
            value.get("category") or None,
            value.get("status", ""),
            quantity,
            value["price"],
            price_fen,
            at,
            *(buyer(row) for buyer in buyers),
        )

    return read


def _kind(named: str, quantity: int, price: Decimal) -> str:
    if named == RETURN:
        return RETURN if quantity < 0 and price > 0 else "return_without_pieces"
    if named != SALE:
        return named
    if quantity <= 0:
        return "stock_correction"
    return SALE if price > 0 else "no_price"


def _template(template: str, columns: list[str]) -> Callable[[Sequence[str]], str | None]:
    wanted = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    if not wanted or any(name not in columns for name in wanted):
        return lambda row: None
    indexes = [columns.index(name) for name in wanted]

    @lru_cache(maxsize=20_000)
    def filled(*values: str) -> str | None:
        return template.format(**dict(zip(wanted, values, strict=True))) if all(values) else None

    return lambda row: filled(*(row[index].strip() for index in indexes))


def _pieces(text: str) -> int:
    count = int(text)
    if abs(count) > MOST:
        raise ValueError(text)
    return count


def _clock(mapping: Mapping) -> Callable[[str], int]:
    zone = ZoneInfo(mapping.time_zone)

    @lru_cache(maxsize=20_000)
    def seconds(text: str) -> int:
        form = mapping.time_format
        moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).timestamp())

    return seconds


def _fen(per_unit: int) -> Callable[[str], int]:
    @lru_cache(maxsize=20_000)
    def fen(text: str) -> int:
        price = Decimal(text)
        if not price.is_finite() or abs(price) > MOST:
            raise ValueError(text)
        return int((price * per_unit).to_integral_value(ROUND_HALF_UP))

    return fen
