"""Coupons that orders bring: used by the first of them, and given back by a refund where the batch says so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import coupon_uses
from models.coupon import Coupon, CouponBatch, CouponUse
from models.order import Order


def mark_used(session: Session, codes_by_order: Mapping[int, Sequence[str]], *, now: datetime) -> None:
    """Mark the coupons whose codes came with these orders (by order id) as used; other codes are not ours.

    A coupon is used once: when several orders bring its code, the one placed first has it, whichever came first.
    What a till or a colleague took stays theirs. A batch may take back what a refunded or cancelled order used.
    """
    claims = _claims(session, codes_by_order)
    if not claims:
        return
    orders = _orders(session, {order_id for claimants in claims.values() for order_id in claimants})
    live, returning = _live(session, claims), _returning(session, claims)
    fresh: dict[Coupon, str | None] = {}
    for coupon, claimants in claims.items():
        brought = [orders[order_id] for order_id in claimants]
        if coupon.batch_id in returning:
            brought = [order for order in brought if not _gives_back(order)]
        first = min(brought, key=lambda order: (order.ordered_at, order.shop_id, order.order_no), default=None)
        if _settle(session, coupon, live.get(coupon.id), first, brought, now=now) and first is not None:
            fresh[coupon] = first.order_no
    session.flush()
    coupon_uses.tell(session, fresh, now=now)


def _claims(session: Session, codes_by_order: Mapping[int, Sequence[str]]) -> dict[Coupon, set[int]]:
    """The coupons of these codes, locked in one order, with the ids of the orders that ever brought them."""
    bringers: dict[str, set[int]] = {}
    for order_id, codes in codes_by_order.items():
        for code in codes:
            bringers.setdefault(code, set()).add(order_id)
    if not bringers:
        return {}
    coupons = session.scalars(
        select(Coupon)
        .where(Coupon.code.in_(bringers))
        .order_by(Coupon.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {
        coupon: bringers[coupon.code] | ({coupon.used_order_id} if coupon.used_order_id else set())
        for coupon in coupons
    }


def _live(session: Session, coupons: Iterable[Coupon]) -> dict[int, CouponUse]:
    """The use that stands, by coupon."""
    ids = [coupon.id for coupon in coupons]
    uses = select(CouponUse).where(CouponUse.coupon_id.in_(ids), CouponUse.returned_at.is_(None))
    return {use.coupon_id: use for use in session.scalars(uses)}


def _returning(session: Session, coupons: Iterable[Coupon]) -> set[int]:
    """Those of their batches that take back what a refund gives back."""
    ids = {coupon.batch_id for coupon in coupons}
    batches = select(CouponBatch.id).where(CouponBatch.id.in_(ids), CouponBatch.returns_on_refund.is_(True))
    return set(session.scalars(batches))


def _settle(
    session: Session, coupon: Coupon, use: CouponUse | None, first: Any, brought: Sequence[Any], *, now: datetime
) -> bool:
    """What stands of one copy, now that these orders bring it; whether it is used only since."""
    if use is not None and use.source != "order":
        same = [order for order in brought if (order.shop_id, order.order_no) == (use.shop_id, use.order_no)]
        if same:
            coupon.used_order_id = same[0].id
        elif coupon.used_order_id is not None:  # the order it was taken for gives it back
            _give_back(coupon, use, now=now)
        return False
    if first is None:
        if use is not None:
            _give_back(coupon, use, now=now)
        return False
    coupon.used_order_id, coupon.used_at = first.id, first.paid_at or first.ordered_at
    facts = {"shop_id": first.shop_id, "order_no": first.order_no, "used_at": coupon.used_at}
    if use is None:
        session.add(CouponUse(coupon_id=coupon.id, source="order", recorded_at=now, **facts))
        return True
    for name, value in facts.items():
        setattr(use, name, value)
    return False


def _give_back(coupon: Coupon, use: CouponUse, *, now: datetime) -> None:
    use.returned_at, coupon.used_at, coupon.used_order_id = now, None, None


def _gives_back(order: Any) -> bool:
    return order.status in ("refunded", "cancelled") or 0 < order.paid_fen <= order.refunded_fen


def _orders(session: Session, ids: Iterable[int]) -> dict[int, Any]:
    columns = (
        Order.id, Order.shop_id, Order.order_no, Order.ordered_at, Order.paid_at, Order.status, Order.paid_fen,
        Order.refunded_fen,
    )  # fmt: skip
    return {row.id: row for row in session.execute(select(*columns).where(Order.id.in_(ids)))}
