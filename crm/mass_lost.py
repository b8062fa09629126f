"""Creations whose answer was lost: which of WeCom's own records they are, if any. Never tried again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crm import mass_contents, mass_tasks
from models.mass import MassMessage, MassTask
from wecom.mass_types import MassMessageShown

BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=5)
"""When WeCom can have made it: its clock and ours may differ, and a call lasts a while."""

AGAIN = timedelta(minutes=1)
GIVE_UP = timedelta(minutes=15)
"""WeCom's list has everything by then; only a look that saw all of it may say that there is none."""

BY_CORP = 0


@dataclass(frozen=True)
class Candidate:
    """A mass message at WeCom, made by an app, that says the same: who holds its tasks and, so far, for whom."""

    msgid: str
    made_at: datetime
    holders: frozenset[str]
    recipients: frozenset[str]


def window(task: MassTask) -> tuple[datetime, datetime]:
    assert task.tried_at is not None
    return task.tried_at - BEFORE, task.tried_at + AFTER


def lease(session: Session, *, now: datetime) -> MassTask | None:
    """A lost task to be looked up now, by this caller alone."""
    far = now + mass_tasks.FARTHEST
    due = select(MassTask.id).where(
        MassTask.state == "lost",
        or_(MassTask.next_try_at.is_(None), MassTask.next_try_at <= now, MassTask.next_try_at > far),
        mass_tasks.is_free(now=now),
    )
    for task_id in session.scalars(due.order_by(MassTask.next_try_at).limit(10)).all():
        won: MassTask | None = session.scalar(
            update(MassTask)
            .where(MassTask.id == task_id, MassTask.state == "lost", mass_tasks.is_free(now=now))
            .values(lease_until=now + mass_tasks.PREPARING)
            .returning(MassTask)
        )
        if won is not None:
            return won
    return None


def look_again(session: Session, task: MassTask, *, now: datetime, pause: timedelta = AGAIN, reason: str = "") -> None:
    """Nobody can say yet."""
    session.execute(
        update(MassTask)
        .where(MassTask.id == task.id, MassTask.state == "lost", MassTask.tries == task.tries)
        .values(lease_until=None, next_try_at=now + pause, **({"reason": reason} if reason else {}))
        .execution_options(synchronize_session=False)
    )


def note(session: Session, task: MassTask, reason: str) -> None:
    """Say what was seen, before anything is done about it."""
    session.execute(
        update(MassTask)
        .where(MassTask.id == task.id, MassTask.state == "lost")
        .values(reason=reason)
        .execution_options(synchronize_session=False)
    )


def known(session: Session, msgids: Collection[str]) -> set[str]:
    """Which of these are tasks of ours already."""
    found = session.scalars(select(MassTask.msgid).where(MassTask.msgid.in_(list(msgids))))
    return {msgid for msgid in found if msgid}


def is_like(task: MassTask, message: MassMessage, shown: MassMessageShown) -> bool:
    """Whether an entry of WeCom's list may be this task: made by an app, and of the same content."""
    by_an_app = shown.create_type == BY_CORP and not shown.creator
    return by_an_app and mass_contents.shows_the_same(task.text, message.attachments, shown.text, shown.attachments)


def has_rivals(session: Session, task: MassTask, message: MassMessage) -> bool:
    """Whether the same entries could be another message's task in doubt: the same words in those moments."""
    since, until = window(task)
    others = (
        select(MassMessage)
        .join(MassTask, MassTask.message_id == MassMessage.id)
        .where(
            MassMessage.id != message.id,
            MassMessage.chat_type == message.chat_type,
            MassTask.state.in_(("trying", "lost", "unknown")),
            MassTask.text == task.text,
            MassTask.tried_at.between(since - AFTER, until + BEFORE),
        )
    )
    return any(other.attachments == message.attachments for other in session.scalars(others))


def proven(
    found: Sequence[Candidate], task: MassTask, targets: Collection[str], *, chat_type: str, rivalled: bool
) -> list[Candidate]:
    """Those that are surely this task, oldest first; more than one only when all of them are.

    Customers: by exactly our recipients; by some of ours, the others being out of WeCom's reach, only when no other
    task in doubt could be meant. Groups list only those sent to: the owner must do, and no two may look alike.
    """
    oldest_first = sorted(found, key=lambda each: (each.made_at, each.msgid))
    if chat_type == "group":
        owned = [each for each in oldest_first if _is_by(each, task) and each.recipients <= set(targets)]
        return owned if len(owned) == 1 and not rivalled else []
    exact = [each for each in oldest_first if each.recipients == set(targets)]
    if rivalled:
        return exact[:1]  # a second one may be the other's
    if exact:
        return exact
    some = [each for each in oldest_first if each.recipients and each.recipients < set(targets)]
    return some if len({each.recipients for each in some}) == 1 else []  # of two different ones, one is not ours


def _is_by(candidate: Candidate, task: MassTask) -> bool:
    return {holder.lower() for holder in candidate.holders} == {task.userid.lower()}


def may_give_up(task: MassTask, *, asked_at: datetime) -> bool:
    """Whether a look made then that found nothing is the last."""
    assert task.tried_at is not None
    return asked_at >= task.tried_at + GIVE_UP
