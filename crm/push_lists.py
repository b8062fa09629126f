"""Questions about many pushes at once: who uses an audience, and what became of each last time."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.mass import MassMessage
from models.push import Push


def by_audience(session: Session) -> dict[int, int]:
    """How many pushes mean each audience."""
    return dict(session.execute(select(Push.audience_id, func.count()).group_by(Push.audience_id)).all())


def page(session: Session, *, before: int | None = None, limit: int = 50) -> list[Push]:
    """The newest pushes first."""
    newest = select(Push).order_by(Push.id.desc()).limit(limit)
    return list(session.scalars(newest.where(Push.id < before) if before is not None else newest))


def last_messages(session: Session, push_ids: Sequence[int]) -> dict[int, MassMessage]:
    """The newest sending of each of these pushes."""
    newest = (
        select(func.max(MassMessage.id)).where(MassMessage.push_id.in_(push_ids)).group_by(MassMessage.push_id)
    ).scalar_subquery()
    return {
        row.push_id: row
        for row in session.scalars(select(MassMessage).where(MassMessage.id.in_(newest)))
        if row.push_id
    }


def messages_of(session: Session, push_id: int, *, limit: int = 30) -> list[MassMessage]:
    """Every time it went out, newest first."""
    newest = select(MassMessage).where(MassMessage.push_id == push_id).order_by(MassMessage.slot.desc())
    return list(session.scalars(newest.limit(limit)))
