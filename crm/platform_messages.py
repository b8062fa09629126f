"""What platforms pushed: stored once by its key, leased, and settled in the transaction that holds its effect."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.database import changed
from models.platform import PlatformMessage

OPEN = ("received", "waiting")
LEASE = timedelta(minutes=2)
MOST_TRIES = 10
LONGEST_PAUSE = timedelta(hours=2)


class LeaseLost(Exception):
    """Somebody else settled or leased this row meanwhile: whatever was done for it must roll back."""


def keep(session: Session, rows: list[dict[str, Any]]) -> None:
    """Store messages; one that is already here only counts another delivery."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(PlatformMessage)
    key = ["shop_id", "platform", "key"]
    again = {"deliveries": PlatformMessage.deliveries + 1}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=again), rows)


def has_due(session: Session, *, now: datetime) -> bool:
    due = PlatformMessage.state.in_(OPEN), PlatformMessage.next_try_at <= now
    return session.scalar(select(PlatformMessage.id).where(*due).limit(1)) is not None


def lease_due(session: Session, *, limit: int, now: datetime) -> Sequence[PlatformMessage]:
    """The oldest rows that are due, held until `LEASE` from now; a worker that dies gives them back by then."""
    due = PlatformMessage.state.in_(OPEN), PlatformMessage.next_try_at <= now
    some = select(PlatformMessage.id).where(*due).order_by(PlatformMessage.id).limit(limit)
    ids = list(session.scalars(some.with_for_update(skip_locked=True)))
    claim = update(PlatformMessage).where(PlatformMessage.id.in_(ids), *due).values(next_try_at=now + LEASE)
    won = session.scalars(claim.returning(PlatformMessage)) if ids else ()
    return sorted(won, key=lambda row: row.id)


def settle(session: Session, row: PlatformMessage, state: str, *, now: datetime, reason: str = "") -> None:
    """Close a leased row in the transaction of its effect. Raises `LeaseLost` when the row is no longer ours."""
    _change(session, row, state=state, applied_at=now, reason=reason[:200])


def put_off(session: Session, row: PlatformMessage, *, pause: timedelta | None, reason: str, now: datetime) -> None:
    """Not now: wait so long, twice longer each time. No pause, or too many tries, and the row has failed."""
    tries = row.tries + 1
    failed = pause is None or tries >= MOST_TRIES
    later = now if pause is None else now + min(pause * 2 ** (tries - 1), LONGEST_PAUSE)
    state = "failed" if failed else "waiting"
    _change(session, row, state=state, tries=tries, next_try_at=later, reason=reason[:200])


def _change(session: Session, row: PlatformMessage, **values: object) -> None:
    ours = PlatformMessage.id == row.id, PlatformMessage.state.in_(OPEN), PlatformMessage.next_try_at == row.next_try_at
    if not changed(session, update(PlatformMessage).where(*ours).values(**values)):
        raise LeaseLost


def replay_failed(session: Session, shop_id: int, platform: str, *, now: datetime) -> int:
    """Apply what failed for one account again, the oldest 500; returns how many."""
    failed = select(PlatformMessage.id).where(
        PlatformMessage.shop_id == shop_id,
        PlatformMessage.platform == platform,
        PlatformMessage.state == "failed",
        PlatformMessage.body_sealed.is_not(None),
    )
    fresh = {"state": "received", "tries": 0, "next_try_at": now, "applied_at": None, "reason": ""}
    oldest = failed.order_by(PlatformMessage.id).limit(500).scalar_subquery()
    return changed(session, update(PlatformMessage).where(PlatformMessage.id.in_(oldest)).values(**fresh))


def failed_counts(session: Session) -> dict[tuple[int, str], int]:
    """How many failed, by shop and platform."""
    account = PlatformMessage.shop_id, PlatformMessage.platform
    counted = select(*account, func.count()).where(PlatformMessage.state == "failed").group_by(*account)
    return {(shop_id, platform): count for shop_id, platform, count in session.execute(counted)}


def failed(session: Session, shop_id: int, platform: str, *, limit: int = 50) -> Sequence[PlatformMessage]:
    """The newest of an account that failed."""
    account = PlatformMessage.shop_id == shop_id, PlatformMessage.platform == platform
    wanted = select(PlatformMessage).where(*account, PlatformMessage.state == "failed")
    return session.scalars(wanted.order_by(PlatformMessage.id.desc()).limit(limit)).all()


def forget(session: Session, *, bodies_before: datetime, rows_before: datetime, limit: int = 250) -> int:
    """Drop old bodies and old rows, so many of each at a time; what still waits is kept. Returns how many changed."""
    settled = PlatformMessage.state.not_in(OPEN)
    old = PlatformMessage.received_at < bodies_before, PlatformMessage.body_sealed.is_not(None), settled
    bodies = select(PlatformMessage.id).where(*old).limit(limit).scalar_subquery()
    rows = select(PlatformMessage.id).where(PlatformMessage.received_at < rows_before, settled).limit(limit)
    count = changed(session, update(PlatformMessage).where(PlatformMessage.id.in_(bodies)).values(body_sealed=None))
    return count + changed(session, delete(PlatformMessage).where(PlatformMessage.id.in_(rows.scalar_subquery())))
