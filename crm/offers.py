"""What can be offered to a customer: the best first, then what cannot and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models.coupon import Coupon, CouponBatch


@dataclass(frozen=True)
class Offer:
    """A batch as one customer may have it. `refusal` is None, "in_hand", "limit" or "sold_out"."""

    batch: CouponBatch
    in_hand: int  # copies this customer can still use
    refusal: str | None
    is_best: bool = False

    @property
    def left(self) -> int:
        return self.batch.total - self.batch.issued


def offers(session: Session, customer_id: int, *, average_fen: int | None, now: datetime) -> list[Offer]:
    """What can be offered to a customer, best first, then what cannot and why; one statement.

    The best is worth most among those an order of theirs usually reaches (`average_fen`); for somebody whose orders
    reach none of them, or who has none, it is the one that asks least.
    """
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
        .where(CouponBatch.closed_at.is_(None))
        .order_by(CouponBatch.value_fen.desc(), CouponBatch.threshold_fen, CouponBatch.id)
    )
    found = [Offer(batch, int(in_hand), _refusal(batch, int(given), int(in_hand))) for batch, given, in_hand in rows]
    return _best_first(found, average_fen)


def _refusal(batch: CouponBatch, given: int, in_hand: int) -> str | None:
    if given >= batch.per_customer:
        return "in_hand" if in_hand else "limit"
    return "sold_out" if batch.issued >= batch.total else None


def _best_first(found: list[Offer], average_fen: int | None) -> list[Offer]:
    can, cannot = ([offer for offer in found if (offer.refusal is None) is wanted] for wanted in (True, False))
    if can:
        reached = [offer for offer in can if average_fen is not None and offer.batch.threshold_fen <= average_fen]
        best = reached[0] if reached else min(can, key=lambda offer: offer.batch.threshold_fen)
        can.remove(best)
        can.insert(0, Offer(best.batch, best.in_hand, None, is_best=True))
    return can + cannot
