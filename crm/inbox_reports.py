"""Questions about the inbox: how many of what, one page of it, and what became of one notice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from models.contact import Contact
from models.inbox import Inbox
from models.order import Order
from models.staff import Staff
from models.touch import Touch

RESULTS = {  # what the screen calls a result: the states it covers
    "applied": ("applied",),
    "waiting": ("received", "waiting"),
    "unknown": ("unknown",),
    "failed": ("failed",),
}
PAGE = 50
LONGEST_HEAD = 300


def count_failed(session: Session) -> int:
    return session.scalar(select(func.count()).where(Inbox.state == "failed")) or 0


def counts(session: Session, *, since: datetime) -> dict[str, int]:
    """All and applied since a moment; what still waits for somebody, however old."""
    today = select(Inbox.state, func.count()).where(Inbox.received_at >= since).group_by(Inbox.state)
    of_today = dict(session.execute(today).all())
    open_states = [state for result, states in RESULTS.items() if result != "applied" for state in states]
    still = select(Inbox.state, func.count()).where(Inbox.state.in_(open_states)).group_by(Inbox.state)
    of_all = dict(session.execute(still).all())
    found = {result: sum(of_all.get(state, 0) for state in states) for result, states in RESULTS.items()}
    return found | {"all": sum(of_today.values()), "applied": of_today.get("applied", 0)}


def page(
    session: Session,
    *,
    since: datetime,
    result: str = "all",
    before: int | None = None,
    down_to: int | None = None,
) -> list[Inbox]:
    """The newest first: `before` a row already shown, or `down_to` and with one (a list that is being refreshed).

    One more than a page when there are more.
    """
    newest = select(Inbox).order_by(Inbox.id.desc())
    if result in ("all", "applied"):
        newest = newest.where(Inbox.received_at >= since)
    if result != "all":
        newest = newest.where(Inbox.state.in_(RESULTS[result]))
    if before is not None:
        newest = newest.where(Inbox.id < before)
    if down_to is not None:
        return list(session.scalars(newest.where(Inbox.id >= down_to).limit(LONGEST_HEAD)))
    return list(session.scalars(newest.limit(PAGE + 1)))


def one(session: Session, inbox_id: int) -> Inbox:
    found = session.get(Inbox, inbox_id)
    if found is None:
        raise NotFound("没有这条通知，可能过了保存期")
    return found


def newest(session: Session) -> Inbox | None:
    return session.scalar(select(Inbox).order_by(Inbox.id.desc()).limit(1))


def slowest_welcome(session: Session, *, since: datetime) -> float | None:
    """Seconds from receipt to the slowest welcome that went out."""
    sent = (
        select(Inbox.received_at, Touch.settled_at)
        .join(Inbox, Inbox.id == Touch.inbox_id)
        .where(Touch.kind == "welcome", Touch.state == "sent", Inbox.received_at >= since)
    )
    delays = [(settled - received).total_seconds() for received, settled in session.execute(sent) if settled]
    return max(delays, default=None)


def staff_names(session: Session, rows: Iterable[Inbox | Touch]) -> dict[str, str]:
    """By userid in lower case, as WeCom compares them."""
    keys = {row.userid.lower() for row in rows if row.userid}
    named = select(Staff.userid_key, Staff.name).where(Staff.userid_key.in_(keys))
    return dict(session.execute(named).all())


def contact_names(session: Session, rows: Iterable[Inbox | Touch]) -> dict[str, str]:
    ids = {row.external_userid for row in rows if row.external_userid}
    named = select(Contact.external_userid, Contact.name).where(Contact.external_userid.in_(ids), Contact.name != "")
    return dict(session.execute(named).all())


@dataclass(frozen=True)
class Story:
    """What one notice brought about: its welcome, the contact it is about, and that customer's orders."""

    notice: Inbox
    welcome: Touch | None
    contact: Contact | None
    order_count: int


def story(session: Session, inbox_id: int) -> Story:
    notice = one(session, inbox_id)
    welcome = session.scalar(select(Touch).where(Touch.inbox_id == notice.id, Touch.kind == "welcome").limit(1))
    contact = session.scalar(select(Contact).where(Contact.external_userid == notice.external_userid))
    orders = 0
    if contact is not None:
        owned = select(func.count()).where(Order.customer_id == contact.customer_id)
        orders = session.scalar(owned) or 0
    return Story(notice, welcome, contact, orders)


def by_state(session: Session) -> dict[str, int]:
    return dict(session.execute(select(Inbox.state, func.count()).group_by(Inbox.state)).all())


def lag_seconds(session: Session, *, now: datetime) -> float:
    """For how long the longest-waiting notice has been due; 0 when a worker keeps up."""
    due = select(func.min(Inbox.next_try_at)).where(Inbox.state.in_(RESULTS["waiting"]), Inbox.next_try_at <= now)
    oldest = session.scalar(due)
    return (now - oldest).total_seconds() if oldest else 0.0
