"""How far the copies of each batch have come."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from models.coupon import Coupon


class Counts(NamedTuple):
    """Copies by how far they ever came; expired and revoked are those that ended there."""

    issued: int = 0
    opened: int = 0
    claimed: int = 0
    used: int = 0
    expired: int = 0
    revoked: int = 0


def counts(session: Session, batch_ids: Collection[int], *, now: datetime) -> dict[int, Counts]:
    """Of these batches, by batch; one statement."""

    def how_many(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((which, 1)))

    unused = Coupon.used_at.is_(None)
    query = select(
        Coupon.batch_id,
        func.count(),
        how_many(Coupon.opened_at.is_not(None)),
        how_many(Coupon.claimed_at.is_not(None)),
        how_many(Coupon.used_at.is_not(None)),
        how_many(and_(unused, Coupon.revoked_at.is_(None), Coupon.expires_at <= now)),
        how_many(and_(unused, Coupon.revoked_at.is_not(None))),
    )
    query = query.where(Coupon.batch_id.in_(batch_ids)).group_by(Coupon.batch_id)
    return {row[0]: Counts(*row[1:]) for row in session.execute(query)}
