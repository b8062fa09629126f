"""Coupon batches: what is offered, checked field by field; closing one, and the codes other systems made for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm.coupon_words import yuan
from crm.errors import BadInput, Conflict, NotFound
from models.audience import Audience
from models.coupon import KINDS, SOURCES, Coupon, CouponBatch, CouponCode
from models.database import insert_many_if_absent

MOST_FEN = 100_000_00
MOST_COPIES = 1_000_000
MOST_DAYS = 365
MOST_NAMED = 50  # SKUs or categories of one batch
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Terms:
    """What a batch promises and to whom. A threshold of 0 means none; no SKU and no category means everything."""

    name: str
    total: int
    per_customer: int
    kind: str = "amount"
    value_fen: int = 0
    pays_percent: int | None = None
    gift: str = ""
    threshold_fen: int = 0
    skus: Sequence[str] = ()
    categories: Sequence[str] = ()
    per_staff_day: int | None = None
    audience_id: int | None = None
    valid_days: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    stackable: bool = False
    source: str = "own"
    link_url: str = ""
    returns_on_refund: bool = False
    remind_days: int | None = None


def create_batch(session: Session, terms: Terms, *, now: datetime) -> CouponBatch:
    """Make an offer. A pool begins empty: its total grows with its codes.

    Raises `BadInput` naming the field, or `Conflict` on a taken name.
    """
    name = terms.name.strip()
    if not 1 <= len(name) <= 30:
        raise BadInput("名字写 1 到 30 个字", field="name")
    _check_worth(terms)
    _check_limits(terms)
    _check_dates(terms, now)
    _check_source(terms)
    if terms.audience_id is not None and session.get(Audience, terms.audience_id) is None:
        raise BadInput("没有这个人群", field="audience_id")
    taken = Conflict("已经有一批券叫这个名字，换一个", field="name")
    if session.scalar(select(CouponBatch.id).where(CouponBatch.name == name)) is not None:
        raise taken
    kept = asdict(terms) | {"name": name, "skus": list(terms.skus), "categories": list(terms.categories)}
    kept["value_fen"] = terms.value_fen if terms.kind == "amount" else 0
    kept["total"] = 0 if terms.source == "pool" else terms.total
    batch = CouponBatch(**kept, created_at=now)
    session.add(batch)
    try:
        session.flush()
    except IntegrityError:  # a second press of the same button was first
        raise taken from None
    return batch


def _check_worth(terms: Terms) -> None:
    if terms.kind not in KINDS:
        raise BadInput("没有这种券", field="kind")
    _in_range("threshold_fen", terms.threshold_fen, 0, MOST_FEN)
    if terms.kind == "amount":
        _in_range("value_fen", terms.value_fen, 1, MOST_FEN)
        if 0 < terms.threshold_fen <= terms.value_fen:
            raise BadInput("满多少用要比减的多，不然会倒贴", field="threshold_fen")
    if terms.kind == "percentage" and not 1 <= (terms.pays_percent or 0) <= 99:
        raise BadInput("写 0.1 到 9.9 折", field="pays_percent")
    if terms.kind == "gift" and not 1 <= len(terms.gift.strip()) <= 30:
        raise BadInput("写上送什么，1 到 30 个字", field="gift")
    for field in ("skus", "categories"):
        named = getattr(terms, field)
        if len(named) > MOST_NAMED or any(not 1 <= len(each) <= 128 for each in named):
            raise BadInput("最多 %(n)s 行，每行最多 128 个字符", field=field, n=MOST_NAMED)


def _check_limits(terms: Terms) -> None:
    if terms.source != "pool":
        _in_range("total", terms.total, 1, MOST_COPIES)
    _in_range("per_customer", terms.per_customer, 1, MOST_COPIES if terms.source == "pool" else terms.total)
    if terms.per_staff_day is not None:
        _in_range("per_staff_day", terms.per_staff_day, 1, MOST_COPIES)
    if terms.remind_days is not None:
        _in_range("remind_days", terms.remind_days, 1, 30)


def _check_dates(terms: Terms, now: datetime) -> None:
    if terms.valid_until is None:
        _in_range("valid_days", terms.valid_days or 0, 1, MOST_DAYS)
        return
    if terms.valid_until <= now:
        raise BadInput("这一天已经过了", field="valid_until")
    if terms.valid_until > now + timedelta(days=2 * MOST_DAYS):
        raise BadInput("最远到两年以后", field="valid_until")
    if terms.valid_from is not None and terms.valid_from >= terms.valid_until:
        raise BadInput("开始要早于结束", field="valid_from")


def _check_source(terms: Terms) -> None:
    if terms.source not in SOURCES:
        raise BadInput("没有这种来源", field="source")
    if terms.source not in ("link", "youzan"):
        return
    try:
        parts = urlsplit(terms.link_url)
    except ValueError:
        parts = urlsplit("")
    is_web = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    if not is_web or len(terms.link_url) > 1024 or not terms.link_url.isascii() or not terms.link_url.isprintable():
        raise BadInput("贴上平台领券页的地址，以 https:// 开头", field="link_url")


def _in_range(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        shown = yuan if field.endswith("_fen") else str
        raise BadInput("超出范围，改到 %(least)s 到 %(most)s 之间", field=field, least=shown(least), most=shown(most))


def close_batch(session: Session, batch_id: int, *, now: datetime) -> None:
    """Offer it no longer; copies already given stay good. Safe to repeat. Raises `NotFound`."""
    batch(session, batch_id)
    session.execute(
        update(CouponBatch).where(CouponBatch.id == batch_id, CouponBatch.closed_at.is_(None)).values(closed_at=now)
    )


def batch(session: Session, batch_id: int) -> CouponBatch:
    """One batch. Raises `NotFound`."""
    found = session.get(CouponBatch, batch_id)
    if found is None:
        raise NotFound("没有这批券")
    return found


def batches(session: Session, *, before: int | None = None, limit: int = 1000) -> list[CouponBatch]:
    """Batches, newest first; from a page on, those older than its last."""
    newest = select(CouponBatch).order_by(CouponBatch.id.desc()).limit(limit)
    return list(session.scalars(newest if before is None else newest.where(CouponBatch.id < before)))


def add_codes(session: Session, batch_id: int, codes: Sequence[str]) -> list[str]:
    """Up to 500 codes more for a pool's batch; those of them that are new. Safe to repeat.

    A code that we gave out ourselves is none: two copies of one code could not be told apart.
    """
    pool = session.get(CouponBatch, batch_id, with_for_update=True, populate_existing=True)
    if pool is None or pool.source != "pool":
        raise NotFound("没有这批券")
    if len(codes) > ROWS_AT_ONCE:
        raise BadInput("一次最多 %(n)s 个", n=ROWS_AT_ONCE)
    ours = set(session.scalars(select(Coupon.code).where(Coupon.code.in_(codes))))
    rows = [{"batch_id": batch_id, "code": code} for code in dict.fromkeys(codes) if code not in ours]
    fresh = [code for (code,) in insert_many_if_absent(session, CouponCode, rows, CouponCode.code)]
    pool.total += len(fresh)
    session.flush()
    return fresh


def codes_left(session: Session) -> dict[int, int]:
    """How many codes each pool has left."""
    left = select(CouponCode.batch_id, func.count()).where(CouponCode.coupon_id.is_(None))
    return dict(session.execute(left.group_by(CouponCode.batch_id)).all())
