"""Coupons that expire soon: whoever gave one is told, once."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from crm import coupon_words, staff_messages
from models.coupon import Coupon, CouponBatch
from models.staff import Staff

AT_ONCE = 400
GOOD_FOR = timedelta(hours=12)  # a card about today is of no use tomorrow


def remind(session: Session, *, url: str, seal: Callable[[str], bytes], zone: ZoneInfo, now: datetime) -> int:
    """Put on record a card for each colleague whose coupons expire soon; returns how many coupons, 0 when none is left.

    A coupon is reminded of once: its moment is written together with the card.
    """
    due = _due(session, now)
    session.execute(
        update(Coupon)
        .where(Coupon.id.in_([coupon.id for coupon, _ in due]))
        .values(reminded_at=now)
        .execution_options(synchronize_session=False)
    )
    for staff, theirs in groupby(due, key=lambda row: row[1]):
        some = [coupon for coupon, _ in theirs]
        first = min(coupon.expires_at for coupon in some)
        people = len({coupon.customer_id for coupon in some})
        body = {
            "title": f"{people} 位客户的券快到期了",
            "description": f"最早的一张 {coupon_words.until(first, zone=zone)}到期，还没用。在聊天里提醒一声。",
            "url": url,
            "button": "去看看",
        }
        staff_messages.plan(
            session, key=f"coupons_expire:{some[0].id}", kind="card", userid=staff.userid, edition_id=None,
            body_sealed=seal(json.dumps(body, ensure_ascii=False)), deadline_at=now + GOOD_FOR, now=now,
        )  # fmt: skip
    return len(due)


def _due(session: Session, now: datetime) -> list[tuple[Coupon, Staff]]:
    """Unused copies within their batch's days of the end, by colleague; locked, those somebody else has left out."""
    batches = select(CouponBatch.id, CouponBatch.remind_days).where(CouponBatch.remind_days.is_not(None))
    soon = [
        and_(Coupon.batch_id == batch_id, Coupon.expires_at <= now + timedelta(days=days))
        for batch_id, days in session.execute(batches)
        if days is not None
    ]
    if not soon:
        return []
    rows = session.execute(
        select(Coupon, Staff)
        .join(Staff, Staff.id == Coupon.staff_id)
        .where(
            Coupon.expires_at > now,
            Coupon.used_at.is_(None),
            Coupon.revoked_at.is_(None),
            Coupon.reminded_at.is_(None),
            Staff.left_at.is_(None),
            or_(*soon),
        )
        .order_by(Staff.id, Coupon.id)
        .limit(AT_ONCE)
        .with_for_update(of=Coupon, skip_locked=True)
    )
    return [(coupon, staff) for coupon, staff in rows]
