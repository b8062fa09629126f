"""What did not go out: held back by the stop, or only recorded in rehearsal; and what waits for a person since."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from crm import mass_reasons
from models.audit import Audit
from models.drop import DropEdition, DropSeries, DropStep, StaffMessage
from models.mass import MassMessage, MassTask
from models.push import Push
from models.touch import Touch

MOST_MESSAGES = 20


class Sending(NamedTuple):
    """One mass message: its push's or series' name, and how many tasks and people (or groups) it is about."""

    message: MassMessage
    name: str
    tasks: int
    size: int


class Kept(NamedTuple):
    """Counts of one state, `held` or `would_send`: touches and messages to staff by kind, sendings one by one."""

    touches: dict[str, int]
    sendings: list[Sending]
    steps: int
    staff_messages: dict[str, int]

    @property
    def is_nothing(self) -> bool:
        return not (self.touches or self.sendings or self.steps or self.staff_messages)


def last_switched(session: Session, mode: str) -> datetime | None:
    """When somebody last switched to this mode; None when nobody ever did."""
    return session.scalar(select(func.max(Audit.at)).where(Audit.action == f"gate.{mode}"))


def kept(session: Session, state: str, *, since: datetime | None) -> Kept:
    """What stands in this state: touches, steps and messages to staff since then, and the sendings."""
    touches = select(Touch.kind, func.count()).where(Touch.state == state).group_by(Touch.kind)
    cards = select(StaffMessage.kind, func.count()).where(StaffMessage.state == state).group_by(StaffMessage.kind)
    steps = select(func.count()).where(DropStep.state == state)
    if since is not None:
        touches, cards = touches.where(Touch.created_at >= since), cards.where(StaffMessage.created_at >= since)
        steps = steps.where(DropStep.settled_at >= since)
    return Kept(
        touches=dict(session.execute(touches).all()),
        sendings=_sendings(session, _with_tasks(state)),
        steps=session.scalar(steps) or 0,
        staff_messages=dict(session.execute(cards).all()),
    )


def stopped_halfway(session: Session) -> list[Sending]:
    """What the stop paused and nobody has let go on since."""
    paused = MassMessage.state == "paused", MassMessage.reason == mass_reasons.STOPPED
    return _sendings(session, _named().where(*paused).add_columns(func.count(MassTask.id), _size()))


def waiting_for_staff(session: Session) -> list[Sending]:
    """Sendings of which somebody has not pressed send yet, newest first."""
    open_tasks = MassTask.state == "created", MassTask.settled_at.is_(None), MassMessage.settled_at.is_(None)
    return _sendings(session, _named().where(*open_tasks).add_columns(func.count(MassTask.id), _size()))


def in_doubt(session: Session, *, since: datetime) -> list[Sending]:
    """Sendings since then with tasks nobody can tell about."""
    return _sendings(session, _with_tasks("unknown").where(MassMessage.created_at >= since))


def _named() -> Select[MassMessage, str]:
    return (
        select(MassMessage, func.coalesce(Push.name, DropSeries.name, ""))
        .outerjoin(Push, Push.id == MassMessage.push_id)
        .outerjoin(DropEdition, DropEdition.id == MassMessage.edition_id)
        .outerjoin(DropSeries, DropSeries.id == DropEdition.series_id)
        .outerjoin(MassTask, MassTask.message_id == MassMessage.id)
        .group_by(MassMessage.id, Push.name, DropSeries.name)
        .order_by(MassMessage.id.desc())
        .limit(MOST_MESSAGES)
    )


def _size() -> ColumnElement[int]:
    return func.coalesce(func.sum(MassTask.size), 0)


def _with_tasks(state: str) -> Select[MassMessage, str, int, int]:
    return _named().where(MassTask.state == state).add_columns(func.count(MassTask.id), _size())


def _sendings(session: Session, query: Select[MassMessage, str, int, int]) -> list[Sending]:
    return [Sending(row[0], row[1], row[2], row[3]) for row in session.execute(query)]
