"""Coupons: one copy of a batch issued to a customer, within every limit; shown, taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import coupon_limits, customers, identities
from crm.errors import Conflict, NotFound, Refused
from models.coupon import Coupon, CouponBatch, CouponCode
from models.customer import Identity
from models.database import changed
from models.staff import Staff


@dataclass(frozen=True)
class Given:
    """A copy a customer was given, of which batch and by whom."""

    coupon: Coupon
    batch: CouponBatch
    staff: Staff | None


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
    back is not given to somebody else. Raises what `coupon_limits` does, or `NotFound`.
    """
    identity = identities.hold(session, identity.id)  # before the copies are counted: a merge brings more
    batch = _locked(session, batch_id)  # grants of one batch follow one another; on SQLite all writers do
    before = list(
        session.scalars(select(Coupon).where(Coupon.batch_id == batch_id, Coupon.customer_id == identity.customer_id))
    )
    for coupon in before:
        if coupon.occasion == occasion:
            return coupon
    coupon_limits.check(batch, given=len(before), now=now)
    coupon_limits.check_staff_and_audience(session, batch, identity.customer_id, staff, now=now, zone=zone)
    one_more = (
        update(CouponBatch)
        .where(CouponBatch.id == batch_id, CouponBatch.issued < CouponBatch.total, CouponBatch.closed_at.is_(None))
        .values(issued=CouponBatch.issued + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed(session, one_more):
        raise coupon_limits.BatchExhausted("这批券刚发完")
    session.expire(batch)
    return _issued(session, batch, identity, occasion, staff, now=now, zone=zone, new_code=new_code)


def _issued(
    session: Session,
    batch: CouponBatch,
    identity: Identity,
    occasion: str,
    staff: Staff | None,
    *,
    now: datetime,
    zone: ZoneInfo,
    new_code: Callable[[], str],
) -> Coupon:
    """The copy itself; a pool's carries the next of its codes, which the batch's lock keeps for us."""
    pooled = None
    if batch.source == "pool":
        free = select(CouponCode).where(CouponCode.batch_id == batch.id, CouponCode.coupon_id.is_(None))
        pooled = session.scalar(free.order_by(CouponCode.id).limit(1))
        if pooled is None:
            raise coupon_limits.BatchExhausted("券码用完了，请运营再导入一批")
    coupon = Coupon(
        batch_id=batch.id,
        identity_id=identity.id,
        customer_id=identity.customer_id,
        staff_id=staff.id if staff else None,
        occasion=occasion,
        code=pooled.code if pooled else _unused(session, new_code),
        value_fen=batch.value_fen,
        threshold_fen=batch.threshold_fen,
        issued_at=now,
        expires_at=lasts_until(batch, now, zone),
    )
    session.add(coupon)
    session.flush()
    if pooled:
        pooled.coupon_id = coupon.id
        session.flush()
    return coupon


def _locked(session: Session, batch_id: int) -> CouponBatch:
    query = select(CouponBatch).where(CouponBatch.id == batch_id).with_for_update()
    batch = session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise NotFound("没有这批券")
    return batch


def _unused(session: Session, new_code: Callable[[], str]) -> str:
    while True:
        code = new_code()
        taken = (
            select(Coupon.id).where(Coupon.code == code).union_all(select(CouponCode.id).where(CouponCode.code == code))
        )
        if session.scalar(taken.limit(1)) is None:
            return code


def lasts_until(batch: CouponBatch, now: datetime, zone: ZoneInfo) -> datetime:
    """The end of the batch, or the midnight that ends the day so many from today in the shop's zone."""
    if batch.valid_until is not None:
        return batch.valid_until
    assert batch.valid_days is not None
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=batch.valid_days + 1), time(), zone)


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


class Copy(Protocol):
    """What a copy's state follows from."""

    @property
    def used_at(self) -> object: ...
    @property
    def revoked_at(self) -> object: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def claimed_at(self) -> object: ...
    @property
    def opened_at(self) -> object: ...


def state(coupon: Copy, *, now: datetime) -> str:
    """ "used", "revoked", "expired", "claimed", "opened" or "issued": how far it came, true at this very moment."""
    if coupon.used_at is not None:
        return "used"
    if coupon.revoked_at is not None:
        return "revoked"
    if now >= coupon.expires_at:
        return "expired"
    if coupon.claimed_at is not None:
        return "claimed"
    return "opened" if coupon.opened_at is not None else "issued"
