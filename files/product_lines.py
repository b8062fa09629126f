"""Reading a file of products line by line: the product of each line, checked as the mall checks one, or why not."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import InvalidOperation
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bodies import fit
from crm.errors import BadInput
from crm.products import Incoming
from files import cells
from files.product_columns import ProductColumns, ProductMapping
from files.refusals import FileRefused
from files.tables import Table
from mall.product_forms import ProductForm

MOST_PRODUCTS = 100_000  # their codes are remembered while the file is read, to find the one that stands there twice
FIELD_OF = {"price_fen": "price"}  # what a product's field is called in a file
YES = {"", "1", "y", "yes", "true", "是", "在售", "出售中", "销售中", "上架", "已上架", "上架中"}
NO = {"0", "n", "no", "false", "否", "下架", "已下架", "仓库中", "停售", "已停售"}


class ProductLine(NamedTuple):
    """One line of a file. Without a product, `problem` says why and `field` in which column; "" is the whole line."""

    number: int
    sku: str
    name: str
    product: Incoming | None
    field: str = ""
    problem: str = ""


def product_lines(table: Table, mapping: ProductMapping, *, now: datetime) -> Iterator[ProductLine]:
    """Every line after the header. `now` is the version of a product whose line names no time of its own.

    Raises `FileRefused` when the file cannot be read at all.
    """
    rows = table.rows()
    header = [cells.bare(name) for name in next(rows, [])]
    places = _places(mapping.columns, header)
    read = _reader(mapping, now)
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if number > MOST_PRODUCTS + 1:
            raise FileRefused(f"一份最多 {MOST_PRODUCTS:,} 个商品。分成几份再导入")
        texts = {name: cells.bare(row[place]) if place < len(row) else "" for name, place in places.items()}
        sku, name = texts["sku"], texts["name"]
        try:
            _check_width(row, len(header))
            if (first := seen.setdefault(sku, number)) != number and sku:
                raise BadInput(f"第 {first} 行已经有这个编码", field="sku")
            yield ProductLine(number, sku, name, read(texts))
        except BadInput as problem:
            yield ProductLine(number, sku[:128], name[:255], None, *_said(problem))


def _places(columns: ProductColumns, header: list[str]) -> dict[str, int]:
    chosen = {name: column for name, column in columns.model_dump().items() if column}
    if missing := [column for column in chosen.values() if column not in header]:
        raise FileRefused(f"文件里没有这些列：{'、'.join(missing)}")
    return {name: header.index(column) for name, column in chosen.items()}


def _check_width(row: list[str], width: int) -> None:
    if len(row) < width or any(row[width:]):
        raise BadInput(f"这一行有 {len(row)} 列，表头有 {width} 列")
    if any("\0" in cell for cell in row):
        raise BadInput("有读不出的字符")


def _said(problem: BadInput) -> tuple[str, str]:
    field = problem.field or ""
    return FIELD_OF.get(field, field), problem.message.removeprefix(f"{field}: ")


def _reader(mapping: ProductMapping, now: datetime) -> Callable[[dict[str, str]], Incoming]:
    seconds, zone = cells.clock("", mapping.time_zone), ZoneInfo(mapping.time_zone)

    def moment(text: str, field: str) -> datetime:
        try:
            return datetime.fromtimestamp(seconds(text), zone)
        except (ValueError, OverflowError):
            raise BadInput("应为时间，例如 2026-12-01 或 2026-12-01 20:15", field=field) from None

    def read(texts: dict[str, str]) -> Incoming:
        if cells.is_ruined(texts["sku"]):
            raise BadInput("被表格软件改成了科学计数，尾数已经丢了", field="sku")
        sent: dict[str, Any] = dict(texts)
        sent["price_fen"] = _fen(sent.pop("price"))
        if days := sent.pop("cycle_days", ""):
            sent["cycle_days"] = _days(days)
        if day := sent.pop("launch_on", ""):
            sent["launch_on"] = moment(day, "launch_on").date()
        at = sent.pop("updated_at", "")
        sent["updated_at"] = moment(at, "updated_at") if at else now
        sent["on_sale"] = _is_on_sale(sent.get("on_sale", ""))
        return fit(ProductForm, sent, now=now).incoming()

    return read


def _fen(text: str) -> int:
    try:
        return cells.fen(cells.amount(text), 100)
    except (ValueError, InvalidOperation):
        raise BadInput("应为金额，例如 19.90", field="price") from None


def _days(text: str) -> int:
    try:
        return cells.pieces(text.removesuffix("天").strip())
    except (ValueError, InvalidOperation):
        raise BadInput("应为天数，例如 30", field="cycle_days") from None


def _is_on_sale(text: str) -> bool:
    if (plain := text.lower()) not in YES | NO:
        raise BadInput("应为 在售 或 下架", field="on_sale")
    return plain in YES
