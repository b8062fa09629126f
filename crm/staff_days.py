"""What staff did with customers by day, as WeCom counts it: which days are missing, and keeping them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.database import insert_many_if_absent
from models.staff import Staff
from models.staff_day import StaffDay
from wecom.types import StaffDay as Shown

WECOM = ZoneInfo("Asia/Shanghai")  # its days, wherever the shop is
LONGEST = 30  # days it tells at once


def missing(session: Session, *, now: datetime) -> list[tuple[int, str, date, date]]:
    """Of everybody who serves customers: (id, userid, first, last) of the days that are over and not on record."""
    last = now.astimezone(WECOM).date() - timedelta(days=1)
    known = select(StaffDay.staff_id, func.max(StaffDay.on_day).label("on_day")).group_by(StaffDay.staff_id).subquery()
    rows = session.execute(
        select(Staff.id, Staff.userid, known.c.on_day)
        .outerjoin(known, known.c.staff_id == Staff.id)
        .where(Staff.serves_customers, Staff.left_at.is_(None))
        .order_by(Staff.id)
    )
    earliest = last - timedelta(days=LONGEST - 1)
    found = [
        (row.id, row.userid, max(earliest, row.on_day + timedelta(days=1)) if row.on_day else last) for row in rows
    ]
    return [(staff_id, userid, first, last) for staff_id, userid, first in found if first <= last]


def midnight(day: date) -> datetime:
    """When a day of WeCom's begins."""
    return datetime(day.year, day.month, day.day, tzinfo=WECOM).astimezone(UTC)


def store(session: Session, staff_id: int, shown: Sequence[Shown]) -> int:
    """Keep days that are over; one that is there already stays. Returns how many were new."""
    rows = [
        {
            "staff_id": staff_id, "on_day": datetime.fromtimestamp(day.stat_time, WECOM).date(),
            "chats": day.chat_cnt, "messages": day.message_cnt, "applied": day.new_apply_cnt,
            "gained": day.new_contact_cnt, "lost": day.negative_feedback_cnt,
            "reply_percent": _whole(day.reply_percentage), "first_reply_minutes": _whole(day.avg_reply_time),
        }
        for day in shown
    ]  # fmt: skip
    return len(insert_many_if_absent(session, StaffDay, rows, StaffDay.id))


def of_staff(session: Session, staff_id: int, *, since: date) -> Sequence[StaffDay]:
    """The days of one member from one on, the latest first."""
    query = select(StaffDay).where(StaffDay.staff_id == staff_id, StaffDay.on_day >= since)
    return session.scalars(query.order_by(StaffDay.on_day.desc())).all()


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
