"""The inbox: an event is stored once by its key, leased, and settled in the transaction that holds its effect."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from crm.errors import NotFound
from models.database import changed
from models.inbox import Inbox
from models.touch import Touch
from wecom.events import Event

OPEN = ("received", "waiting")
EDIT = "change_external_contact.edit_external_contact"
LEASE = timedelta(seconds=30)
MOST_TRIES = 8
LONGEST_PAUSE = timedelta(hours=1)

COLUMNS = (
    "key", "kind", "userid", "external_userid", "body_sealed", "has_welcome", "happened_at", "received_at",
    "next_try_at",
)  # fmt: skip


def _receive_sql(mark: str) -> str:
    return (
        f"INSERT INTO inbox ({', '.join(COLUMNS)}, deliveries, state, tries, reason) "  # noqa: S608
        f"VALUES ({', '.join([mark] * len(COLUMNS))}, 1, 'received', 0, '') "
        "ON CONFLICT (key) DO UPDATE SET deliveries = inbox.deliveries + 1"
    )


# Every callback pays for this statement within its five seconds, so it goes to the driver as it is.
RECEIVE_SQL = {"sqlite": _receive_sql("?"), "postgresql": _receive_sql("%s")}


_inbox: Any = Inbox.__table__
_HAS_DUE = select(_inbox.c.id).where(_inbox.c.state.in_(OPEN), _inbox.c.next_try_at <= bindparam("now")).limit(1)


class LeaseLost(Exception):
    """Somebody else settled or leased this row meanwhile: whatever was done for it must roll back."""


def receipt(event: Event, *, body_sealed: bytes, now: datetime, dialect: str) -> tuple[str, tuple[object, ...]]:
    """What `Runtime.append` stores of an event; one that is already here only counts another delivery."""
    happened_at, moment = (_stored(at, dialect) for at in (event.create_time, now))
    has_welcome = event.welcome_code is not None
    return RECEIVE_SQL[dialect], (
        event.key, event.kind, event.userid, event.external_userid, body_sealed, has_welcome, happened_at, moment,
        moment,
    )  # fmt: skip


def _stored(at: datetime, dialect: str) -> datetime | str:
    """A moment as SQLAlchemy stores it: SQLite keeps UTC text."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if dialect == "sqlite" else at


def has_due(session: Session, *, now: datetime) -> bool:
    return session.scalar(_HAS_DUE, {"now": now}) is not None


def lease_due(session: Session, *, limit: int, now: datetime, but_edits_of: Collection[str] = ()) -> Sequence[Inbox]:
    """The oldest rows that are due, held until `LEASE` from now; a worker that dies gives them back by then.

    Edits of members with a storm of them are left alone.
    Workers that look at the same moment take different rows: none waits for another's and goes away empty.
    """
    wanted = [Inbox.state.in_(OPEN), Inbox.next_try_at <= now]
    if but_edits_of:
        wanted.append(~and_(Inbox.kind == EDIT, Inbox.userid.in_(but_edits_of)))
    return lease(session, wanted, limit=limit, lasting=LEASE, now=now)


def lease(
    session: Session, wanted: Sequence[ColumnElement[bool]], *, limit: int, lasting: timedelta, now: datetime
) -> Sequence[Inbox]:
    """The oldest such rows, held for so long."""
    due = select(Inbox.id).where(*wanted).order_by(Inbox.id).limit(limit).with_for_update(skip_locked=True).cte("due")
    won = session.scalars(
        update(Inbox)
        .where(Inbox.id.in_(select(due.c.id)), Inbox.state.in_(OPEN), Inbox.next_try_at <= now)
        .values(next_try_at=now + lasting)
        .returning(Inbox)
    )
    return sorted(won, key=lambda row: row.id)


def hold(session: Session, rows: Sequence[Inbox]) -> None:
    """Lock leased rows before their effects, as planning a welcome does: the two never miss what the other stores."""
    ours = select(Inbox.id).where(_are_ours(rows)).order_by(Inbox.id).with_for_update()
    if len(session.scalars(ours).all()) < len(rows):
        raise LeaseLost


def settle(session: Session, rows: Sequence[Inbox], state: str, *, now: datetime, reason: str = "") -> None:
    """Close leased rows in the transaction of their effects. Raises `LeaseLost` when one is no longer ours."""
    closing = update(Inbox).where(_are_ours(rows))
    if changed(session, closing.values(state=state, applied_at=now, errcode=None, reason=reason)) < len(rows):
        raise LeaseLost


def put_off(
    session: Session, row: Inbox, *, pause: timedelta | None, errcode: int | None, reason: str, now: datetime
) -> bool:
    """Not now: wait so long, four times longer each time. No pause, or too many tries, and the row has failed: True."""
    tries = row.tries + 1
    failed = pause is None or tries >= MOST_TRIES
    next_try_at = now if pause is None else now + min(pause * 4 ** (tries - 1), LONGEST_PAUSE)
    values = {
        "state": "failed" if failed else "waiting", "tries": tries, "next_try_at": next_try_at,
        "errcode": errcode, "reason": reason,
    }  # fmt: skip
    if not changed(session, update(Inbox).where(_are_ours([row])).values(values)):
        raise LeaseLost
    return failed


def _are_ours(rows: Sequence[Inbox]) -> ColumnElement[bool]:
    """Those of one lease have one moment, so however many they are this is one condition."""
    leased: dict[datetime, list[int]] = {}
    for row in rows:
        leased.setdefault(row.next_try_at, []).append(row.id)
    held = (and_(Inbox.id.in_(ids), Inbox.next_try_at == moment) for moment, ids in leased.items())
    return and_(Inbox.state.in_(OPEN), or_(*held))


def replay(session: Session, inbox_id: int, *, now: datetime) -> Inbox:
    """Apply an event again from its stored body. Outside effects are not repeated: a touch has its own record.

    Raises `NotFound` when there is no such row, or its body is past its retention.
    """
    row = session.get(Inbox, inbox_id)
    if row is None:
        raise NotFound("收件箱里没有 %(n)s 号", n=inbox_id)
    if row.body_sealed is None:
        raise NotFound("%(n)s 号的原文已过保留期，不能重试", n=inbox_id)
    row.state, row.tries, row.next_try_at, row.errcode, row.reason = "received", 0, now, None, ""
    row.applied_at = None
    return row


def outcome(session: Session, inbox_id: int) -> tuple[str, str]:
    """The state a row is in now, and what there is to remark."""
    row = session.get_one(Inbox, inbox_id)
    return row.state, row.reason


def with_welcome(session: Session, *, limit: int) -> Sequence[Inbox]:
    """Adds whose welcome code the fast lane has not seen yet, oldest first, locked until the transaction ends."""
    fresh = select(Inbox).where(Inbox.has_welcome).order_by(Inbox.id).limit(limit)
    return session.scalars(fresh.with_for_update()).all()


def past_retention(
    session: Session, *, bodies_before: datetime, rows_before: datetime, limit: int = 500
) -> tuple[Sequence[int], Sequence[int]]:
    """Rows whose body and rows that are to go, at most so many of each; what still waits is kept, whatever its age.

    Among many rows that lost their body long ago this takes a while: ask it where nobody waits to write.
    """
    settled = Inbox.state.not_in(OPEN)
    bodies = select(Inbox.id).where(Inbox.received_at < bodies_before, Inbox.body_sealed.is_not(None), settled)
    rows = select(Inbox.id).where(Inbox.received_at < rows_before, settled)
    return session.scalars(bodies.limit(limit)).all(), session.scalars(rows.limit(limit)).all()


def forget(session: Session, *, bodies: Sequence[int], rows: Sequence[int]) -> int:
    """Drop these bodies and rows, unless they were replayed meanwhile; returns how many changed."""
    settled = Inbox.state.not_in(OPEN)
    count = changed(session, update(Inbox).where(Inbox.id.in_(bodies), settled).values(body_sealed=None))
    changed(session, update(Touch).where(Touch.inbox_id.in_(rows)).values(inbox_id=None))
    return count + changed(session, delete(Inbox).where(Inbox.id.in_(rows), settled))
