"""Pushes (群发): written, scheduled once or every week, and started when they are due, each slot once."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import attachments as attaching
from crm import audiences, audits, calendars, mass, reaches, wordings
from crm.errors import BadInput, Conflict, NotFound
from crm.phrases import Phrase
from models.mass import MassMessage
from models.push import Push

LATEST = timedelta(hours=24)
"""What is later than this is not sent any more: it may no longer be true."""
TOO_LATE = Phrase("晚了 24 小时以上，没有发").key
UNREADABLE = Phrase("人群的条件读不出来，没有发").key
A_WEEK_AND_MORE = timedelta(days=8)
CHANGEABLE = ("draft", "scheduled")


def push(session: Session, push_id: int) -> Push:
    """One push. Raises `NotFound`."""
    found = session.get(Push, push_id)
    if found is None:
        raise NotFound("没有这个群发")
    return found


def of_form(session: Session, form_key: str) -> Push | None:
    """What this form has made."""
    return session.scalar(select(Push).where(Push.form_key == form_key))


def pushes(session: Session) -> list[Push]:
    """Every push, newest first."""
    return list(session.scalars(select(Push).order_by(Push.id.desc())))


def create(
    session: Session,
    *,
    name: str,
    audience_id: int,
    text: str,
    attachments: list[dict[str, Any]],
    shop_name: str,
    by: str,
    now: datetime,
    form_key: str | None = None,
) -> Push:
    """A draft. Raises `BadInput` naming the field, or `Conflict` on `form_key` when that form has made one already."""
    name = _checked(session, name, audience_id, text, attachments, shop_name)
    made = Push(
        name=name, audience_id=audience_id, text=text, attachments=attachments,
        created_at=now, created_by=by, changed_at=now, changed_by=by, form_key=form_key,
    )  # fmt: skip
    session.add(made)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("这一页刚刚已经存过一条了。确实要再写一条，再按一次", field="form_key") from None
    audits.note(session, actor=by, action="push.create", subject=f"push:{made.id}", now=now)
    return made


def update(
    session: Session,
    push_id: int,
    *,
    revision: int,
    name: str,
    audience_id: int,
    text: str,
    attachments: list[dict[str, Any]],
    shop_name: str,
    by: str,
    now: datetime,
) -> Push:
    """Change what it says and to whom, from the revision the form was opened with; messages already made stay so.

    Raises `BadInput` naming the field, or `Conflict` when somebody saved meanwhile or it is over.
    """
    kept = _held(session, push_id, revision)
    kept.name = _checked(session, name, audience_id, text, attachments, shop_name)
    kept.audience_id, kept.text, kept.attachments = audience_id, text, attachments
    _note(session, kept, "push.update", by=by, now=now)
    return kept


def schedule_once(
    session: Session,
    push_id: int,
    *,
    revision: int,
    at: datetime,
    by: str,
    now: datetime,
    is_rehearsal: bool = False,
) -> Push:
    """Send it at a moment to come; a rehearsal only says whom it would have reached, even when all is live by then."""
    kept = _held(session, push_id, revision)
    if at <= now:
        raise BadInput("时间已经过了，选一个将来的时间", field="at")
    kept.weekday = kept.at_time = None
    kept.state, kept.next_at, kept.is_rehearsal = "scheduled", at, is_rehearsal
    _note(session, kept, "push.schedule", by=by, now=now)
    return kept


def schedule_weekly(
    session: Session, push_id: int, *, revision: int, weekday: int, at_time: str, zone: ZoneInfo, by: str, now: datetime
) -> Push:
    """Send it every week on a weekday (1 Monday … 7) at a time of the shop's zone ("20:00")."""
    kept = _held(session, push_id, revision)
    if not 1 <= weekday <= 7:
        raise BadInput("选一个星期几", field="weekday")
    try:
        at_time = datetime.strptime(at_time.strip(), "%H:%M").strftime("%H:%M")  # noqa: DTZ007  # a time of day
    except ValueError:
        raise BadInput("时间写成 20:00 这样", field="at_time") from None
    kept.weekday, kept.at_time, kept.is_rehearsal = weekday, at_time, False
    kept.state, kept.next_at = "scheduled", calendars.next_weekly(weekday, at_time, zone, now)
    _note(session, kept, "push.schedule", by=by, now=now)
    return kept


def cancel(session: Session, push_id: int, *, by: str, now: datetime) -> Push:
    """Nothing further is started; what was started is cancelled by itself. Safe to repeat."""
    kept = session.get(Push, push_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound("没有这个群发")
    if kept.state not in CHANGEABLE:
        return kept
    kept.state, kept.next_at = "cancelled", None
    _note(session, kept, "push.cancel", by=by, now=now)
    return kept


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether `start_due` has something to do."""
    due = select(Push.id).where(Push.state == "scheduled", Push.next_at <= now)
    return session.scalar(due.limit(1)) is not None or session.scalar(_far(now).limit(1)) is not None


def start_due(session: Session, *, now: datetime, zone: ZoneInfo, limit: int = 20) -> list[MassMessage]:
    """Make the messages that are due, and move each push on to its next time; what was made.

    A weekly push that missed several times makes up for the newest only, once; what is more than a day late is
    recorded as missed instead. The same slot never makes two, wherever the clock is put.
    """
    _come_back(session, now=now, zone=zone)
    due = (
        select(Push)
        .where(Push.state == "scheduled", Push.next_at <= now)
        .order_by(Push.next_at, Push.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    made = []
    for kept in session.scalars(due).all():
        slot = kept.next_at or now
        if kept.weekday is not None and kept.at_time is not None:
            slot = max(slot, calendars.latest_weekly(kept.weekday, kept.at_time, zone, now))
            kept.next_at = calendars.next_weekly(kept.weekday, kept.at_time, zone, now)
        else:
            kept.state, kept.next_at = "ended", None
        message = _make(session, kept, slot, now=now, zone=zone)
        made += [message] if message else []
    session.flush()
    return made


def _make(session: Session, kept: Push, slot: datetime, *, now: datetime, zone: ZoneInfo) -> MassMessage | None:
    meant = audiences.audience(session, kept.audience_id)
    words, missed = "", TOO_LATE if now - slot > LATEST else ""
    try:
        words = reaches.in_words(reaches.sentence(session, audiences.conditions_of(meant)))
    except ValidationError:  # kept by another version: one such push must not hold up the others
        missed = UNREADABLE
    return mass.make(
        session,
        chat_type="single",
        push=kept,
        slot=slot,
        month=calendars.month_of(now, zone),
        text=kept.text,
        attachments=kept.attachments,
        conditions=meant.conditions,
        sentence=words,
        now=now,
        missed=missed,
    )


def _far(now: datetime) -> Select[Push]:
    ahead = Push.next_at > now + A_WEEK_AND_MORE
    return select(Push).where(Push.state == "scheduled", Push.weekday.is_not(None), ahead)


def _come_back(session: Session, *, now: datetime, zone: ZoneInfo) -> None:
    """A clock that had jumped ahead left weekly pushes waiting for a time that is more than a week away."""
    for kept in session.scalars(_far(now).limit(100).with_for_update(skip_locked=True)).all():
        assert kept.weekday is not None
        assert kept.at_time is not None
        kept.next_at = calendars.next_weekly(kept.weekday, kept.at_time, zone, now)


def _held(session: Session, push_id: int, revision: int) -> Push:
    kept = session.get(Push, push_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound("没有这个群发")
    if kept.revision != revision:
        raise Conflict("您打开之后，别人改过并保存了这个群发。您写的还在下面，对照一下再保存", field="revision")
    if kept.state not in CHANGEABLE:
        raise Conflict("这个群发已经结束或取消，改不了了")
    return kept


def _checked(
    session: Session, name: str, audience_id: int, text: str, attachments: list[dict[str, Any]], shop_name: str
) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 30:
        raise BadInput("名字写 1 到 30 个字", field="name")
    try:
        audiences.audience(session, audience_id)
    except NotFound:
        raise BadInput("选一个人群", field="audience_id") from None
    attaching.check(session, text, attachments)
    wordings.check(session, text, shop_name=shop_name)
    return name


def _note(session: Session, kept: Push, action: str, *, by: str, now: datetime) -> None:
    kept.revision += 1
    kept.changed_at, kept.changed_by = now, by
    session.flush()
    audits.note(session, actor=by, action=action, subject=f"push:{kept.id}", now=now)
