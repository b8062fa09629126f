"""Cards to members and robots' messages: on record before they are tried, and never tried again when nobody can say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from models.database import changed, insert_if_absent
from models.drop import StaffMessage

SILENCE = timedelta(minutes=1)  # tried, and nobody told how it went
FARTHEST = timedelta(minutes=10)  # no pause is longer: what is due later, the clock was put back since
AT_ONCE = 10


def plan(
    session: Session,
    *,
    key: str,
    kind: str,
    body_sealed: bytes,
    edition_id: int | None,
    deadline_at: datetime,
    now: datetime,
    userid: str = "",
) -> bool:
    """Record what is to be sent; asking again with the key is one message."""
    return insert_if_absent(
        session, StaffMessage,
        key=key, kind=kind, userid=userid, edition_id=edition_id, body_sealed=body_sealed, created_at=now,
        next_try_at=now, deadline_at=deadline_at,
    )  # fmt: skip


def has_open(session: Session) -> bool:
    open_states = select(StaffMessage.id).where(StaffMessage.state.in_(("planned", "trying")))
    return session.scalar(open_states.limit(1)) is not None


def claim(session: Session, *, now: datetime) -> StaffMessage | None:
    """One message to be sent now, for this caller alone; None when there is none."""
    due = select(StaffMessage.id).where(
        StaffMessage.state == "planned",
        or_(StaffMessage.next_try_at <= now, StaffMessage.next_try_at > now + FARTHEST),
        or_(StaffMessage.deadline_at.is_(None), StaffMessage.deadline_at > now),
    )
    for message_id in session.scalars(due.order_by(StaffMessage.next_try_at, StaffMessage.id).limit(AT_ONCE)).all():
        won: StaffMessage | None = session.scalar(
            update(StaffMessage)
            .where(StaffMessage.id == message_id, StaffMessage.state == "planned")
            .values(state="trying", tries=StaffMessage.tries + 1, tried_at=now)
            .returning(StaffMessage)
        )
        if won is not None:
            return won
    return None


def record(
    session: Session,
    message: StaffMessage,
    state: str,
    *,
    now: datetime,
    errcode: int | None = None,
    reason: str = "",
) -> None:
    """How it went; what a robot's key was sealed with is needed no longer, what was said is kept."""
    ours = update(StaffMessage).where(
        StaffMessage.id == message.id,
        StaffMessage.state.in_(("trying", "unknown")),
        StaffMessage.tries == message.tries,
    )
    changed(session, ours.values(state=state, errcode=errcode, reason=reason, settled_at=now))


def put_off(
    session: Session, message: StaffMessage, pause: timedelta, *, errcode: int | None, reason: str, now: datetime
) -> None:
    """It surely was not sent: again after the pause, while there is time."""
    ours = update(StaffMessage).where(
        StaffMessage.id == message.id, StaffMessage.state == "trying", StaffMessage.tries == message.tries
    )
    changed(
        session, ours.values(state="planned", next_try_at=now + min(pause, FARTHEST), errcode=errcode, reason=reason)
    )


def lapse(session: Session, *, now: datetime) -> int:
    """Give up what is too late, and call unknown what was tried and never recorded; returns how many."""
    is_silent = or_(StaffMessage.tried_at <= now - SILENCE, StaffMessage.tried_at > now + SILENCE)
    silent = update(StaffMessage).where(StaffMessage.state == "trying", is_silent)
    late = update(StaffMessage).where(StaffMessage.state == "planned", StaffMessage.deadline_at <= now)
    return changed(session, silent.values(state="unknown", reason="no_answer", settled_at=now)) + changed(
        session, late.values(state="expired", reason="too_late", settled_at=now)
    )


def leave_out(session: Session, edition_id: int, *, now: datetime) -> None:
    """What is about an edition that was skipped, and not yet tried, is told to nobody."""
    untried = update(StaffMessage).where(StaffMessage.edition_id == edition_id, StaffMessage.state == "planned")
    session.execute(untried.values(state="expired", reason="edition_skipped", settled_at=now))


def of_edition(session: Session, edition_id: int) -> Sequence[StaffMessage]:
    query = select(StaffMessage).where(StaffMessage.edition_id == edition_id)
    return session.scalars(query.order_by(StaffMessage.id)).all()


def by_state(session: Session, *, since: datetime) -> dict[str, int]:
    query = select(StaffMessage.state, func.count()).where(StaffMessage.created_at >= since)
    return dict(session.execute(query.group_by(StaffMessage.state)).all())
