"""How many copies of a batch, to whom, by whom, until when: what `coupons.grant` asks before it issues one."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import audiences, coupon_batches
from crm.errors import Conflict
from models.audience import Audience
from models.coupon import Coupon, CouponBatch
from models.customer import Customer
from models.staff import Staff


class BatchExhausted(Conflict):
    code = "batch_exhausted"


class BatchClosed(Conflict):
    code = "batch_closed"


class LimitReached(Conflict):
    code = "limit_reached"


class NotMeant(Conflict):
    code = "not_meant"


def check(batch: CouponBatch, *, given: int, now: datetime) -> None:
    """Whether a customer who was given so many may have another; raises what `grant` would."""
    if batch.closed_at is not None:
        raise BatchClosed("这批券已经停发")
    if batch.valid_until is not None and batch.valid_until <= now:
        raise BatchClosed("这批券已经过了日子")
    if given >= batch.per_customer:
        raise LimitReached("这批券每人 %(n)s 张，已经给过了", n=batch.per_customer)
    if batch.issued >= batch.total:
        raise BatchExhausted("这批券发完了")


def check_staff_and_audience(
    session: Session, batch: CouponBatch, customer_id: int, staff: Staff | None, *, now: datetime, zone: ZoneInfo
) -> None:
    """Whether this staff member may give one more today, and whether the customer is meant at all."""
    if staff is not None and batch.per_staff_day is not None:
        today = given_today(session, staff, now=now, zone=zone).get(batch.id, 0)
        if today >= batch.per_staff_day:
            raise LimitReached("这批券每人每天发 %(n)s 张，今天发完了", n=batch.per_staff_day)
    if batch.audience_id is not None and batch.audience_id not in meant_by(
        session, {batch.audience_id}, customer_id, now=now
    ):
        raise NotMeant("这批券只给指定的人群，这位客户不在里面")


def given_today(session: Session, staff: Staff, *, now: datetime, zone: ZoneInfo) -> dict[int, int]:
    """How many copies of each batch a staff member has given since midnight in the shop's zone."""
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today = select(Coupon.batch_id, func.count()).where(Coupon.staff_id == staff.id, Coupon.issued_at >= midnight)
    return dict(session.execute(today.group_by(Coupon.batch_id)).all())


def meant_by(session: Session, audience_ids: set[int], customer_id: int, *, now: datetime) -> set[int]:
    """Those of these audiences the customer is in; one statement each."""
    kept = session.scalars(select(Audience).where(Audience.id.in_(audience_ids))) if audience_ids else ()
    return {
        each.id
        for each in kept
        if session.scalar(audiences.matching(audiences.conditions_of(each), now=now).where(Customer.id == customer_id))
    }


def would_grant(
    session: Session, batch_id: int, customer_id: int, *, staff: Staff | None, now: datetime, zone: ZoneInfo
) -> CouponBatch:
    """The batch, when it could be granted now; takes nothing. Raises what `grant` would."""
    batch = coupon_batches.batch(session, batch_id)
    given = select(func.count()).where(Coupon.batch_id == batch_id, Coupon.customer_id == customer_id)
    check(batch, given=session.scalar(given) or 0, now=now)
    check_staff_and_audience(session, batch, customer_id, staff, now=now, zone=zone)
    return batch
