"""What a drop's three messages say: their variables, and words that would not stay true."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.coupon_words import yuan
from crm.errors import BadInput
from models.drop import DropEdition
from models.order import Order, OrderLine

MOST_BYTES = 4000  # of a mass message's text
LINK_TITLE, LINK_WORDS = 128, 512  # bytes
ALWAYS = ("商品", "价格", "时间", "份数", "期数")
FIGURES = ("卖出", "截至")
VARIABLES = {"teaser": ALWAYS, "launch": ALWAYS, "recap": (*ALWAYS, *FIGURES)}
VARIABLE = re.compile(r"\{([^{}\n]*)\}")
PASSING = ("现在", "马上", "立刻", "刚刚")  # true at one moment; owners confirm at any
OF_THE_DAY = ("今天", "今晚", "明天", "明晚", "昨天", "昨晚")
WEEKDAYS = "一二三四五六日"
LARGEST = 999_999


@dataclass(frozen=True)
class Facts:
    """What the variables stand for. `sold` is None while nobody can say."""

    product: str
    price_fen: int
    stock: int
    number: int
    launch_at: datetime
    sold: int | None = None
    at: datetime | None = None


def check(part: str, text: str, *, sku: str) -> None:
    """Raises `BadInput` naming the part when its text could not be sent as it stands."""
    if not text.strip():
        raise BadInput("写上这条要发的话", field=part)
    for name in VARIABLE.findall(text):
        if name not in VARIABLES[part]:
            known = " ".join(f"{{{each}}}" for each in VARIABLES[part])
            raise BadInput("没有 {%(name)s} 这一项。这里能用：%(known)s", field=part, name=name[:20], known=known)
    if uses(text, "卖出") and not sku:
        raise BadInput("要写 {卖出}，先填商品编码，才知道哪些订单算数", field=part)
    if part == "recap":
        return
    for word in PASSING:
        if word in text:
            raise BadInput(
                "「%(word)s」只在这一刻是真的，群主可能晚些才点发送。写成「{时间} 开抢」就一直是真的",
                field=part,
                word=word,
            )


def check_length(part: str, text: str, facts: Facts, zone: ZoneInfo) -> None:
    if len(render(text, facts, zone).encode()) > MOST_BYTES:
        raise BadInput("填上商品和时间以后太长了，最多 4000 字节，约 1300 个汉字", field=part)


def uses(text: str, name: str) -> bool:
    return f"{{{name}}}" in text


def day_words(text: str) -> list[str]:
    """Words that are wrong as soon as an owner confirms a day later."""
    return [word for word in OF_THE_DAY if word in text]


def render(text: str, facts: Facts, zone: ZoneInfo) -> str:
    """The text with its variables filled in; a figure nobody knows stays as it is written."""
    values = {
        "商品": facts.product,
        "价格": f"¥{yuan(facts.price_fen)}",
        "时间": when(facts.launch_at, zone),
        "份数": str(facts.stock),
        "期数": str(facts.number),
        "卖出": None if facts.sold is None else str(facts.sold),
        "截至": None if facts.at is None else when(facts.at, zone),
    }
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[0], text)


def when(at: datetime, zone: ZoneInfo) -> str:
    """11 月 20 日周五 20:00: true whenever it is read."""
    local = at.astimezone(zone)
    return f"{local.month} 月 {local.day} 日周{WEEKDAYS[local.weekday()]} {local:%H:%M}"


def facts_of(edition: DropEdition, *, sold: int | None = None, at: datetime | None = None) -> Facts:
    return Facts(edition.product, edition.price_fen, edition.stock, edition.number, edition.launch_at, sold, at)


def sold(session: Session, edition: DropEdition, *, now: datetime) -> int | None:
    """Pieces in paid orders since the launch, returned ones taken off; None when no order told us anything."""
    if not edition.sku:
        return None
    pieces = (
        select(func.sum(OrderLine.quantity - OrderLine.refunded_quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.sku == edition.sku,
            Order.paid_at >= edition.launch_at,
            Order.paid_at <= now,
            Order.status != "cancelled",
        )
    )
    return session.scalar(pieces) or None


def attachments(edition: DropEdition) -> list[dict[str, Any]]:
    """The picture and the link, as far as there are any (`crm.attachments`)."""
    found: list[dict[str, Any]] = []
    if edition.media_id is not None:
        found.append({"kind": "image", "media": edition.media_id})
    if edition.url:
        title = cut(edition.product, LINK_TITLE)
        words = cut(f"¥{yuan(edition.price_fen)}，{edition.stock} 份", LINK_WORDS)
        found.append({"kind": "link", "title": title, "desc": words, "url": edition.url})
    return found


def cut(text: str, most_bytes: int) -> str:
    """As many whole characters as fit."""
    return text.encode()[:most_bytes].decode(errors="ignore")
