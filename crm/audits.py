"""Who did what, and who was refused: ids and counts only."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.database import changed


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
