"""Welcomes: planned when an add brings a code, claimed by one, sent once, given up when their time is over."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from crm import identities, touches
from models.contact import Contact
from models.customer import Identity
from models.database import changed, insert_many_if_absent
from models.inbox import Inbox
from models.touch import Touch

KIND = "welcome"
DEADLINE = timedelta(seconds=18)  # WeCom's code is good for 20 s (docs/wecom.md 6.1)
PAUSE = timedelta(seconds=1)
LONGEST_TEXT = 4000  # bytes of UTF-8

PLANNED = and_(Touch.kind == KIND, Touch.state == "planned")

# The fast lane asks these again and again: made once, and of tables, which costs a third of asking by classes.
_touch: Any = Touch.__table__
_inbox: Any = Inbox.__table__
_planned = and_(_touch.c.kind == KIND, _touch.c.state == "planned")
_is_ours = and_(_touch.c.id == bindparam("touch_id"), _touch.c.tries == bindparam("try_number"))
_FRESH = select(_inbox.c.id).where(_inbox.c.has_welcome).limit(1)
_HAS_DUE = (
    select(_touch.c.id)
    .where(
        or_(
            and_(_planned, _touch.c.next_try_at <= bindparam("now")),
            and_(_touch.c.kind == KIND, _touch.c.state == "trying", _touch.c.tried_at <= bindparam("silent_since")),
        )
    )
    .limit(1)
)
_DUE = (
    select(_touch.c.id)
    .where(_planned, _touch.c.next_try_at <= bindparam("now"), _touch.c.deadline_at > bindparam("now"))
    .order_by(_touch.c.deadline_at)
    .limit(10)
)
_CLAIM = (
    update(_touch)
    .where(_touch.c.id == bindparam("touch_id"), _planned)
    .values(state="trying", tries=_touch.c.tries + 1, tried_at=bindparam("now"))
    .returning(
        _touch.c.id, _touch.c.tries, _touch.c.userid, _touch.c.external_userid, _touch.c.text_sealed,
        _touch.c.code_sealed, _touch.c.deadline_at,
    )
)  # fmt: skip
_RECORD = (
    update(_touch)
    .where(_is_ours, _touch.c.state.in_(("trying", "unknown")))
    .values(
        state=bindparam("ended"), errcode=bindparam("code"), reason=bindparam("why"), settled_at=bindparam("now"),
        code_sealed=None,
    )
)  # fmt: skip


def wording(template: str, staff_name: str, orders_link: str = "") -> str:
    """The text with the member's name and the page for naming an order in it, within WeCom's 4,000 bytes."""
    worded = template.replace("{staff}", staff_name).replace("{orders_link}", orders_link)
    return worded.encode()[:LONGEST_TEXT].decode(errors="ignore")


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether the fast lane has anything to do: a new add, one to send or give up, one that never answered."""
    if session.scalar(_FRESH) is not None:
        return True
    return session.scalar(_HAS_DUE, {"now": now, "silent_since": now - touches.SILENCE}) is not None


class Plan(NamedTuple):
    """What is to be sent for an add; without a text there is nothing to send after all."""

    notice: Inbox
    key: str = ""
    text_sealed: bytes | None = None
    code_sealed: bytes | None = None


def plan(session: Session, plans: Sequence[Plan], *, now: datetime) -> None:
    """Put on record what is to be sent for notices of `inbox.with_welcome`; the same code again plans nothing."""
    seen = update(Inbox).where(Inbox.id.in_([each.notice.id for each in plans])).values(has_welcome=False)
    session.execute(seen.execution_options(synchronize_session=False))
    ours = [each for each in plans if each.text_sealed is not None]
    known = _owners(session, {each.notice.external_userid or "" for each in ours})
    rows: list[dict[str, Any]] = [
        {
            "key": each.key, "kind": KIND, "state": "planned", "userid": each.notice.userid or "",
            "external_userid": each.notice.external_userid or "", "inbox_id": each.notice.id,
            "identity_id": owner.id if owner else None, "customer_id": owner.customer_id if owner else None,
            "text_sealed": each.text_sealed, "code_sealed": each.code_sealed, "created_at": now,
            "next_try_at": now, "deadline_at": each.notice.received_at + DEADLINE,
        }
        for each in ours
        for owner in [known.get(each.notice.external_userid or "")]
    ]  # fmt: skip
    insert_many_if_absent(session, Touch, rows, Touch.id)


def _owners(session: Session, external_userids: Collection[str]) -> dict[str, Identity]:
    """The identities of those who are contacts already, held."""
    if not external_userids:
        return {}
    query = select(Contact.external_userid, Contact.identity_id).where(Contact.external_userid.in_(external_userids))
    found = dict(session.execute(query).all())
    held = identities.hold_all(session, found.values())
    return {name: held[identity_id] for name, identity_id in found.items()}


class Claimed(NamedTuple):
    """A welcome that is this caller's to send, in its so manieth try."""

    id: int
    tries: int
    userid: str
    external_userid: str
    text_sealed: bytes
    code_sealed: bytes | None
    deadline_at: datetime


def claim(session: Session, *, now: datetime) -> Claimed | None:
    """One welcome to be sent now, for this caller alone; None when there is none."""
    for touch_id in session.scalars(_DUE, {"now": now}).all():
        won = session.execute(_CLAIM, {"touch_id": touch_id, "now": now}).one_or_none()
        if won is not None:
            return Claimed(*won)
    return None


def record(
    session: Session, claimed: Claimed, state: str, *, now: datetime, errcode: int | None = None, reason: str = ""
) -> None:
    """How it went. Late news of a try that was taken for silent still counts."""
    told = {"ended": state, "code": errcode, "why": reason, "now": now}
    session.execute(_RECORD, told | {"touch_id": claimed.id, "try_number": claimed.tries})


def put_off(session: Session, claimed: Claimed, pause: timedelta, *, now: datetime, errcode: int | None) -> None:
    """It surely was not sent: again after the pause, while there is time."""
    changed(
        session,
        update(Touch)
        .where(Touch.id == claimed.id, Touch.state == "trying", Touch.tries == claimed.tries)
        .values(state="planned", next_try_at=now + pause, errcode=errcode),
    )


def lapse(session: Session, *, now: datetime) -> Sequence[datetime]:
    """Give up what is too late, and call unknown what was tried and never recorded; the deadlines of those given up."""
    touches.settle_silent(session, KIND, now=now)
    given_up = session.scalars(
        update(Touch)
        .where(PLANNED, Touch.deadline_at <= now)
        .values(state="expired", reason="超过 18 秒，欢迎码已失效", settled_at=now, code_sealed=None)
        .returning(Touch.deadline_at)
    )
    return [deadline for deadline in given_up if deadline is not None]
