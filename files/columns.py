"""Which column of a shop's file means what: the mappings that ship, and those people make."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from files.refusals import FileRefused
from models.order import STATUSES

SHIPPED = Path(__file__).resolve().parent / "mappings"
Names = str | list[str]
"""A column's header, or several that it may have; the first that is in the file and filled counts. "" is none."""


def check_zone(name: str) -> str:
    """The name of a time zone there is."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Shanghai") from None
    return name


def _known(statuses: dict[str, str]) -> dict[str, str]:
    if unknown := set(statuses.values()) - set(STATUSES):
        raise ValueError(f"expected one of {', '.join(STATUSES)}, not {', '.join(sorted(unknown))}")
    return {plain(text): status for text, status in statuses.items()}


def plain(text: str) -> str:
    """A status as platforms write it, without the spaces and commas that come and go."""
    return "".join(letter for letter in text if letter.isalnum())


def each(names: Names) -> list[str]:
    return [name for name in ([names] if isinstance(names, str) else names) if name]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OrderColumns(Section):
    """What a file says of the whole order, on each of its lines or in a file of its own."""

    ordered_at: Names = ""
    status: Names = ""
    paid: Names = ""
    shipping: Names = ""
    refunded: Names = ""
    after_sale: Names = ""
    paid_at: Names = ""
    shipped_at: Names = ""
    received_at: Names = ""
    completed_at: Names = ""


class Columns(OrderColumns):
    """The header of each thing's column. `amount` is a line's whole price, where a piece's is not told."""

    order_no: Names
    sku: Names
    name: Names
    quantity: Names
    price: Names = ""
    amount: Names = ""
    category: Names = ""


class HeadColumns(OrderColumns):
    order_no: Names


class Buyer(Section):
    """Templates over the columns, such as "o{CustomerID}"; empty when a column in it is, or is masked by stars."""

    unionid: str = ""
    openid: str = ""
    buyer_id: str = ""
    phone: str = ""


class Mapping(Section):
    """How to read one kind of file. `files/mappings/orders.toml` explains every key."""

    shop: str
    title: str = ""
    encoding: str = ""
    delimiter: str = ""
    time_format: str = ""
    time_zone: Annotated[str, AfterValidator(check_zone)] = "Asia/Shanghai"
    fen_per_unit: int = Field(default=100, ge=1, le=100)
    columns: Columns
    orders_file: HeadColumns | None = None  # the columns of the second file, where the platform makes two
    per_line: list[str] = []  # which of paid, shipping, refunded are of the line, not of the whole order
    buyer: Buyer = Buyer()
    statuses: Annotated[dict[str, str], AfterValidator(_known)] = {}
    refunds: list[str] = []  # what `after_sale` says when the line's money went back
    prefixes: dict[str, str] = {}

    @cached_property
    def tells_more(self) -> bool:
        """Whether anything is said of an order besides its lines: what was paid, and when."""
        names = set(OrderColumns.model_fields) - {"ordered_at", "status", "after_sale"}
        return bool(self.orders_file) or any(each(getattr(self.columns, name)) for name in names)

    def missing(self, header: Sequence[str]) -> list[str]:
        """What has to be there and the file of lines does not have: of several names of a column, the first."""
        columns = self.columns
        wanted = [
            columns.order_no,
            columns.quantity,
            columns.price or columns.amount,
            [*each(columns.sku), *each(columns.name)],
        ]
        wanted += [] if self.orders_file else [columns.ordered_at]
        if not self.title:  # made for one file: whatever it names is there
            wanted += [names for names in columns.model_dump().values() if names]
        return list(dict.fromkeys(self._lacking(wanted, header)))

    def missing_in_orders_file(self, header: Sequence[str]) -> list[str]:
        assert self.orders_file is not None
        wanted = [self.orders_file.order_no, self.orders_file.ordered_at, self.orders_file.status]
        return list(self._lacking(wanted, header))

    @staticmethod
    def _lacking(wanted: Sequence[Names], header: Sequence[str]) -> Iterator[str]:
        for names in wanted:
            if not any(name in header for name in each(names)):
                yield next(iter(each(names)), "（没有写）")

    def fits(self, header: Sequence[str]) -> int:
        """How many of the columns are in the file."""
        return sum(any(name in header for name in each(names)) for names in self.columns.model_dump().values())


class Match(NamedTuple):
    """A mapping, by name, and which of its files this is."""

    name: str
    is_orders_file: bool = False


def load(name_or_path: str) -> Mapping:
    """A mapping that ships with Huitou, by name, or one of the shop's own, by path."""
    path = SHIPPED / f"{name_or_path}.toml"
    if "/" in name_or_path or "\\" in name_or_path or not path.exists():
        path = Path(name_or_path)
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError:
        raise FileRefused(f"没有叫 {name_or_path} 的映射。自带的有：{'、'.join(shipped())}，或给出文件路径") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise FileRefused(f"{path.name} 不是 TOML：{problem}") from None
    except ValidationError as problem:
        error = problem.errors()[0]
        raise FileRefused(f"{path.name}: {'.'.join(map(str, error['loc']))}: {error['msg']}") from None


@cache
def preset(name: str) -> Mapping:
    """One that ships; these do not change while the program runs."""
    return load(name)


def shipped() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def guessed(header: Sequence[str]) -> Match | None:
    """The shipped mapping that knows most columns of this header, or has it as its file of orders."""
    fitting = [name for name in shipped() if not preset(name).missing(header)]
    if fitting:
        return Match(max(fitting, key=lambda name: preset(name).fits(header)))
    for name in shipped():
        if preset(name).orders_file and not preset(name).missing_in_orders_file(header):
            return Match(name, is_orders_file=True)
    return None


def matching(header: Sequence[str]) -> str:
    """The shipped mapping for this header. Raises `FileRefused` when there is none."""
    found = guessed(header)
    if found is None:
        raise FileRefused(
            f"认不出这个文件的列：{'、'.join(header)[:200]}。回头自己的格式还缺：{'、'.join(preset('orders').missing(header))}。"
            "补上，或用 --mapping 指定映射文件，写法见 docs/imports.md"
        )
    if found.is_orders_file:
        raise FileRefused(f"这是{preset(found.name).title}的订单文件，里面没有商品。把宝贝（商品明细）文件一起给")
    return found.name
