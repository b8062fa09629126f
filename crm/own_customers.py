"""The customers a staff member follows, to be found outside a chat."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.staff import Staff

A_PAGE = 30


class Mine(NamedTuple):
    follow_id: int
    external_userid: str
    name: str
    avatar: str
    remark: str
    followed_at: datetime


def page(
    session: Session, staff: Staff, *, searched: str = "", before: int | None = None
) -> tuple[list[Mine], int | None]:
    """Those they follow now, the newest follow first, and what to ask the next page with; by remark or name."""
    query = (
        select(Follow.id, Contact.external_userid, Contact.name, Contact.avatar, Follow.remark, Follow.followed_at)
        .join(Contact, Contact.id == Follow.contact_id)
        .where(Follow.staff_id == staff.id, Follow.ended_at.is_(None))
    )
    if searched:
        query = query.where(or_(*(one.icontains(searched, autoescape=True) for one in (Follow.remark, Contact.name))))
    if before is not None:
        query = query.where(Follow.id < before)
    rows = [Mine(*row) for row in session.execute(query.order_by(Follow.id.desc()).limit(A_PAGE + 1))]
    return rows[:A_PAGE], rows[A_PAGE - 1].follow_id if len(rows) > A_PAGE else None
