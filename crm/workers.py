"""Which worker processes are alive.

A beat is a moment of the real clock and only ever compared with itself: a worker is dead when somebody has watched its
beat stand still. No clock that jumps, ours or the sandbox's, calls a live one dead.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models.database import changed, insert_if_absent
from models.schedule import WorkerBeat

FRESH = timedelta(seconds=60)


def beat(session: Session, worker: str, *, at: datetime) -> None:
    """Say that this worker is alive; also after somebody took it for dead."""
    if not changed(session, update(WorkerBeat).where(WorkerBeat.worker == worker).values(beat_at=at)):
        insert_if_absent(session, WorkerBeat, worker=worker, started_at=at, beat_at=at)


def leave(session: Session, worker: str) -> None:
    """Its runs, had it any, are anybody's now."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.worker == worker))


def beats(session: Session) -> dict[str, datetime]:
    """Whoever is not among these is dead."""
    return dict(session.execute(select(WorkerBeat.worker, WorkerBeat.beat_at)).all())


def bury(session: Session, worker: str, *, beat_at: datetime) -> bool:
    """Call a worker dead unless it has beaten since; True when it is."""
    silent = delete(WorkerBeat).where(WorkerBeat.worker == worker, WorkerBeat.beat_at == beat_at)
    return changed(session, silent) > 0


def is_any_alive(session: Session, *, real_now: datetime) -> bool:
    """For whoever cannot wait and watch: by the real clock, within a minute."""
    newest = session.scalar(select(func.max(WorkerBeat.beat_at)))
    return newest is not None and newest > real_now - FRESH
