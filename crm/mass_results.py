"""What became of mass messages: who confirmed, who received it; read page by page, each page once on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from crm import erased, mass_members, mass_reasons, quotas
from models.database import changed
from models.mass import MassMessage, MassRecipient, MassTask
from wecom.mass_types import MassResultShown

READING = timedelta(minutes=5)
LOOKS = (
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=30), timedelta(days=1)),
)
"""Younger than that: looked at again after so long. Older than the last: not any more."""

AT_ONCE = 160
"""Results a transaction: each may write a recipient and two months of its quota, and 500 rows are the most."""

STATES = {1: "sent", 2: "not_friend", 3: "quota"}  # of a recipient's status; 0 is not sent yet
SETTLED = ("sent", "not_friend", "quota")
NOT_LISTED = {
    "single": ("unreachable", mass_reasons.NOT_LISTED),
    "group": ("failed", mass_reasons.GROUP_NOT_LISTED),
}


def lease(session: Session, *, now: datetime) -> MassMessage | None:
    """A message whose results are to be read now, by this caller alone."""
    due = select(MassMessage.id).where(
        MassMessage.state.in_(("sending", "waiting", "paused", "cancelled")),
        or_(MassMessage.next_look_at <= now, MassMessage.next_look_at > now + timedelta(days=2)),
        _is_free(now),
    )
    for message_id in session.scalars(due.order_by(MassMessage.next_look_at).limit(10)).all():
        won: MassMessage | None = session.scalar(
            update(MassMessage)
            .where(MassMessage.id == message_id, MassMessage.next_look_at.is_not(None), _is_free(now))
            .values(lease_until=now + READING)
            .returning(MassMessage)
        )
        if won is not None:
            return won
    return None


def look_again(session: Session, message_id: int, *, now: datetime, pause: timedelta | None = None) -> None:
    """Give the lease back; the next look is after the pause, or as the age of its newest task says, or never."""
    message = session.get_one(MassMessage, message_id, with_for_update=True)
    newest = session.scalar(select(func.max(MassTask.made_at)).where(MassTask.message_id == message_id))
    age = now - (newest or message.created_at)  # it may have been paused for a month
    by_age = next((every for younger, every in LOOKS if age < younger), None)
    waits = _unread(session, message_id)
    message.lease_until = None
    message.next_look_at = now + (pause or by_age) if waits and by_age is not None else None
    if waits and by_age is None:
        _stop_waiting(session, message_id, now=now)


def _unread(session: Session, message_id: int) -> bool:
    open_task = MassTask.settled_at.is_(None), MassTask.state.not_in(("failed", "unknown", "would_send", "cancelled"))
    return session.scalar(select(MassTask.id).where(MassTask.message_id == message_id, *open_task).limit(1)) is not None


def _stop_waiting(session: Session, message_id: int, *, now: datetime) -> None:
    """Nobody confirmed in thirty days: it stays as it is, and nobody looks any more."""
    session.execute(
        update(MassTask)
        .where(MassTask.message_id == message_id, MassTask.state == "created", MassTask.settled_at.is_(None))
        .values(settled_at=now, reason=mass_reasons.NEVER_CONFIRMED)
    )


def open_tasks(session: Session, message_id: int) -> list[MassTask]:
    """The message's tasks at WeCom whose results are not all known."""
    found = select(MassTask).where(
        MassTask.message_id == message_id,
        MassTask.state.in_(("created", "cancelling")),
        MassTask.settled_at.is_(None),
    )
    return list(session.scalars(found.order_by(MassTask.id)))


def apply(session: Session, task: MassTask, month: str, results: Sequence[MassResultShown], *, zone: ZoneInfo) -> None:
    """Record what became of these, at most `AT_ONCE`. Safe to repeat: who is settled stays so.

    Only who was not to be reached by one member and received it from another has received it.
    """
    received = {each.target: each for each in results if STATES.get(each.status) == "sent"}
    told = {each.target: each for each in results if each.status in STATES} | received
    gone = erased.external_userids(session, told)  # WeCom still calls them by name
    received, told = ({gone.get(name, name): each for name, each in some.items()} for some in (received, told))
    rows = session.execute(
        select(MassRecipient.id, MassRecipient.target, MassRecipient.state)
        .where(
            MassRecipient.task_id == task.id,
            or_(
                and_(MassRecipient.target.in_(told), MassRecipient.state.not_in(SETTLED)),
                and_(MassRecipient.target.in_(received), MassRecipient.state != "sent"),
            ),
        )
        .order_by(MassRecipient.target)
        .with_for_update()
    ).all()
    alike: dict[tuple[str, datetime | None, str | None], list[int]] = {}  # one confirmation is one moment for all
    sent: dict[bool, dict[str, datetime]] = {True: {}, False: {}}
    freed = []
    for row in rows:
        each, was_reserved = told[row.target], row.state in quotas.HOLDING
        sent_at = each.sent_at or task.made_at if STATES[each.status] == "sent" else None
        alike.setdefault((STATES[each.status], sent_at, each.userid if sent_at else None), []).append(row.id)
        if sent_at is not None:
            sent[was_reserved][row.target] = sent_at
        elif was_reserved:
            freed.append(row.target)
    for (state, sent_at, userid), ids in alike.items():
        session.execute(
            update(MassRecipient)
            .where(MassRecipient.id.in_(ids))
            .values(state=state, reason="", sent_at=sent_at, sent_by=userid or (task.userid if sent_at else None))
            .execution_options(synchronize_session=False)
        )
    for was_reserved, arrived in sent.items():
        if arrived:  # a place that was given back before is not given back again
            quotas.commit(session, arrived, month if was_reserved else "", zone=zone)
    if freed:
        quotas.release(session, freed, month)


def leave_unlisted(session: Session, task: MassTask, message: MassMessage, *, limit: int = 250) -> int:
    """Everything was read, and these, up to 250, were in none of it; returns how many."""
    state, reason = NOT_LISTED[message.chat_type]
    found = session.execute(
        select(MassRecipient.id, MassRecipient.target)
        .where(MassRecipient.task_id == task.id, MassRecipient.state.in_(quotas.HOLDING))
        .order_by(MassRecipient.target)
        .limit(limit)
        .with_for_update()
    ).all()
    if found:
        ids = [row.id for row in found]
        session.execute(
            update(MassRecipient)
            .where(MassRecipient.id.in_(ids))
            .values(state=state, reason=reason)
            .execution_options(synchronize_session=False)
        )
        quotas.release(session, [row.target for row in found], message.month)
    return len(found)


def settle(session: Session, task: MassTask, *, now: datetime) -> None:
    """All of its results are known."""
    session.execute(
        update(MassTask)
        .where(MassTask.id == task.id, MassTask.settled_at.is_(None))
        .values(settled_at=now)
        .execution_options(synchronize_session=False)
    )


def withdrawn(session: Session, task: MassTask) -> None:
    """Taken back at WeCom and read once more: who has not received it by now will not. Not while results lag behind."""
    if mass_members.to_read(session, task.id):
        return
    changed(
        session,
        update(MassTask)
        .where(MassTask.id == task.id, MassTask.state == "cancelling")
        .values(state="cancelled", lease_until=None)
        .execution_options(synchronize_session=False),
    )


def _is_free(now: datetime):  # type: ignore[no-untyped-def]
    return or_(
        MassMessage.lease_until.is_(None), MassMessage.lease_until <= now, MassMessage.lease_until > now + 2 * READING
    )
