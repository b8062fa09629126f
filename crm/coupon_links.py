"""Links to coupons: found by the digest of their token, opened, claimed by whom they are for."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm import coupons
from crm.errors import Conflict
from models.coupon import Coupon, CouponBatch, CouponLink
from models.customer import Identity
from models.database import changed
from models.staff import Staff


class NotClaimable(Conflict):
    code = "not_claimable"


class Linked(NamedTuple):
    """What a link leads to; a batch's own link has no copy until somebody claims one."""

    link: CouponLink
    batch: CouponBatch
    coupon: Coupon | None
    staff: Staff | None


def add(session: Session, token_digest: str, *, batch_id: int, coupon_id: int | None, now: datetime) -> CouponLink:
    """A link with a token nobody has; only its digest is kept."""
    link = CouponLink(token_digest=token_digest, batch_id=batch_id, coupon_id=coupon_id, made_at=now)
    session.add(link)
    session.flush()
    return link


def linked(session: Session, token_digest: str) -> Linked | None:
    row = session.execute(
        select(CouponLink, CouponBatch, Coupon, Staff)
        .join(CouponBatch, CouponBatch.id == CouponLink.batch_id)
        .outerjoin(Coupon, Coupon.id == CouponLink.coupon_id)
        .outerjoin(Staff, Staff.id == Coupon.staff_id)
        .where(CouponLink.token_digest == token_digest)
    ).one_or_none()
    return Linked(*row) if row else None


def claimed_through(session: Session, link: CouponLink, customer_id: int) -> Coupon | None:
    """The copy this customer claimed through a batch's link."""
    theirs = select(Coupon).where(
        Coupon.batch_id == link.batch_id, Coupon.customer_id == customer_id, Coupon.occasion == occasion_of(link)
    )
    return session.scalar(theirs.order_by(Coupon.id).limit(1))


def occasion_of(link: CouponLink) -> str:
    return f"link:{link.id}"


def mark_opened(session: Session, coupon_id: int, *, now: datetime) -> bool:
    """The first time the customer looked at it; True when this was it."""
    first = update(Coupon).where(Coupon.id == coupon_id, Coupon.opened_at.is_(None))
    return changed(session, first.values(opened_at=now).execution_options(synchronize_session=False)) > 0


def claim(session: Session, coupon_id: int, *, now: datetime) -> bool:
    """Theirs from now on, and its code shows; True when it was not before. Raises `NotClaimable` when too late."""
    good = update(Coupon).where(
        Coupon.id == coupon_id,
        Coupon.claimed_at.is_(None),
        Coupon.used_at.is_(None),
        Coupon.revoked_at.is_(None),
        Coupon.expires_at > now,
    )
    values = {"claimed_at": now, "opened_at": func.coalesce(Coupon.opened_at, now)}
    if changed(session, good.values(values).execution_options(synchronize_session=False)):
        return True
    coupon = session.get_one(Coupon, coupon_id, populate_existing=True)
    if coupon.claimed_at is None and not coupon.is_open(now=now):
        raise NotClaimable("这张券已经不能领了")
    return False


def claim_of_batch(
    session: Session,
    link: CouponLink,
    identity: Identity,
    *,
    now: datetime,
    zone: ZoneInfo,
    new_code: Callable[[], str],
) -> Coupon:
    """A copy for whoever comes by a batch's link, once each. Raises what `coupons.grant` does."""
    coupon = coupons.grant(
        session, link.batch_id, identity, occasion_of(link), staff=None, now=now, zone=zone, new_code=new_code
    )
    claim(session, coupon.id, now=now)
    return coupon
