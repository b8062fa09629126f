"""What a shop may send: one event, checked field by field."""

import json
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from bodies import Form
from crm.errors import BadInput
from crm.events import Incoming
from crm.identities import Key
from mall.forms import Id, MaybeId, Moment
from models.event import KINDS
from models.shop import Shop

MOST_PROPS = 1024  # bytes of JSON


def _kind(value: str) -> str:
    kind, colon, name = value.partition(":")
    if kind == "custom":
        if colon and 1 <= len(name) <= 32 and name.isascii() and name.replace("_", "a").isalnum():
            return value
    elif value in KINDS:
        return value
    raise ValueError(f"应为 {'、'.join(sorted(KINDS))} 之一；custom 写成 custom:名字（字母、数字、下划线，最多 32 个）")


def _small(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value and len(json.dumps(value, ensure_ascii=False).encode()) > MOST_PROPS:
        raise ValueError(f"写成 JSON 最多 {MOST_PROPS} 字节")
    return value or None


class Did(Form):
    """What somebody did, once: another with the same id changes nothing."""

    id: Id
    sku: MaybeId = None
    at: Moment
    dwell_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    props: Annotated[dict[str, Any] | None, AfterValidator(_small)] = None

    @field_validator("at")
    @classmethod
    def _is_kept(cls, value: datetime, known: ValidationInfo) -> datetime:
        assert known.context is not None, "fit(…Form, …, now=…, earliest=…)"
        if value < known.context["earliest"]:
            raise ValueError("太早了，这么久以前的行为不再收")
        return value


class EventForm(Did):
    """One event, and who it was."""

    kind: Annotated[str, AfterValidator(_kind)]
    unionid: MaybeId = None
    openid: MaybeId = None
    app: MaybeId = None
    buyer_id: MaybeId = None

    def incoming(self, shop: Shop, zone: ZoneInfo) -> Incoming:
        return Incoming.at(
            zone, self.id, self.kind, self._key(shop), self.at,
            sku=self.sku, dwell_seconds=self.dwell_seconds, props=self.props,
        )  # fmt: skip

    def _key(self, shop: Shop) -> Key:
        """The best name there is; an openid is one app's, or the shop's when it names none."""
        if self.unionid:
            return Key("unionid", "", self.unionid)
        if self.openid:
            return Key("openid", self.app or shop.name, self.openid)
        if self.buyer_id:
            return Key("buyer_id", shop.name, self.buyer_id)
        raise BadInput("不知道是谁：unionid、openid、buyer_id 至少写一个", field="unionid")
