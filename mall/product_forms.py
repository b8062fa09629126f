"""What a shop may send: one product, checked field by field."""

from datetime import date
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from bodies import Form
from crm.products import Incoming
from mall.forms import Fen, Id, MaybeId, Moment, Name

VALUES = attrgetter(*Incoming._fields)


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError("应为 http:// 或 https:// 开头的网址")
    return value


def _day(value: Any) -> Any:
    if isinstance(value, date) or value is None:
        return value
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("应为日期，例如 2026-12-01")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("应为日期，例如 2026-12-01") from None


Text = StringConstraints(max_length=1024)
MaybeText = Annotated[Annotated[str, Text] | None, BeforeValidator(_empty_is_none)]
MaybeAddress = Annotated[Annotated[str, Text, AfterValidator(_address)] | None, BeforeValidator(_empty_is_none)]
MaybeDay = Annotated[date | None, BeforeValidator(_day), BeforeValidator(_empty_is_none)]


class ProductForm(Form):
    """One product. `updated_at` is the version: an older one never overwrites a newer."""

    sku: Id
    name: Name
    category: MaybeId = None
    price_fen: Fen
    image_url: MaybeAddress = None
    mini_program_path: MaybeText = None
    link_url: MaybeAddress = None
    share_text: MaybeText = None
    launch_on: MaybeDay = None
    cycle_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    care_note: MaybeText = None
    on_sale: bool = True
    updated_at: Moment

    def incoming(self) -> Incoming:
        return Incoming(*VALUES(self))
