"""The forms of a drop series and of one edition: what was typed, as a plan, and a plan as typed."""

import re
from typing import Any

from pydantic import Field

from bodies import Form
from console.amounts import fen, whole
from crm.drop_plans import Offer, Plan
from crm.errors import BadInput
from models.drop import PARTS, DropEdition, DropSeries
from words import gettext

IDS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18}){0,1999}")
ROBOT_KEY = re.compile(r"(?:https?://\S+[?&]key=)?([0-9A-Za-z_-]{8,128})")


class EditionFields(Form):
    """What one edition offers; all texts, money in yuan, the ids of groups joined by commas."""

    revision: str = Field(default="", max_length=12)
    product: str = Field(default="", max_length=200)
    sku: str = Field(default="", max_length=200)
    price: str = Field(default="", max_length=12)
    stock: str = Field(default="", max_length=12)
    url: str = Field(default="", max_length=3000)
    media_id: str = Field(default="", max_length=18)
    group: str = Field(default="", max_length=40_000)
    teaser: str = Field(default="", max_length=6000)
    launch: str = Field(default="", max_length=6000)
    recap: str = Field(default="", max_length=6000)


class SeriesFields(EditionFields):
    name: str = Field(default="", max_length=200)
    weekday: str = Field(default="5", max_length=1)
    at_time: str = Field(default="20:00", max_length=8)
    teaser_days_before: str = Field(default="1", max_length=2)
    teaser_time: str = Field(default="19:00", max_length=8)
    recap_days_after: str = Field(default="1", max_length=2)
    recap_time: str = Field(default="10:00", max_length=8)
    robot: str = Field(default="", max_length=300)
    robot_off: str = Field(default="", max_length=2)


def first_words() -> SeriesFields:
    """A new series: the usual evening, and texts that stay true."""
    return SeriesFields(
        teaser="「{商品}」{价格}，{时间} 开抢，一共 {份数} 份。",
        launch="第 {期数} 期：「{商品}」{价格}，{时间} 开抢，一共 {份数} 份。",
        recap="第 {期数} 期「{商品}」结束了，谢谢大家。",
    )


def offer_in(form: EditionFields) -> Offer:
    """What the form offers. Raises `BadInput` naming the field on the page."""
    return Offer(**_offered(form))


def plan_in(form: SeriesFields) -> Plan:
    return Plan(
        name=form.name,
        weekday=whole("weekday", form.weekday),
        at_time=form.at_time.strip(),
        teaser_days_before=whole("teaser_days_before", form.teaser_days_before),
        teaser_time=form.teaser_time.strip(),
        recap_days_after=whole("recap_days_after", form.recap_days_after),
        recap_time=form.recap_time.strip(),
        **_offered(form),
    )


def _offered(form: EditionFields) -> dict[str, Any]:
    return {
        "product": form.product,
        "sku": form.sku,
        "price_fen": fen("price", form.price),
        "stock": whole("stock", form.stock),
        "url": form.url,
        "media_id": whole("media_id", form.media_id) if form.media_id else None,
        "group_ids": tuple(ticked(form)),
        **{part: getattr(form, part) for part in PARTS},
    }


def ticked(form: EditionFields) -> list[int]:
    if form.group and not IDS.fullmatch(form.group):
        raise BadInput("请从页面上提交", field="groups")
    return [int(number) for number in form.group.split(",")] if form.group else []


def revision_in(form: EditionFields) -> int:
    return whole("revision", form.revision)


def robot_key_in(form: SeriesFields) -> str | None:
    """The key of the robot that was typed in, as its address or alone; None when none was. Never repeats the input."""
    typed = form.robot.strip()
    if not typed:
        return None
    found = ROBOT_KEY.fullmatch(typed)
    if found is None:
        raise BadInput("把消息推送的 Webhook 地址整个贴过来", field="robot")
    return found[1]


def fields_of_series(row: DropSeries) -> SeriesFields:
    texts = {part: getattr(row, part) for part in PARTS}
    return SeriesFields(
        name=row.name, weekday=str(row.weekday), at_time=row.at_time,
        teaser_days_before=str(row.teaser_days_before), teaser_time=row.teaser_time,
        recap_days_after=str(row.recap_days_after), recap_time=row.recap_time, **_typed(row), **texts,
    )  # fmt: skip


def fields_of_edition(row: DropEdition) -> EditionFields:
    return EditionFields(**_typed(row), **row.texts)


def _typed(row: DropSeries | DropEdition) -> dict[str, str]:
    return {
        "revision": str(row.revision),
        "product": row.product,
        "sku": row.sku,
        "price": f"{row.price_fen / 100:.2f}",
        "stock": str(row.stock),
        "url": row.url,
        "media_id": str(row.media_id or ""),
        "group": ",".join(map(str, row.group_ids)),
    }


def variables_hint(part: str) -> str:
    """What can stand in a text."""
    always = gettext("可以写 {商品} {价格} {时间} {份数} {期数}")
    if part == "recap":
        return gettext("%(always)s，填了商品编码还能写 {卖出} 和 {截至}", always=always)
    return gettext("%(always)s。群主可能晚些才点发送，别写「现在」", always=always)
