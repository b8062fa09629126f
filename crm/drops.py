"""Drop series (爆款日): what an operator plans, and how it changes without two people overwriting each other."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import calendars, drop_editions, drop_texts, groups
from crm.errors import BadInput, Conflict, NotFound
from models.database import changed, insert_if_absent, take_turns
from models.drop import PARTS, DropEdition, DropSeries
from models.group import Group
from models.media import Media

STATES = ("active", "paused", "ended")
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


def create(
    session: Session, plan: Plan, *, robot_key_sealed: bytes | None, by: str, now: datetime, zone: ZoneInfo
) -> DropSeries:
    """A new series; its first edition is the next such weekday and time."""
    plan = checked(session, plan, now=now, zone=zone)
    values = asdict(plan) | {"group_ids": list(plan.group_ids), "robot_key_sealed": robot_key_sealed}
    next_launch_at = calendars.next_weekly(plan.weekday, plan.at_time, zone, now)
    values |= {"next_launch_at": next_launch_at, "created_at": now, "created_by": by, "changed_at": now}
    if not insert_if_absent(session, DropSeries, **values, changed_by=by):
        raise Conflict("已经有叫「%(name)s」的爆款日了", field="name", name=plan.name)
    return session.scalars(select(DropSeries).where(DropSeries.name == plan.name)).one()


def change(
    session: Session,
    series_id: int,
    plan: Plan,
    *,
    revision: int,
    robot_key_sealed: bytes | None,
    by: str,
    now: datetime,
    zone: ZoneInfo,
) -> DropSeries:
    """Change a series. Editions already laid out that nobody touched and nothing of which has begun follow it."""
    plan = checked(session, plan, now=now, zone=zone)
    take_turns(session, "drop_series.name")
    same = select(DropSeries.id).where(DropSeries.name == plan.name, DropSeries.id != series_id)
    if session.scalar(same) is not None:
        raise Conflict("已经有叫「%(name)s」的爆款日了", field="name", name=plan.name)
    values = asdict(plan) | {"group_ids": list(plan.group_ids), "robot_key_sealed": robot_key_sealed}
    values |= {"changed_at": now, "changed_by": by, "revision": revision + 1}
    hold(session, series_id, revision, values)
    series = one(session, series_id)
    drop_editions.lay_out_anew(session, series, now=now, zone=zone)
    return series


def hold(session: Session, series_id: int, revision: int, values: dict[str, object]) -> None:
    """Change the row that the form showed. Raises `Conflict` when somebody changed it meanwhile."""
    as_shown = update(DropSeries).where(DropSeries.id == series_id, DropSeries.revision == revision).values(**values)
    if not changed(session, as_shown.execution_options(synchronize_session=False)):
        one(session, series_id)
        raise Conflict("别人刚改过，你填的是照着旧的改的。先看看现在的样子")


def set_state(
    session: Session, series_id: int, state: str, *, revision: int, by: str, now: datetime, zone: ZoneInfo
) -> DropSeries:
    """Pause, go on with, or end a series. What falls due while it is paused is not done later."""
    if state not in STATES:
        raise BadInput("没有这种状态", field="state")
    hold(session, series_id, revision, {"state": state, "changed_at": now, "changed_by": by, "revision": revision + 1})
    series = one(session, series_id)
    if state == "active":
        drop_editions.skip_what_passed(session, series, now=now, zone=zone)
    return series


def one(session: Session, series_id: int) -> DropSeries:
    found = session.scalar(
        select(DropSeries).where(DropSeries.id == series_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("没有这个爆款日")
    return found


def all_series(session: Session) -> list[DropSeries]:
    """Those that go on first, by weekday and time."""
    rows = session.scalars(select(DropSeries))
    return sorted(rows, key=lambda row: (STATES.index(row.state), row.weekday, row.at_time, row.id))


def checked(session: Session, plan: Plan, *, now: datetime, zone: ZoneInfo) -> Plan:
    """The plan with its edges trimmed. Raises `BadInput` naming the first field that cannot stand."""
    plan = replace(plan, name=plan.name.strip())
    if not 1 <= len(plan.name) <= 40:
        raise BadInput("起个名字，最多 40 个字", field="name")
    if not 1 <= plan.weekday <= 7:
        raise BadInput("选星期几", field="weekday")
    for field in ("at_time", "teaser_time", "recap_time"):
        _check_time(getattr(plan, field), field)
    for field in ("teaser_days_before", "recap_days_after"):
        if not 0 <= getattr(plan, field) <= MOST_DAYS:
            raise BadInput("0 到 %(n)s 天", field=field, n=MOST_DAYS)
    launch_at = calendars.next_weekly(plan.weekday, plan.at_time, zone, now)
    times = drop_editions.times(plan, launch_at, zone)
    if times["teaser"] + APART > launch_at:
        raise BadInput("预热至少比开抢早半小时", field="teaser_time")
    if times["recap"] < launch_at + APART:
        raise BadInput("战报至少比开抢晚半小时", field="recap_time")
    return check_offer(session, plan, launch_at=launch_at, number=LARGEST_NUMBER, zone=zone)


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
    try:
        time.fromisoformat(text)
    except ValueError:
        text = ""
    if len(text) != 5:
        raise BadInput("写成 20:00 这样的时间", field=field)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("bad:")
    is_address = parts.scheme in ("http", "https") and bool(parts.netloc) and not any(map(str.isspace, url))
    if url and (not is_address or len(url.encode()) > 2048):
        raise BadInput("链接要以 https:// 开头，最多 2048 个字符", field="url")


def _check_groups(session: Session, ids: tuple[int, ...]) -> None:
    if not ids:
        raise BadInput("选至少一个群", field="groups")
    if len(ids) > MOST_GROUPS:
        raise BadInput("最多选 %(n)s 个群", field="groups", n=MOST_GROUPS)
    if len(session.scalars(select(Group.id).where(Group.id.in_(ids))).all()) != len(ids):
        raise BadInput("有的群已经不在了，重新选一次", field="groups")


def problems(session: Session, edition: DropEdition) -> list[groups.Reachable]:
    """Its groups that nobody can send to at the moment."""
    return [each for each in groups.by_ids(session, edition.group_ids).values() if each.trouble]
