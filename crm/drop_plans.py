"""What an operator plans: one edition's offer, a whole series, and what of it cannot stand."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import attachments, calendars, drop_editions, drop_texts
from crm.errors import BadInput
from models.drop import PARTS
from models.group import Group
from models.media import Media

MOST_DAYS, MOST_GROUPS, MOST_FEN, MOST_PIECES = 6, 2000, 100_000_00, 1_000_000
APART = timedelta(minutes=30)  # the teaser's cards to owners come so long after it
LARGEST_NUMBER = 9999  # texts must fit with this many digits for the edition, too


@dataclass(frozen=True)
class Offer:
    """What an edition offers to whom, in which words."""

    product: str
    sku: str
    price_fen: int
    stock: int
    url: str
    media_id: int | None
    group_ids: tuple[int, ...]
    teaser: str
    launch: str
    recap: str


Offered = TypeVar("Offered", bound=Offer)


@dataclass(frozen=True)
class Plan(Offer):
    """A whole series as an operator fills it in."""

    name: str
    weekday: int
    at_time: str
    teaser_days_before: int
    teaser_time: str
    recap_days_after: int
    recap_time: str


def checked(session: Session, plan: Plan, *, now: datetime, zone: ZoneInfo) -> Plan:
    """The plan with its edges trimmed. Raises `BadInput` naming the first field that cannot stand."""
    plan = replace(plan, name=plan.name.strip())
    if not 1 <= len(plan.name) <= 40:
        raise BadInput("起个名字，最多 40 个字", field="name")
    check_times(plan)
    launch_at = calendars.next_weekly(plan.weekday, plan.at_time, zone, now)
    times = drop_editions.times(plan, launch_at, zone)
    if times["teaser"] + APART > launch_at:
        raise BadInput("预热至少比开抢早半小时", field="teaser_time")
    if times["recap"] < launch_at + APART:
        raise BadInput("战报至少比开抢晚半小时", field="recap_time")
    return check_offer(session, plan, launch_at=launch_at, number=LARGEST_NUMBER, zone=zone)


def check_times(plan: Plan) -> None:
    """Raises `BadInput` naming the first time that is none."""
    if not 1 <= plan.weekday <= 7:
        raise BadInput("选星期几", field="weekday")
    for field in ("at_time", "teaser_time", "recap_time"):
        _check_time(getattr(plan, field), field)
    for field in ("teaser_days_before", "recap_days_after"):
        if not 0 <= getattr(plan, field) <= MOST_DAYS:
            raise BadInput("0 到 %(n)s 天", field=field, n=MOST_DAYS)


def check_offer(session: Session, offer: Offered, *, launch_at: datetime, number: int, zone: ZoneInfo) -> Offered:
    offer = replace(
        offer, product=offer.product.strip(), sku=offer.sku.strip(), url=offer.url.strip(),
        group_ids=tuple(sorted(set(offer.group_ids))),
    )  # fmt: skip
    if not 1 <= len(offer.product) <= 60:
        raise BadInput("写商品的名字，最多 60 个字", field="product")
    if len(offer.sku) > 64:
        raise BadInput("商品编码最多 64 个字符", field="sku")
    if not 1 <= offer.price_fen <= MOST_FEN:
        raise BadInput("价格在 0.01 元到 10 万元之间", field="price")
    if not 1 <= offer.stock <= MOST_PIECES:
        raise BadInput("份数在 1 到 100 万之间", field="stock")
    _check_url(offer.url)
    media = session.get(Media, offer.media_id) if offer.media_id is not None else None
    if offer.media_id is not None and (media is None or media.kind != "image"):
        raise BadInput("没有这张图片，重新传一张", field="media_id")
    _check_groups(session, offer.group_ids)
    facts = drop_texts.Facts(
        offer.product, offer.price_fen, offer.stock, number, launch_at, drop_texts.LARGEST, launch_at
    )
    for part in PARTS:
        text = getattr(offer, part)
        drop_texts.check(part, text, sku=offer.sku)
        drop_texts.check_length(part, text, facts, zone)
    return offer


def _check_time(text: str, field: str) -> None:
    if not calendars.CLOCK.fullmatch(text):
        raise BadInput("写成 20:00 这样的时间", field=field)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("bad:")
    is_address = bool(parts.netloc) and re.match(attachments.ADDRESS, url) is not None
    if url and (not is_address or len(url.encode()) > 2048):
        raise BadInput("链接要以 https:// 开头，最多 2048 个字符", field="url")


def _check_groups(session: Session, ids: tuple[int, ...]) -> None:
    if not ids:
        raise BadInput("选至少一个群", field="groups")
    if len(ids) > MOST_GROUPS:
        raise BadInput("最多选 %(n)s 个群", field="groups", n=MOST_GROUPS)
    if len(session.scalars(select(Group.id).where(Group.id.in_(ids))).all()) != len(ids):
        raise BadInput("有的群已经不在了，重新选一次", field="groups")
