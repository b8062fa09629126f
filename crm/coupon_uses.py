"""Coupons used, once: by a shop's own till or in the store; who hears of it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import webhooks
from crm.errors import Conflict, NotFound
from crm.webhooks import Happening
from models.coupon import Coupon, CouponBatch, CouponUse
from models.database import insert_if_absent
from models.order import Order
from models.shop import Shop
from models.staff import Staff


class AlreadyUsed(Conflict):
    code = "already_used"


class NotGood(Conflict):
    code = "not_good"


class RequestUsed(Conflict):
    code = "request_used"


def redeem(
    session: Session,
    code: str,
    *,
    by: Shop | Staff,
    used_at: datetime,
    now: datetime,
    order_no: str | None = None,
    request_id: str | None = None,
) -> tuple[Coupon, CouponBatch]:
    """Use a copy up. A shop that asks again with its request id gets the same answer; of two that ask, one wins.

    Raises `NotFound`, `AlreadyUsed`, `NotGood` (expired, taken back, not yet) or `RequestUsed` (for another code).
    """
    coupon, batch = found(session, code, hold=True)
    shop = by if isinstance(by, Shop) else None
    if shop is not None and request_id is not None:
        before = session.scalar(
            select(CouponUse).where(CouponUse.shop_id == shop.id, CouponUse.request_id == request_id)
        )
        if before is not None and before.coupon_id != coupon.id:
            raise RequestUsed("这个 request_id 用在别的券上了", field="request_id")
        if before is not None:
            return coupon, batch
    if shop is not None and order_no is not None and _is_used_by(session, coupon, shop, order_no):
        return coupon, batch
    used_at = max(used_at, coupon.issued_at)
    refuse_unless_good(coupon, batch, at=used_at)
    is_new = insert_if_absent(
        session, CouponUse,
        coupon_id=coupon.id, source="shop" if shop else "store", shop_id=shop.id if shop else None, order_no=order_no,
        staff_id=None if shop else by.id, request_id=request_id, used_at=used_at, recorded_at=now,
    )  # fmt: skip
    if not is_new:  # the same request id, for another code, at the same moment
        raise RequestUsed("这个 request_id 用在别的券上了", field="request_id")
    coupon.used_at = used_at
    if shop is not None and order_no is not None:
        known = select(Order.id).where(Order.shop_id == shop.id, Order.order_no == order_no)
        coupon.used_order_id = session.scalar(known)
    session.flush()
    tell(session, {coupon: order_no}, now=now)
    return coupon, batch


def _is_used_by(session: Session, coupon: Coupon, shop: Shop, order_no: str) -> bool:
    """Whether this very order has it: the shop sent the order first."""
    live = select(CouponUse.id).where(CouponUse.coupon_id == coupon.id, CouponUse.returned_at.is_(None))
    return session.scalar(live.where(CouponUse.shop_id == shop.id, CouponUse.order_no == order_no)) is not None


def found(session: Session, code: str, *, hold: bool) -> tuple[Coupon, CouponBatch]:
    """The copy of a code, as typed or in capitals, and its batch; held if asked. Raises `NotFound`."""
    code = "".join(code.split())
    both = select(Coupon).where(Coupon.code.in_({code, code.upper()}))
    query = both.order_by(Coupon.code != code).limit(1)  # a pool may have codes that differ in their case alone
    query = query.with_for_update() if hold else query
    coupon = session.scalar(query.execution_options(populate_existing=True))
    if coupon is None:
        raise NotFound("没有这个券码，核对一下再试", field="code")
    return coupon, session.get_one(CouponBatch, coupon.batch_id)


def refuse_unless_good(coupon: Coupon, batch: CouponBatch, *, at: datetime) -> None:
    """Raises why it cannot be used at this moment."""
    if coupon.used_at is not None:
        raise AlreadyUsed("这张券已经用掉了")
    if coupon.revoked_at is not None:
        raise NotGood("这张券作废了")
    if at >= coupon.expires_at:
        raise NotGood("这张券过期了")
    if batch.valid_from is not None and at < batch.valid_from:
        raise NotGood("这张券还没到能用的日子")


def tell(session: Session, used: Mapping[Coupon, str | None], *, now: datetime) -> None:
    """Shops hear of every use; of one that follows a refund by a name of its own."""
    if not used:
        return
    ids = [coupon.id for coupon in used]
    counted = select(CouponUse.coupon_id, func.count()).where(CouponUse.coupon_id.in_(ids))
    times = dict(session.execute(counted.group_by(CouponUse.coupon_id)).all())
    happenings = []
    for coupon, order_no in used.items():
        assert coupon.used_at is not None
        name = f"coupon_used:{coupon.id}" + (f":{times[coupon.id]}" if times[coupon.id] > 1 else "")
        content = {"coupon": {"code": coupon.code, "value_fen": coupon.value_fen}, "order_no": order_no}
        happenings.append(Happening("coupon_used", name, coupon.identity_id, content, coupon.used_at))
    webhooks.tell(session, happenings, now=now)
