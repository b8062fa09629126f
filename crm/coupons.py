"""Coupon batches and their copies: offering, granting, taking back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import customers, identities, webhooks
from crm.errors import BadInput, Conflict, NotFound, Refused
from crm.webhooks import Happening
from models.coupon import Coupon, CouponBatch
from models.customer import Identity
from models.database import changed
from models.order import Order
from models.staff import Staff

MOST_FEN = 100_000_00
MOST_COPIES = 1_000_000
MOST_DAYS = 365


class BatchExhausted(Conflict):
    code = "batch_exhausted"


class BatchClosed(Conflict):
    code = "batch_closed"


class LimitReached(Conflict):
    code = "limit_reached"


@dataclass(frozen=True)
class Given:
    """A copy a customer was given, of which batch and by whom."""

    coupon: Coupon
    batch: CouponBatch
    staff: Staff | None


def create_batch(
    session: Session,
    *,
    name: str,
    value_fen: int,
    threshold_fen: int,
    total: int,
    per_customer: int,
    valid_days: int,
    now: datetime,
) -> CouponBatch:
    """Make an offer. A threshold of 0 means none; raises `BadInput` naming the field, or `Conflict` on a taken name."""
    name = name.strip()
    if not 1 <= len(name) <= 30:
        raise BadInput("名字写 1 到 30 个字", field="name")
    _in_range("value_fen", value_fen, 1, MOST_FEN)
    _in_range("threshold_fen", threshold_fen, 0, MOST_FEN)
    if 0 < threshold_fen <= value_fen:
        raise BadInput("满多少用要比减的多，不然会倒贴", field="threshold_fen")
    _in_range("total", total, 1, MOST_COPIES)
    _in_range("per_customer", per_customer, 1, total)
    _in_range("valid_days", valid_days, 1, MOST_DAYS)
    taken = Conflict("已经有一批券叫这个名字，换一个", field="name")
    if session.scalar(select(CouponBatch.id).where(CouponBatch.name == name)) is not None:
        raise taken
    batch = CouponBatch(
        name=name,
        value_fen=value_fen,
        threshold_fen=threshold_fen,
        total=total,
        per_customer=per_customer,
        valid_days=valid_days,
        created_at=now,
    )
    session.add(batch)
    try:
        session.flush()
    except IntegrityError:  # a second press of the same button was first
        raise taken from None
    return batch


def _in_range(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        shown = yuan if field.endswith("_fen") else str
        raise BadInput("超出范围，改到 %(least)s 到 %(most)s 之间", field=field, least=shown(least), most=shown(most))


def close_batch(session: Session, batch_id: int, *, now: datetime) -> None:
    """Offer it no longer; copies already given stay good. Safe to repeat. Raises `NotFound`."""
    if session.get(CouponBatch, batch_id) is None:
        raise NotFound("没有这批券")
    session.execute(
        update(CouponBatch).where(CouponBatch.id == batch_id, CouponBatch.closed_at.is_(None)).values(closed_at=now)
    )


def batches(session: Session) -> list[CouponBatch]:
    """Every batch, newest first."""
    return list(session.scalars(select(CouponBatch).order_by(CouponBatch.id.desc())))


def given(session: Session, customer_id: int, *, limit: int = 20) -> list[Given]:
    """The copies a customer was given, newest first; one statement."""
    rows = session.execute(
        select(Coupon, CouponBatch, Staff)
        .join(CouponBatch, CouponBatch.id == Coupon.batch_id)
        .outerjoin(Staff, Staff.id == Coupon.staff_id)
        .where(Coupon.customer_id == customer_id)
        .order_by(Coupon.issued_at.desc(), Coupon.id.desc())
        .limit(limit)
    )
    return [Given(coupon, batch, staff) for coupon, batch, staff in rows]


def coupon_of(session: Session, coupon_id: int, *, hold: bool) -> Coupon:
    """One copy, if asked held still until this transaction ends; an unknown id is `Refused`, as a stranger's is."""
    query = select(Coupon).where(Coupon.id == coupon_id)
    query = query.with_for_update() if hold else query
    coupon = session.scalar(query.execution_options(populate_existing=True))
    if coupon is None:
        raise customers.not_yours()
    return coupon


def grant(
    session: Session,
    batch_id: int,
    identity: Identity,
    occasion: str,
    *,
    staff: Staff | None,
    now: datetime,
    zone: ZoneInfo,
    new_code: Callable[[], str],
) -> Coupon:
    """Issue one copy of a batch to the customer behind an identity, once per occasion.

    Asking again for the same occasion returns the first copy unchanged. Copies count for good: one that was taken
    back is not given to somebody else. Raises `BatchExhausted`, `BatchClosed`, `LimitReached` or `NotFound`.
    """
    identity = identities.hold(session, identity.id)  # before the copies are counted: a merge brings more
    batch = _locked(session, batch_id)  # grants of one batch follow one another; on SQLite all writers do
    before = list(
        session.scalars(select(Coupon).where(Coupon.batch_id == batch_id, Coupon.customer_id == identity.customer_id))
    )
    for coupon in before:
        if coupon.occasion == occasion:
            return coupon
    check(batch, given=len(before))
    one_more = (
        update(CouponBatch)
        .where(CouponBatch.id == batch_id, CouponBatch.issued < CouponBatch.total, CouponBatch.closed_at.is_(None))
        .values(issued=CouponBatch.issued + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed(session, one_more):
        raise BatchExhausted("这批券刚发完")
    session.expire(batch)
    coupon = Coupon(
        batch_id=batch_id,
        identity_id=identity.id,
        customer_id=identity.customer_id,
        staff_id=staff.id if staff else None,
        occasion=occasion,
        code=_unused(session, new_code),
        value_fen=batch.value_fen,
        threshold_fen=batch.threshold_fen,
        issued_at=now,
        expires_at=last_moment(now, batch.valid_days, zone),
    )
    session.add(coupon)
    session.flush()
    return coupon


def check(batch: CouponBatch, *, given: int) -> None:
    """Whether a customer who was given so many may have another; raises what `grant` would."""
    if batch.closed_at is not None:
        raise BatchClosed("这批券已经停发")
    if given >= batch.per_customer:
        raise LimitReached("这批券每人 %(n)s 张，已经给过了", n=batch.per_customer)
    if batch.issued >= batch.total:
        raise BatchExhausted("这批券发完了")


def would_grant(session: Session, batch_id: int, customer_id: int) -> CouponBatch:
    """The batch, when it could be granted now; takes nothing. Raises what `grant` would."""
    batch = session.get(CouponBatch, batch_id)
    if batch is None:
        raise NotFound("没有这批券")
    given = select(func.count()).where(Coupon.batch_id == batch_id, Coupon.customer_id == customer_id)
    check(batch, given=session.scalar(given) or 0)
    return batch


def _locked(session: Session, batch_id: int) -> CouponBatch:
    query = select(CouponBatch).where(CouponBatch.id == batch_id).with_for_update()
    batch = session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise NotFound("没有这批券")
    return batch


def _unused(session: Session, new_code: Callable[[], str]) -> str:
    while True:
        code = new_code()
        if session.scalar(select(Coupon.id).where(Coupon.code == code)) is None:
            return code


def last_moment(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The midnight that ends the day `days` from today in the shop's zone."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days + 1), time(), zone)


def revoke(session: Session, coupon_id: int, staff: Staff, *, now: datetime) -> Coupon:
    """Take back a copy this staff member gave, unless it was used. Safe to repeat; not theirs is `Refused`."""
    session.execute(
        update(Coupon)
        .where(
            Coupon.id == coupon_id,
            Coupon.staff_id == staff.id,
            Coupon.used_at.is_(None),
            Coupon.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    coupon = session.scalar(select(Coupon).where(Coupon.id == coupon_id).execution_options(populate_existing=True))
    if coupon is None or coupon.staff_id != staff.id:
        raise Refused("只能作废自己发的券")
    if coupon.used_at is not None:
        raise Conflict("这张券已经用掉了，作废不了")
    return coupon


def mark_used(session: Session, codes_by_order: Mapping[int, Sequence[str]], *, now: datetime) -> None:
    """Mark the coupons whose codes came with these orders (by order id) as used; other codes are not ours.

    A coupon is used once: when several orders bring its code, the one placed first has it, whichever came first.
    """
    bringers: dict[str, set[int]] = {}
    for order_id, codes in codes_by_order.items():
        for code in codes:
            bringers.setdefault(code, set()).add(order_id)
    if not bringers:
        return
    coupons = session.scalars(
        select(Coupon)
        .where(Coupon.code.in_(bringers))
        .order_by(Coupon.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    claims = {
        coupon: bringers[coupon.code] | ({coupon.used_order_id} if coupon.used_order_id else set())
        for coupon in coupons
    }
    orders = {
        row.id: row
        for row in session.execute(
            select(Order.id, Order.shop_id, Order.order_no, Order.ordered_at, Order.paid_at).where(
                Order.id.in_({order_id for claimants in claims.values() for order_id in claimants})
            )
        )
    }
    fresh = [coupon for coupon in coupons if coupon.used_order_id is None]
    for coupon, claimants in claims.items():
        first = min(
            (orders[order_id] for order_id in claimants),
            key=lambda order: (order.ordered_at, order.shop_id, order.order_no),
        )
        coupon.used_order_id, coupon.used_at = first.id, first.paid_at or first.ordered_at
    session.flush()
    webhooks.tell(session, [_used(each, orders[each.used_order_id].order_no) for each in fresh], now=now)


def _used(coupon: Coupon, order_no: str) -> Happening:
    assert coupon.used_at is not None
    content = {"coupon": {"code": coupon.code, "value_fen": coupon.value_fen}, "order_no": order_no}
    return Happening("coupon_used", f"coupon_used:{coupon.id}", coupon.identity_id, content, coupon.used_at)


def state(coupon: Coupon, *, now: datetime) -> str:
    """ "used", "revoked", "expired" or "issued"."""
    if coupon.used_at is not None:
        return "used"
    if coupon.revoked_at is not None:
        return "revoked"
    return "issued" if coupon.is_open(now=now) else "expired"


def message(value_fen: int, threshold_fen: int, expires_at: datetime, code: str, *, zone: ZoneInfo) -> str:
    """What the customer reads: how much off, from how much, until when, and the code."""
    off = f"减 {yuan(value_fen)} 元"
    terms = f"满 {yuan(threshold_fen)} 元{off}" if threshold_fen else f"不限金额，立{off}"
    last = (expires_at - timedelta(seconds=1)).astimezone(zone)
    return f"给您留了一张券：{terms}，有效到 {last.month} 月 {last.day} 日。下单时填券码 {code} 就行。"


def yuan(fen: int) -> str:
    """15, 15.50: fen only when there are any."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"
