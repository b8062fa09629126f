"""The builder's form: what was typed, as conditions, and conditions as rows to edit."""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, fit
from console.amounts import fen, whole
from crm import choices
from crm.audiences import LONGEST_LIST, Conditions
from crm.errors import BadInput
from words import gettext

ID = re.compile(r"(?<![0-9])[0-9]{1,18}(?![0-9])")
IDS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18}){0,99}")
PICKED = ("tags_all", "tags_any", "tags_none", "staff_ids")
RANGES = {"spend": "spend_fen", "orders": "orders", "days": "days_since_last"}


class Fields(Form):
    """The builder's fields, all texts; ids are joined by commas, money is in yuan."""

    name: str = Field("", max_length=60)
    revision: str = Field("", max_length=12)
    tags_all: str = Field("", max_length=2000)
    tags_any: str = Field("", max_length=2000)
    tags_none: str = Field("", max_length=2000)
    staff_ids: str = Field("", max_length=2000)
    spend_least: str = Field("", max_length=12)
    spend_most: str = Field("", max_length=12)
    orders_least: str = Field("", max_length=12)
    orders_most: str = Field("", max_length=12)
    days_least: str = Field("", max_length=12)
    days_most: str = Field("", max_length=12)


@dataclass(frozen=True)
class Row:
    """One line of the builder. `picked` are (id, name) of tags or staff, `least` and `most` the ends of a range."""

    name: str
    label: str
    how: str
    unit: str = ""
    hint: str = ""
    picked: list[tuple[int, str]] = field(default_factory=list)
    least: str = ""
    most: str = ""

    @property
    def is_range(self) -> bool:
        return self.name in RANGES

    @property
    def is_used(self) -> bool:
        return bool(self.picked or self.least or self.most)

    @property
    def ids(self) -> str:
        return ",".join(str(number) for number, _ in self.picked)


def conditions_in(form: Fields) -> Conditions:
    """What the form asks for. Raises `BadInput` naming the field on the page."""
    asked: dict[str, object] = {name: _ids(name, getattr(form, name)) for name in PICKED}
    for name, known_as in RANGES.items():
        least, most = (_end(f"{name}_{end}", getattr(form, f"{name}_{end}")) for end in ("least", "most"))
        if least is not None and most is not None and least > most:
            raise BadInput("左边的数比右边的大，换过来", field=f"{name}_least")
        if least is not None or most is not None:
            asked[known_as] = {"least": least, "most": most}
    return fit(Conditions, asked)


def _ids(name: str, text: str) -> list[int]:
    if not text:
        return []
    if not IDS.fullmatch(text):
        raise BadInput("最多选 %(n)s 个，请在页面上选", field=name, n=LONGEST_LIST)
    return list(dict.fromkeys(int(number) for number in text.split(",")))


def _end(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    return fen(name, text) if name.startswith("spend") else whole(name, text)


def fields_of(conditions: Conditions, *, name: str = "", revision: int = 0) -> Fields:
    """The form that asks for these conditions."""
    typed: dict[str, Any] = {known: ",".join(map(str, getattr(conditions, known))) for known in PICKED}
    for page_name, known_as in RANGES.items():
        ends = getattr(conditions, known_as)
        for end in ("least", "most"):
            value = getattr(ends, end) if ends else None
            typed[f"{page_name}_{end}"] = _typed(page_name, value)
    return Fields.model_construct(name=name, revision=str(revision or ""), **typed)


def _typed(name: str, value: int | None) -> str:
    if value is None:
        return ""
    return f"{value / 100:.2f}".removesuffix(".00") if name == "spend" else str(value)


def rows(session: Session, form: Fields) -> list[Row]:
    """Every line the builder knows, filled as typed; ids that are none are left out."""
    picked = {name: [int(n) for n in ID.findall(getattr(form, name))] for name in PICKED}
    tags = choices.tag_names(session, [n for name in PICKED[:3] for n in picked[name]])
    staff = choices.staff_names(session, picked["staff_ids"])
    chosen = {
        name: [(n, names[n]) for n in picked[name] if n in names]
        for name, names in (*((name, tags) for name in PICKED[:3]), ("staff_ids", staff))
    }
    ends = {name: {"least": getattr(form, f"{name}_least"), "most": getattr(form, f"{name}_most")} for name in RANGES}
    tag, of_orders = gettext("标签"), gettext("在之间")
    return [
        Row("tags_all", tag, gettext("全都有"), picked=chosen["tags_all"]),
        Row("tags_any", tag, gettext("有任一"), picked=chosen["tags_any"]),
        Row("spend", gettext("累计消费"), of_orders, unit=gettext("元"), **ends["spend"]),
        Row("orders", gettext("下单次数"), of_orders, unit=gettext("次"), **ends["orders"]),
        Row(
            "days", gettext("最近一单"), of_orders, unit=gettext("天前"),
            hint=gettext("没下过单的人不算在里面"), **ends["days"],
        ),
        Row("staff_ids", gettext("跟进同事"), gettext("其中任一"), picked=chosen["staff_ids"]),
        Row("tags_none", tag, gettext("都没有"), picked=chosen["tags_none"]),
    ]  # fmt: skip
