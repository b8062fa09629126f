"""The form of a coupon batch: what was typed, as its terms."""

import re
from datetime import timedelta

from pydantic import Field

from bodies import Form
from console.amounts import fen, midnight, whole
from crm.coupon_batches import Terms
from crm.errors import BadInput

TENTHS = re.compile(r"([1-9])(?:\.([0-9]))?|0\.([1-9])", re.ASCII)
ON_THE_PAGE = {"value_fen": "value", "threshold_fen": "threshold", "pays_percent": "tenths", "audience_id": "audience"}


class NewBatch(Form):
    name: str = Field(max_length=64)
    kind: str = Field("amount", max_length=16)
    value: str = Field("", max_length=12)
    tenths: str = Field("", max_length=4)
    gift: str = Field("", max_length=64)
    threshold: str = Field("", max_length=12)
    skus: str = Field("", max_length=7000)
    categories: str = Field("", max_length=7000)
    total: str = Field("", max_length=12)
    per_customer: str = Field(max_length=12)
    per_staff_day: str = Field("", max_length=12)
    audience: str = Field("", max_length=18)
    valid_days: str = Field("", max_length=12)
    valid_from: str = Field("", max_length=10)
    valid_until: str = Field("", max_length=10)
    stackable: str = Field("", max_length=3)
    source: str = Field("own", max_length=16)
    link_url: str = Field("", max_length=1100)
    returns_on_refund: str = Field("", max_length=3)
    remind_days: str = Field("", max_length=4)

    def terms(self) -> Terms:
        """Raises `BadInput` naming the field on the page."""
        by_dates = bool(self.valid_until)
        ends = midnight("valid_until", self.valid_until) + timedelta(days=1) if by_dates else None
        begins = midnight("valid_from", self.valid_from) if by_dates and self.valid_from else None
        return Terms(
            name=self.name,
            kind=self.kind,
            value_fen=fen("value", self.value) if self.kind == "amount" else 0,
            pays_percent=_percent(self.tenths) if self.kind == "percentage" else None,
            gift=self.gift.strip() if self.kind == "gift" else "",
            threshold_fen=fen("threshold", self.threshold or "0"),
            skus=_lines(self.skus),
            categories=_lines(self.categories),
            total=0 if self.source == "pool" else whole("total", self.total),
            per_customer=whole("per_customer", self.per_customer),
            per_staff_day=_maybe("per_staff_day", self.per_staff_day),
            audience_id=_maybe("audience", self.audience),
            valid_days=None if by_dates else whole("valid_days", self.valid_days),
            valid_from=begins,
            valid_until=ends,
            stackable=self.stackable == "yes",
            source=self.source,
            link_url=self.link_url.strip() if self.source in ("link", "youzan") else "",
            returns_on_refund=self.returns_on_refund == "yes",
            remind_days=_maybe("remind_days", self.remind_days),
        )


def _maybe(field: str, text: str) -> int | None:
    return whole(field, text) if text.strip() else None


def _percent(tenths: str) -> int:
    """8.8 折 → 88: what is left to pay."""
    found = TENTHS.fullmatch(tenths.strip())
    if found is None:
        raise BadInput("写 0.1 到 9.9 折", field="tenths")
    return int(found[3]) if found[3] else int(found[1]) * 10 + int(found[2] or 0)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
