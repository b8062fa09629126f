"""Who did what, and who was refused: ids and counts only."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.database import changed
from models.user import User


def note(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str = "",
    outcome: str = "done",
    now: datetime,
    **details: Any,
) -> None:
    """Record a deed in the transaction that does it; a refusal in one of its own, since its own rolls back."""
    session.add(Audit(at=now, actor=actor, action=action, subject=subject[:200], outcome=outcome, details=details))


def forget(session: Session, *, before: datetime, limit: int = 500) -> int:
    """Drop what is past its retention, at most so many a call; returns how many."""
    old = select(Audit.id).where(Audit.at < before).limit(limit).scalar_subquery()
    return changed(session, delete(Audit).where(Audit.id.in_(old)))


def page(session: Session, *, action: str | None = None, before: int | None = None, limit: int = 50) -> list[Audit]:
    """The newest deeds first; of one action, or older than one already shown."""
    newest = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if action is not None:
        newest = newest.where(Audit.action == action)
    if before is not None:
        newest = newest.where(Audit.id < before)
    return list(session.scalars(newest))


def actions(session: Session) -> list[str]:
    """Every kind of deed on record."""
    return list(session.scalars(select(Audit.action).distinct().order_by(Audit.action)))


def user_names(session: Session, rows: Iterable[Audit]) -> dict[str, str]:
    """The console users among the actors: "user:3" and their name."""
    ids = [int(row.actor[5:]) for row in rows if row.actor.startswith("user:") and row.actor[5:].isdigit()]
    named = select(User.id, User.name).where(User.id.in_(ids))
    return {f"user:{user_id}": name for user_id, name in session.execute(named)}
