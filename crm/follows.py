"""Who follows whom, from facts that may come in any order and any number of times.

Of all adds the latest counts, of all ends the latest, and the follow is open when that add is later than that end.
Each of these is a maximum, so neither order nor repetition matters. Remark, description and way of adding are not
facts of an event: they are what WeCom showed last, and `changed_at` is when we asked.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.channel import Channel
from models.contact import Contact, Follow
from models.database import insert_many_if_absent
from models.staff import Staff
from wecom.types import FollowInfo

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # `followed_at` while only the end is known; `changed_at` before we asked
Pair = tuple[int, int]
"""(contact id, staff id)"""
EndedBy = Literal["staff", "customer", "transfer", "unseen"]
"""Who deleted whom, or that a colleague took over; "unseen" is our own conclusion from a list, and gives way."""
MOST_MOMENTS = 40  # who adds and deletes more often than that is remembered by the newest
SKEW = timedelta(minutes=1)  # WeCom's clock is not ours, and its lists may lag behind its callbacks


def ensure(session: Session, pairs: Collection[Pair]) -> dict[Pair, Follow]:
    """The follows of these pairs. Whoever calls holds the contacts' identities, so nobody else changes them."""
    found = _of(session, pairs)
    rows = [
        {"contact_id": contact_id, "staff_id": staff_id, "followed_at": NEVER, "changed_at": NEVER}
        for contact_id, staff_id in sorted(set(pairs) - found.keys())
    ]
    if not rows:
        return found
    insert_many_if_absent(session, Follow, rows, Follow.id)
    return _of(session, pairs)


def added(follow: Follow, *, at: datetime, is_half: bool, state: str, channel: Channel | None) -> None:
    """They became contacts, or half so until the member accepts; in one second the whole add beats the half one."""
    before = follow.followed_at
    if before > NEVER or follow.ended_at is not None:
        _remember(follow, (at, "half" if is_half else "added", ""))
    if (at, not is_half) >= (before, not follow.is_half):
        follow.followed_at, follow.is_half = at, is_half
        if follow.ended_at is not None and at > follow.ended_at:
            follow.ended_at = follow.ended_by = None
    if at > before or (at == before and not follow.state):
        follow.state, follow.channel_id = state, channel.id if channel else None


def ended(follow: Follow, *, at: datetime, by: EndedBy) -> None:
    """One of the two deleted the other. In the second of an add the end counts: better silent than unwelcome."""
    if at < follow.followed_at or (follow.ended_at is not None and by != "unseen"):
        _remember(follow, (at, "ended", by))
    if at < follow.followed_at:
        return
    if follow.ended_at is None or follow.ended_by == "unseen" or (at, by) > (follow.ended_at, follow.ended_by or ""):
        follow.ended_at, follow.ended_by = at, by


Moment = tuple[datetime, str, str]
"""When, what (`half`, `added`, `ended`) and by whom."""


def history(follow: Follow) -> list[Moment]:
    """Every add and every end that was told, the oldest first; what we only concluded is not among them."""
    past = {(datetime.fromisoformat(at), what, by) for at, what, by in follow.past or ()}
    return sorted(past | set(_now(follow)))


def _now(follow: Follow) -> list[Moment]:
    found: list[Moment] = []
    if follow.followed_at > NEVER:
        found.append((follow.followed_at, "half" if follow.is_half else "added", ""))
    if follow.ended_at is not None and follow.ended_by != "unseen":
        found.append((follow.ended_at, "ended", follow.ended_by or ""))
    return found


def _remember(follow: Follow, moment: Moment) -> None:
    """Keep a moment that the row's own columns will not show, and those they show now."""
    if moment not in _now(follow):
        kept = sorted({*history(follow), moment})[-MOST_MOMENTS:]
        follow.past = [[at.isoformat(), what, by] for at, what, by in kept]


def take_in(follow: Follow, other: Follow) -> None:
    """What is known of the same two under another name of the member; each fact by its own rule."""
    if other.past or follow.past or (other.followed_at > NEVER < follow.followed_at):
        kept = sorted({*history(follow), *history(other)})[-MOST_MOMENTS:]
        follow.past = [[at.isoformat(), what, by] for at, what, by in kept]
    if (other.followed_at, not other.is_half) > (follow.followed_at, not follow.is_half):
        follow.followed_at, follow.is_half = other.followed_at, other.is_half
        follow.state, follow.channel_id = other.state, other.channel_id
    if other.ended_at is not None and (follow.ended_at is None or other.ended_at > follow.ended_at):
        follow.ended_at, follow.ended_by = other.ended_at, other.ended_by
    if follow.ended_at is not None and follow.followed_at > follow.ended_at:
        follow.ended_at = follow.ended_by = None
    if other.changed_at > follow.changed_at:
        follow.remark, follow.description, follow.add_way = other.remark, other.description, other.add_way
        follow.changed_at = other.changed_at


def to_hand_over(session: Session, userid: str, external_userid: str) -> list[Follow]:
    """The follow this member was to hand over or to take over; one who has none yet: those the customer has now."""
    query = select(Follow, Staff.userid_key).join(Contact, Contact.id == Follow.contact_id).join(Staff)
    found = session.execute(query.where(Contact.external_userid == external_userid)).all()
    own = [follow for follow, key in found if key == userid.lower()]
    return own or [follow for follow, _ in found if follow.is_open()]


def transfer_failed(follow: Follow, reason: str, *, at: datetime) -> None:
    """Handing the customer over failed; of several times the latest counts."""
    if (at, reason) > (follow.transfer_failed_at or NEVER, follow.transfer_fail_reason):
        follow.transfer_failed_at, follow.transfer_fail_reason = at, reason


def seen(follow: Follow, info: FollowInfo, channel: Channel | None, *, at: datetime) -> bool:
    """WeCom showed this follow when asked at `at`; False when it has shown a newer one already."""
    added(follow, at=info.followed_at, is_half=False, state=info.state, channel=channel)  # it shows whole ones only
    if follow.ended_by == "unseen" and follow.ended_at is not None and at > follow.ended_at:
        follow.ended_at = follow.ended_by = None
    if follow.changed_at > at:
        return False
    follow.remark, follow.description, follow.add_way = info.remark, info.description, info.add_way
    follow.changed_at = at
    return True


def end_unseen(session: Session, staff: Staff, *, since: datetime, limit: int = 500) -> int:
    """End what WeCom has not shown since we began to ask, although it began before; returns how many, `limit` at most.

    To be asked only once all of the member's pages were seen. The callback that said so was lost; half adds are never
    listed. A list that moves while it is read page by page may leave one out: it is open again when it is next shown.
    """
    gone = session.scalars(
        select(Follow)
        .where(
            Follow.staff_id == staff.id,
            Follow.ended_at.is_(None),
            Follow.followed_at < since - SKEW,
            Follow.changed_at < since,
            ~Follow.is_half,
        )
        .order_by(Follow.id)
        .limit(limit)
    ).all()
    for follow in gone:
        ended(follow, at=since, by="unseen")
    return len(gone)


def _of(session: Session, pairs: Collection[Pair]) -> dict[Pair, Follow]:
    found = session.scalars(select(Follow).where(Follow.contact_id.in_({contact_id for contact_id, _ in pairs})))
    return {(follow.contact_id, follow.staff_id): follow for follow in found}


def count_open(session: Session, userid: str) -> int:
    """How many customers this member has now, half added ones included."""
    member = select(Staff.id).where(Staff.userid_key == userid.lower()).scalar_subquery()
    query = select(func.count()).where(Follow.staff_id == member, Follow.ended_at.is_(None))
    return session.scalar(query) or 0
