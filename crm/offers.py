"""What can be offered to a customer: the best first, then what cannot and why."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from crm import coupon_limits
from models.coupon import Coupon, CouponBatch
from models.staff import Staff


@dataclass(frozen=True)
class Offer:
    """A batch as one customer may have it from one member of staff.

    `refusal` is None, "in_hand", "limit", "sold_out", "staff_day" or "audience".
    """

    batch: CouponBatch
    in_hand: int  # copies this customer can still use
    refusal: str | None
    left_today: int | None  # how many this member of staff may still give; None without such a limit
    is_best: bool = False

    @property
    def left(self) -> int:
        return self.batch.total - self.batch.issued


def offers(
    session: Session, customer_id: int, staff: Staff, *, average_fen: int | None, now: datetime, zone: ZoneInfo
) -> list[Offer]:
    """What can be offered to a customer, best first, then what cannot and why.

    The best is worth most among those an order of theirs usually reaches (`average_fen`); for somebody whose orders
    reach none of them, or who has none, it is the one that asks least.
    """
    rows = _open_batches(session, customer_id, now)
    today: dict[int, int] = {}
    if any(batch.per_staff_day is not None for batch, *_ in rows):
        today = coupon_limits.given_today(session, staff, now=now, zone=zone)
    wanted = {batch.audience_id for batch, *_ in rows if batch.audience_id is not None}
    meant = coupon_limits.meant_by(session, wanted, customer_id, now=now)
    found = []
    for batch, given, in_hand in rows:
        left_today = None if batch.per_staff_day is None else max(0, batch.per_staff_day - today.get(batch.id, 0))
        refusal = _refusal(batch, given, in_hand, left_today, meant)
        found.append(Offer(batch, in_hand, refusal, left_today))
    return _best_first(found, average_fen)


def _open_batches(session: Session, customer_id: int, now: datetime) -> list[tuple[CouponBatch, int, int]]:
    """What is on offer, worth most first, with how many copies this customer was given and can still use."""
    is_open = case(
        (Coupon.used_at.is_(None) & Coupon.revoked_at.is_(None) & (Coupon.expires_at > now), 1),
        else_=0,
    )
    theirs = (
        select(Coupon.batch_id, func.count().label("given"), func.sum(is_open).label("in_hand"))
        .where(Coupon.customer_id == customer_id)
        .group_by(Coupon.batch_id)
        .subquery()
    )
    rows = session.execute(
        select(CouponBatch, func.coalesce(theirs.c.given, 0), func.coalesce(theirs.c.in_hand, 0))
        .outerjoin(theirs, theirs.c.batch_id == CouponBatch.id)
        .where(CouponBatch.closed_at.is_(None), _is_on(now))
        .order_by(CouponBatch.value_fen.desc(), CouponBatch.threshold_fen, CouponBatch.id)
    )
    return [(batch, int(given), int(in_hand)) for batch, given, in_hand in rows]


def _is_on(now: datetime) -> ColumnElement[bool]:
    return or_(CouponBatch.valid_until.is_(None), CouponBatch.valid_until > now)


def _refusal(batch: CouponBatch, given: int, in_hand: int, left_today: int | None, meant: set[int]) -> str | None:
    if given >= batch.per_customer:
        return "in_hand" if in_hand else "limit"
    if batch.issued >= batch.total:
        return "sold_out"
    if batch.audience_id is not None and batch.audience_id not in meant:
        return "audience"
    return "staff_day" if left_today == 0 else None


def _worth(batch: CouponBatch, average_fen: int | None) -> int:
    """About how much it saves on an order as this customer places them."""
    if batch.kind == "percentage":
        return (average_fen or batch.threshold_fen) * (100 - (batch.pays_percent or 100)) // 100
    return batch.value_fen


def _best_first(found: list[Offer], average_fen: int | None) -> list[Offer]:
    can, cannot = ([offer for offer in found if (offer.refusal is None) is wanted] for wanted in (True, False))
    if can:
        reached = [offer for offer in can if average_fen is not None and offer.batch.threshold_fen <= average_fen]
        if reached:
            best = max(reached, key=lambda offer: _worth(offer.batch, average_fen))
        else:
            best = min(can, key=lambda offer: offer.batch.threshold_fen)
        can.remove(best)
        can.insert(0, replace(best, is_best=True))
    return can + cannot
