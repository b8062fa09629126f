"""Storms of edits: somebody re-tags a thousand customers, and each of them comes as an event of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm import inbox
from crm.inbox import EDIT, OPEN
from models.database import changed
from models.inbox import Inbox

HANDFUL = 5  # edits of one member that are due together and still looked up one by one
AT_ONCE = 500
LEASE = timedelta(minutes=5)  # a member with thousands of customers is read in so long


def members(session: Session, *, now: datetime) -> list[str]:
    """The members more than a handful of whose edits are due."""
    query = (
        select(Inbox.userid)
        .where(Inbox.state.in_(OPEN), Inbox.next_try_at <= now, Inbox.kind == EDIT, Inbox.external_userid.is_not(None))
        .group_by(Inbox.userid)
        .having(func.count() > HANDFUL)
        .order_by(Inbox.userid)
    )
    return [userid for userid in session.scalars(query) if userid]


def lease(session: Session, userid: str, *, now: datetime) -> Sequence[Inbox]:
    """The next edits of this member that are due, at most `AT_ONCE`."""
    wanted = (
        Inbox.state.in_(OPEN), Inbox.next_try_at <= now, Inbox.kind == EDIT, Inbox.userid == userid,
        Inbox.external_userid.is_not(None),
    )  # fmt: skip
    return inbox.lease(session, wanted, limit=AT_ONCE, lasting=LEASE, now=now)


def settle(session: Session, rows: Sequence[Inbox], *, reason: str, now: datetime) -> int:
    """Close at most `AT_ONCE` rows whose effect is stored; those that are no longer ours stay as they are."""
    leases = {row.next_try_at for row in rows}
    ours = update(Inbox).where(
        Inbox.id.in_([row.id for row in rows]), Inbox.state.in_(OPEN), Inbox.next_try_at.in_(leases)
    )
    values = {"state": "applied", "applied_at": now, "errcode": None, "reason": reason}
    return changed(session, ours.values(**values).execution_options(synchronize_session=False))
