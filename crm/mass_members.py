"""Members in whose clients a task stands: who has sent it, and how far their results were read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.database import insert_many_if_absent
from models.mass import MassTaskMember
from wecom.mass_types import MassTaskShown

CONFIRMED = 2  # WeCom's status of who has sent it


def learn(session: Session, task_id: int, shown: Sequence[MassTaskShown]) -> None:
    """Who holds the task, and who of them has sent it."""
    rows = [{"task_id": task_id, "userid": member.userid} for member in shown]
    insert_many_if_absent(session, MassTaskMember, rows, MassTaskMember.id)
    by_userid = {member.userid: member for member in shown}
    kept = select(MassTaskMember).where(MassTaskMember.task_id == task_id, MassTaskMember.userid.in_(by_userid))
    for row in session.scalars(kept):
        member = by_userid[row.userid]
        row.status, row.sent_at = member.status, member.sent_at or row.sent_at


def to_read(session: Session, task_id: int) -> list[MassTaskMember]:
    """Members who have sent and whose results are not all read."""
    found = select(MassTaskMember).where(
        MassTaskMember.task_id == task_id, MassTaskMember.status == CONFIRMED, MassTaskMember.read_at.is_(None)
    )
    return list(session.scalars(found.order_by(MassTaskMember.id)))


def turn_page(session: Session, member_id: int, cursor: str) -> None:
    """The pages before this cursor are on record: a killed process goes on here."""
    session.execute(update(MassTaskMember).where(MassTaskMember.id == member_id).values(cursor=cursor))


def all_read(session: Session, member_id: int, *, now: datetime) -> None:
    session.execute(update(MassTaskMember).where(MassTaskMember.id == member_id).values(cursor="", read_at=now))


def are_all_read(session: Session, task_id: int) -> bool:
    """Whether every member has sent it and every page of theirs was read."""
    rows = session.execute(
        select(MassTaskMember.status, MassTaskMember.read_at).where(MassTaskMember.task_id == task_id)
    ).all()
    return bool(rows) and all(row.status == CONFIRMED and row.read_at is not None for row in rows)
