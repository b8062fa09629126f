"""Mass messages in operators' hands: pause, resume, cancel, remind; and how far each has come."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session

from crm import audits, mass_reasons
from crm.errors import Conflict, NotFound
from models.database import changed
from models.mass import MassMessage, MassTask, MassTaskMember

REMINDERS, REMINDERS_WITHIN = 3, timedelta(hours=24)


def pause(session: Session, message_id: int, *, by: str, now: datetime) -> None:
    """Begin no further task until somebody resumes it; what WeCom has already stays with staff."""
    message = _held(session, message_id)
    if message.state not in ("planning", "sending"):
        raise Conflict("这次群发不在发送中，不能暂停")
    message.paused_from, message.state, message.reason = message.state, "paused", ""
    audits.note(session, actor=by, action="mass.pause", now=now, message=message_id)


def resume(session: Session, message_id: int, *, by: str, now: datetime) -> None:
    """Go on where it was paused. What a stop had held is planned again: its quota is asked for anew."""
    message = _held(session, message_id)
    if message.state != "paused":
        raise Conflict("这次群发没有暂停")
    message.state, message.paused_from, message.reason = message.paused_from or "sending", None, ""
    session.execute(
        update(MassTask)
        .where(MassTask.message_id == message_id, MassTask.state == "held")
        .values(state="planned", reason="", next_try_at=now, lease_until=None)
    )
    audits.note(session, actor=by, action="mass.resume", now=now, message=message_id)


def cancel(session: Session, message_id: int, *, by: str, now: datetime) -> None:
    """Nothing more is created; what staff have not confirmed yet is taken back at WeCom. What arrived stays.

    A task in doubt is still looked up, and taken back when it is found.
    """
    message = _held(session, message_id)
    if message.state in ("done", "cancelled", "missed"):
        raise Conflict("这次群发已经结束")
    message.state, message.paused_from, message.reason = "cancelled", None, ""
    message.next_look_at = now
    session.execute(
        update(MassTask)
        .where(MassTask.message_id == message_id, MassTask.state == "created", MassTask.settled_at.is_(None))
        .values(state="cancelling")
    )
    withdraw_planned(session)
    audits.note(session, actor=by, action="mass.cancel", now=now, message=message_id)


def ask_reminder(session: Session, task_id: int, *, by: str, now: datetime) -> None:
    """Have WeCom nudge who has not confirmed yet, at most three times in 24 hours; a job does it within seconds."""
    task = session.scalar(select(MassTask).where(MassTask.id == task_id).with_for_update())
    if task is None:
        raise NotFound("没有这个任务")
    if task.state != "created" or task.settled_at is not None:
        raise Conflict("这个任务不在等待发送")
    if _reminded_lately(task, now=now) >= REMINDERS:
        raise Conflict("24 小时内最多提醒 3 次")
    task.next_try_at = now
    audits.note(session, actor=by, action="mass.remind", now=now, task=task_id)


def begin_reminder(session: Session, *, now: datetime) -> MassTask | None:
    """A reminder somebody asked for, counted before it is tried; None when there is none."""
    wanted = select(MassTask.id).where(MassTask.state == "created", MassTask.next_try_at <= now)
    for task_id in session.scalars(wanted.limit(10)).all():
        task = session.scalar(select(MassTask).where(MassTask.id == task_id).with_for_update(skip_locked=True))
        if task is None or task.state != "created" or task.next_try_at is None:
            continue
        lately = _reminded_lately(task, now=now)
        task.next_try_at = None
        task.reminded, task.reminded_at = lately + 1, task.reminded_at if lately else now
        return task
    return None


def who_waits(session: Session, task: MassTask) -> list[str]:
    """The members who have not confirmed the task; its sender while nobody has told us."""
    members = session.execute(
        select(MassTaskMember.userid, MassTaskMember.status).where(MassTaskMember.task_id == task.id)
    ).all()
    return [member.userid for member in members if member.status == 0] if members else [task.userid]


def reminded(session: Session, task: MassTask, reason: str) -> None:
    """How the reminder went: nothing to say when it went well."""
    session.execute(
        update(MassTask)
        .where(MassTask.id == task.id, MassTask.state == "created")
        .values(reason=reason)
        .execution_options(synchronize_session=False)
    )


def _reminded_lately(task: MassTask, *, now: datetime) -> int:
    """`reminded_at` is when the first of the last 24 hours was."""
    is_old = task.reminded_at is None or now >= task.reminded_at + REMINDERS_WITHIN
    return 0 if is_old else task.reminded


def hold(session: Session, message_id: int) -> None:
    """All is stopped: what is not yet created is held, and the message waits for a person to go on."""
    message = session.get_one(MassMessage, message_id, with_for_update=True)
    session.execute(
        update(MassTask)
        .where(MassTask.message_id == message_id, MassTask.state == "planned")
        .values(state="held", lease_until=None, next_try_at=None, reason=mass_reasons.STOPPED)
        .execution_options(synchronize_session=False)
    )
    if message.state == "sending":
        message.state, message.paused_from = "paused", "sending"
        message.reason = mass_reasons.STOPPED


def has_open(session: Session) -> bool:
    """Whether any message or task is not settled yet."""
    open_message = select(MassMessage.id).where(
        MassMessage.state.in_(("sending", "waiting", "cancelled")), MassMessage.settled_at.is_(None)
    )
    open_task = select(MassTask.id).where(MassTask.settled_at.is_(None))
    return any(session.scalar(each.limit(1)) is not None for each in (open_message, open_task))


def withdraw_planned(session: Session) -> int:
    """Tasks of cancelled messages that nobody has begun; returns how many."""
    cancelled = select(MassMessage.id).where(MassMessage.state == "cancelled", MassMessage.settled_at.is_(None))
    return changed(
        session,
        update(MassTask)
        .where(MassTask.message_id.in_(cancelled), MassTask.state.in_(("planned", "held")))
        .values(state="cancelled", lease_until=None, next_try_at=None, reason=mass_reasons.CANCELLED)
        .execution_options(synchronize_session=False),
    )


def advance(session: Session, *, now: datetime) -> int:
    """Messages whose tasks are all begun wait for staff; those whose tasks are all settled are done. How many moved."""
    open_task = _of_message(MassTask.settled_at.is_(None))
    unbegun = _of_message(MassTask.state.in_(("planned", "trying", "lost", "held")))
    done = changed(
        session,
        update(MassMessage)
        .where(MassMessage.state.in_(("sending", "waiting")), ~open_task)
        .values(state="done", settled_at=now, next_look_at=None)
        .execution_options(synchronize_session=False),
    )
    waiting = changed(
        session,
        update(MassMessage)
        .where(MassMessage.state == "sending", ~unbegun)
        .values(state="waiting", next_look_at=func.coalesce(MassMessage.next_look_at, now))
        .execution_options(synchronize_session=False),
    )
    ended = changed(
        session,
        update(MassMessage)
        .where(MassMessage.state == "cancelled", MassMessage.settled_at.is_(None), ~open_task)
        .values(settled_at=now, next_look_at=None)
        .execution_options(synchronize_session=False),
    )
    return done + waiting + ended


def _held(session: Session, message_id: int) -> MassMessage:
    found = session.scalar(select(MassMessage).where(MassMessage.id == message_id).with_for_update())
    if found is None:
        raise NotFound("没有这次群发")
    return found


def _of_message(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(and_(MassTask.message_id == MassMessage.id, condition))
