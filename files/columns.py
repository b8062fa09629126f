"""Which column of a shop's file means what: the mapping files of `import-orders`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

SHIPPED = Path(__file__).resolve().parent / "mappings"


class FileRefused(Exception):
    """The file or its mapping cannot be read; the message says why and what to do."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Shanghai") from None
    return name


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(Section):
    """The header of each thing's column; an optional one is "" when the file has none."""

    order_no: str
    sku: str
    name: str
    quantity: str
    price: str
    ordered_at: str
    category: str = ""
    status: str = ""


class Buyer(Section):
    """Templates over the columns, such as "o{CustomerID}"; empty when a column in it is."""

    unionid: str = ""
    openid: str = ""
    buyer_id: str = ""
    phone: str = ""


class Mapping(Section):
    """How to read one kind of file. `files/mappings/orders.toml` explains every key."""

    shop: str
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    time_format: str = ""
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    fen_per_unit: int = 100
    columns: Columns
    buyer: Buyer = Buyer()
    prefixes: dict[str, str] = {}

    def missing(self, header: Sequence[str]) -> list[str]:
        """The columns this mapping wants and the file does not have."""
        return [column for column in self.columns.model_dump().values() if column and column not in header]


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


def shipped() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def matching(header: Sequence[str]) -> str:
    """The shipped mapping whose columns this header has."""
    for name in shipped():
        if not load(name).missing(header):
            return name
    raise FileRefused(
        f"认不出这个文件的列：{'、'.join(header)[:200]}。回头自己的格式还缺：{'、'.join(load('orders').missing(header))}。"
        "补上，或用 --mapping 指定映射文件，写法见 docs/mall.md"
    )
