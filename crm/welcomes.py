"""Welcomes: planned when an add brings a code, claimed by one, sent once, given up when their time is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from crm import identities, touches
from models.contact import Contact
from models.database import changed, insert_if_absent
from models.inbox import Inbox
from models.touch import Touch

KIND = "welcome"
DEADLINE = timedelta(seconds=18)  # WeCom's code is good for 20 s (docs/wecom.md 6.1)
PAUSE = timedelta(seconds=1)
LONGEST_TEXT = 4000  # bytes of UTF-8

PLANNED = and_(Touch.kind == KIND, Touch.state == "planned")


def wording(template: str, staff_name: str, orders_link: str = "") -> str:
    """The text with the member's name and the page for naming an order in it, within WeCom's 4,000 bytes."""
    worded = template.replace("{staff}", staff_name).replace("{orders_link}", orders_link)
    return worded.encode()[:LONGEST_TEXT].decode(errors="ignore")


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether the fast lane has anything to do: a new add, one to send or give up, one that never answered."""
    silent = and_(Touch.kind == KIND, Touch.state == "trying", Touch.tried_at <= now - touches.SILENCE)
    due = select(Touch.id).where(or_(and_(PLANNED, Touch.next_try_at <= now), silent)).limit(1)
    fresh = select(Inbox.id).where(Inbox.has_welcome).limit(1)
    return session.scalar(fresh) is not None or session.scalar(due) is not None


def plan(session: Session, notice: Inbox, *, key: str, text_sealed: bytes, code_sealed: bytes, now: datetime) -> None:
    """Put on record what is to be sent; the same code again plans nothing."""
    won = changed(session, update(Inbox).where(Inbox.id == notice.id, Inbox.has_welcome).values(has_welcome=False))
    if not won:
        return
    contact = session.scalar(select(Contact).where(Contact.external_userid == notice.external_userid))
    identity = identities.hold(session, contact.identity_id) if contact else None
    insert_if_absent(
        session, Touch,
        key=key, kind=KIND, state="planned", userid=notice.userid or "", external_userid=notice.external_userid or "",
        identity_id=identity.id if identity else None, customer_id=identity.customer_id if identity else None,
        inbox_id=notice.id, text_sealed=text_sealed, code_sealed=code_sealed, created_at=now, next_try_at=now,
        deadline_at=notice.received_at + DEADLINE,
    )  # fmt: skip


def skip(session: Session, notice: Inbox) -> None:
    """There is no code to plan for after all."""
    changed(session, update(Inbox).where(Inbox.id == notice.id).values(has_welcome=False))


def claim(session: Session, *, now: datetime) -> Touch | None:
    """One welcome to be sent now, for this caller alone; None when there is none."""
    due = select(Touch.id).where(PLANNED, Touch.next_try_at <= now, Touch.deadline_at > now)
    for touch_id in session.scalars(due.order_by(Touch.deadline_at).limit(10)).all():
        won: Touch | None = session.scalar(
            update(Touch)
            .where(Touch.id == touch_id, PLANNED)
            .values(state="trying", tries=Touch.tries + 1, tried_at=now)
            .returning(Touch)
        )
        if won is not None:
            return won
    return None


def record(
    session: Session, touch: Touch, state: str, *, now: datetime, errcode: int | None = None, reason: str = ""
) -> None:
    """How it went. Late news of a try that was taken for silent still counts."""
    changed(
        session,
        update(Touch)
        .where(Touch.id == touch.id, Touch.state.in_(("trying", "unknown")), Touch.tries == touch.tries)
        .values(state=state, errcode=errcode, reason=reason, settled_at=now, code_sealed=None),
    )


def put_off(session: Session, touch: Touch, pause: timedelta, *, now: datetime, errcode: int | None) -> None:
    """It surely was not sent: again after the pause, while there is time."""
    changed(
        session,
        update(Touch)
        .where(Touch.id == touch.id, Touch.state == "trying", Touch.tries == touch.tries)
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
