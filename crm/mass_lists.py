"""Questions about one mass message that its page asks beside the report: what it is called, who is behind a userid."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.mass_control import REMINDERS, REMINDERS_WITHIN
from crm.mass_reports import Report, SenderLine
from models.drop import DropEdition, DropSeries
from models.mass import MassMessage, MassTask
from models.push import Push
from models.staff import Staff


def message(session: Session, message_id: int) -> MassMessage:
    found = session.get(MassMessage, message_id)
    if found is None:
        raise NotFound("没有这次群发")
    return found


def name_of(session: Session, found: MassMessage) -> str:
    """The push's name, or the series' of the drop it is a part of."""
    if found.push_id is not None:
        return session.scalar(select(Push.name).where(Push.id == found.push_id)) or ""
    of_edition = select(DropSeries.name).join(DropEdition).where(DropEdition.id == found.edition_id)
    return session.scalar(of_edition) or ""


def names_of_members(session: Session, report: Report) -> dict[str, str]:
    """userid → name of everybody who holds one of its tasks."""
    userids = {holder.userid for line in report.senders for holder in line.holders}
    keys = [userid.lower() for userid in userids]
    found = dict(session.execute(select(Staff.userid_key, Staff.name).where(Staff.userid_key.in_(keys))).all())
    return {userid: found.get(userid.lower(), userid) for userid in userids}


def waiting_tasks(session: Session, message_id: int, staff_id: int) -> list[MassTask]:
    """A member's tasks of a message that stand in WeCom and are not settled."""
    mine = MassTask.message_id == message_id, MassTask.staff_id == staff_id
    open_ones = select(MassTask).where(*mine, MassTask.state == "created", MassTask.settled_at.is_(None))
    return list(session.scalars(open_ones.order_by(MassTask.number)))


def tasks_in(report: Report, state: str) -> list[tuple[SenderLine, MassTask]]:
    return [(line, task) for line in report.senders for task in line.tasks if task.state == state]


def can_remind(line: SenderLine, now: datetime) -> bool:
    """Whether every open task of theirs may be reminded once more in these 24 hours."""
    waiting = [task for task in line.tasks if task.state == "created" and task.settled_at is None]
    return bool(waiting) and all(
        task.reminded < REMINDERS or task.reminded_at is None or now >= task.reminded_at + REMINDERS_WITHIN
        for task in waiting
    )
