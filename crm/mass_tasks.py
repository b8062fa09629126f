"""Tasks of mass messages on their way to WeCom: begun by one, settled once, never tried again in doubt."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from crm import mass_reasons
from models.database import changed
from models.mass import MassMessage, MassTask
from models.push import Push
from models.staff import Staff

PREPARING = timedelta(minutes=2)
"""Who leased a task has so long to upload what it shows and to split it; then somebody else may."""

ANSWERED_WITHIN = timedelta(seconds=60)
"""A call is answered or given up sooner; a task that is still being tried then lost its process."""

GRACE = timedelta(seconds=60)
"""WeCom lists a new message only some moments after its creation: nothing is looked up before."""

SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
FARTHEST = timedelta(minutes=10)
"""No pause is longer, however long a throttled window lasts. A due moment beyond it stems from a clock put back."""


def lease(session: Session, *, now: datetime) -> MassTask | None:
    """A planned task of a message that is being sent, to be prepared by this caller alone; None when none is due."""
    far = now + FARTHEST
    due = (
        select(MassTask.id)
        .join(MassMessage, MassMessage.id == MassTask.message_id)
        .where(
            MassTask.state == "planned",
            MassMessage.state == "sending",
            or_(MassTask.next_try_at.is_(None), MassTask.next_try_at <= now, MassTask.next_try_at > far),
            is_free(now=now),
            ~sibling_in_doubt(),
        )
        .order_by(MassTask.message_id, MassTask.staff_id, MassTask.number)
    )
    for task_id in session.scalars(due.limit(10)).all():
        won: MassTask | None = session.scalar(
            update(MassTask)
            .where(MassTask.id == task_id, MassTask.state == "planned", is_free(now=now))
            .values(lease_until=now + PREPARING)
            .returning(MassTask)
        )
        if won is not None:
            return won
    return None


def begin(session: Session, task: MassTask, sender: Staff, *, now: datetime) -> MassTask | None:
    """Put on record that the task is tried now. None when it must not be: paused, cancelled, or somebody else's.

    Right before the call. Of a message and sender only one task at a time is tried or looked up.
    """
    message = session.scalar(select(MassMessage).where(MassMessage.id == task.message_id).with_for_update())
    if message is None or message.state != "sending":
        give_back(session, task)
        return None
    begun: MassTask | None = session.scalar(
        update(MassTask)
        .where(
            MassTask.id == task.id,
            MassTask.state == "planned",
            MassTask.lease_until == task.lease_until,
            ~sibling_in_doubt(),
        )
        .values(
            state="trying", tries=MassTask.tries + 1, tried_at=now, lease_until=now + ANSWERED_WITHIN,
            userid=sender.userid, reason="", errcode=None,
        )
        .returning(MassTask)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return begun


def give_back(session: Session, task: MassTask) -> None:
    """Leave a leased task to the next one."""
    _settle(session, task, ("planned",), lease_until=None)


def sender(session: Session, task: MassTask, *, chat_type: str) -> Staff | None:
    """Who is to send it; None when they have left, or serve customers no more."""
    found = session.get_one(Staff, task.staff_id)
    may_send = found.serves_customers or chat_type == "group"
    return found if may_send and found.left_at is None else None


def is_rehearsal(session: Session, message: MassMessage) -> bool:
    """Whether somebody only wanted to see whom it would reach."""
    return message.push_id is not None and session.get_one(Push, message.push_id).is_rehearsal


def created(session: Session, task: MassTask, msgid: str, *, now: datetime, reason: str = "") -> bool:
    """WeCom has it. Late news counts as well; False when the task was settled otherwise or has its msgid already."""
    message = session.get_one(MassMessage, task.message_id, with_for_update=True)
    state = "cancelling" if message.state == "cancelled" else "created"
    won = _settle(
        session, task, ("trying", "lost", "unknown"),
        state=state, msgid=msgid, made_at=now, errcode=None, reason=reason, lease_until=None, next_try_at=None,
        settled_at=None,
    )  # fmt: skip
    if won:
        soon = now + timedelta(seconds=30)
        if message.next_look_at is None or message.next_look_at > soon:
            message.next_look_at = soon
        message.settled_at = None
        if message.state == "done":
            message.state = "waiting"
    return won


def put_off(session: Session, task: MassTask, *, now: datetime, errcode: int | None = None, reason: str = "") -> None:
    """It surely was not created: again after a pause that grows with every try."""
    pause = min(SHORTEST_PAUSE * 2 ** min(task.tries, 10), LONGEST_PAUSE)
    _settle(
        session, task, ("planned", "trying", "lost"),
        state="planned", next_try_at=now + pause, lease_until=None, errcode=errcode, reason=reason,
    )  # fmt: skip


def wait_for_window(session: Session, task: MassTask, pause: timedelta, *, now: datetime, errcode: int | None) -> None:
    """WeCom's frequency limit holds for everybody: no task is tried before its window is over."""
    until = now + min(pause, FARTHEST)
    why: dict[str, Any] = {"next_try_at": until, "errcode": errcode, "reason": mass_reasons.BUSY}
    _settle(session, task, ("planned", "trying", "lost"), state="planned", lease_until=None, **why)
    session.execute(
        update(MassTask)
        .where(MassTask.state == "planned", or_(MassTask.next_try_at.is_(None), MassTask.next_try_at < until))
        .values(next_try_at=until)
        .execution_options(synchronize_session=False)
    )


def lose(session: Session, task: MassTask, reason: str) -> None:
    """It went out and nobody answered: to be looked up before anything else."""
    assert task.tried_at is not None
    _settle(
        session, task, ("trying",), state="lost", lease_until=None, next_try_at=task.tried_at + GRACE, reason=reason
    )


def end(session: Session, task: MassTask, state: str, *, reason: str, errcode: int | None = None) -> None:
    """It will not be created: failed, would_send, or unknown. Its recipients follow (`crm.mass_recipients`)."""
    before = ("lost",) if state == "unknown" else ("planned", "trying", "lost")
    _settle(session, task, before, state=state, reason=reason, errcode=errcode, lease_until=None, next_try_at=None)


def lose_silent(session: Session, *, now: datetime) -> int:
    """Tasks whose process died while they were tried; returns how many."""
    silent = or_(MassTask.lease_until <= now, MassTask.lease_until > now + 2 * ANSWERED_WITHIN)
    return changed(
        session,
        update(MassTask)
        .where(MassTask.state == "trying", silent)
        .values(state="lost", lease_until=None, next_try_at=now, reason=mass_reasons.DIED)
        .execution_options(synchronize_session=False),
    )


def is_free(*, now: datetime) -> ColumnElement[bool]:
    """Nobody has leased it: no lease, one that is over, or one from before the clock was put back."""
    return or_(MassTask.lease_until.is_(None), MassTask.lease_until <= now, MassTask.lease_until > now + 2 * PREPARING)


def sibling_in_doubt() -> ColumnElement[bool]:
    """Whether another task of this message and sender is being tried or looked up."""
    other = aliased(MassTask)
    return exists().where(
        and_(
            other.message_id == MassTask.message_id,
            other.staff_id == MassTask.staff_id,
            other.id != MassTask.id,
            other.state.in_(("trying", "lost")),
        )
    )


def _settle(session: Session, task: MassTask, before: tuple[str, ...], **values: Any) -> bool:
    """Conditional: only the try that was begun, only from these states."""
    return (
        changed(
            session,
            update(MassTask)
            .where(MassTask.id == task.id, MassTask.tries == task.tries, MassTask.state.in_(before))
            .values(**values)
            .execution_options(synchronize_session=False),
        )
        > 0
    )
