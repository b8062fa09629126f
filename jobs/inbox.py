"""Applying what WeCom told us: look it up with no transaction open, then effect and settling in one."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from crm import contacts, inbox, staff, tags
from crm.follows import EndedBy
from jobs.group_events import group_changed, group_dismissed
from jobs.lookups import Effect, Lookups
from models.inbox import Inbox
from models.vault import Unopenable
from runtime import Runtime
from wecom.callbacks import BadCallback, parse
from wecom.errors import Temporary, Throttled, TokenInvalid, Unanswered, WeComError
from wecom.events import Event

log = logging.getLogger("huitou.jobs")

AT_ONCE = 20
BUG_PAUSE = timedelta(seconds=10)


def apply_events(runtime: Runtime) -> int:
    """Apply the events that are due; returns how many were leased. One that is leased and never settled comes back."""
    with runtime.reading() as session:
        if not inbox.has_due(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        due = inbox.lease_due(session, limit=AT_ONCE, now=runtime.now())
    lookups = Lookups(runtime)
    for notice in due:
        try:
            _apply(runtime, notice, lookups)
        except inbox.LeaseLost:
            log.info("inbox %s was settled by somebody else", notice.id)
    return len(due)


def _apply(runtime: Runtime, notice: Inbox, lookups: Lookups) -> None:
    try:
        effect = _effect(runtime, notice, lookups)
        state = "applied" if effect else "unknown"

        def settle(session: Session) -> None:
            inbox.hold(session, notice)
            reason = effect(session) if effect else ""
            inbox.settle(session, notice, state, now=runtime.now(), reason=reason)

        runtime.in_transaction(settle)
        runtime.metrics.callbacks.labels(notice.kind, state).inc()
    except inbox.LeaseLost:
        raise
    except WeComError as problem:
        _put_off(runtime, notice, _pause(problem), problem.errcode, type(problem).__name__)
    except (Unopenable, BadCallback):
        _put_off(runtime, notice, None, None, "原文打不开")
    except Exception as problem:  # a bug must not stop the others; its text may quote what must not be logged
        log.error("inbox %s could not be applied: %s", notice.id, type(problem).__name__)
        _put_off(runtime, notice, BUG_PAUSE, None, type(problem).__name__)


def _put_off(runtime: Runtime, notice: Inbox, pause: timedelta | None, errcode: int | None, reason: str) -> None:
    with runtime.transaction() as session:
        inbox.put_off(session, notice, pause=pause, errcode=errcode, reason=reason, now=runtime.now())
    runtime.metrics.callbacks.labels(notice.kind, "put_off").inc()


def _pause(problem: WeComError) -> timedelta | None:
    """How long before the next try; None when only a person can help."""
    if isinstance(problem, Throttled):
        return timedelta(seconds=problem.retry_after_seconds)
    if isinstance(problem, Temporary | Unanswered):
        return timedelta(seconds=2)
    return timedelta(seconds=30) if isinstance(problem, TokenInvalid) else None


def _effect(runtime: Runtime, notice: Inbox, lookups: Lookups) -> Effect | None:
    """What the event will do, everything looked up; None when we do not know this event."""
    if notice.body_sealed is None:
        raise Unopenable
    event = parse(runtime.vault.open(notice.body_sealed))
    prepare = EVENTS.get(event.kind)
    return prepare(runtime, event, lookups) if prepare else None


def _added(runtime: Runtime, event: Event, lookups: Lookups, *, is_half: bool) -> Effect | None:
    if not (event.userid and event.external_userid):
        return None
    detail, at = lookups.customer(event.external_userid)

    def effect(session: Session) -> str:
        contacts.added(session, event, detail, is_half=is_half, at=at)
        if event.welcome_code is None:
            return "没有欢迎码，没发欢迎语"
        return "" if detail or is_half else "已不是好友"

    return effect


def _edited(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    if not event.external_userid:
        return None
    detail, at = lookups.customer(event.external_userid)

    def effect(session: Session) -> str:
        if detail is None:
            return "已不是好友"
        contacts.learn(session, [detail], at=at)
        return ""

    return effect


def _ended(runtime: Runtime, event: Event, lookups: Lookups, *, by: EndedBy) -> Effect | None:
    if not (event.userid and event.external_userid):
        return None
    now = runtime.now()

    def effect(session: Session) -> str:
        contacts.ended(session, event, by=by, now=now)
        return ""

    return effect


def _tags_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect:
    groups, at = lookups.tags()

    def effect(session: Session) -> str:
        tags.learn(session, groups, now=at)
        return ""

    return effect


def _staff_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """The event says only which member; names and departments come with the next sync."""
    userid, new_userid = event.userid, event.fields.get("NewUserID")
    if not userid:
        return None

    def effect(session: Session) -> str:
        if event.kind.endswith("delete_user"):
            staff.leave(session, userid, at=event.create_time)
        elif isinstance(new_userid, str) and new_userid:
            staff.rename(session, userid, new_userid)
        else:
            staff.ensure(session, [userid], now=runtime.now())
        return ""

    return effect


EVENTS: dict[str, Callable[[Runtime, Event, Lookups], Effect | None]] = {
    "change_external_contact.add_external_contact": partial(_added, is_half=False),
    "change_external_contact.add_half_external_contact": partial(_added, is_half=True),
    "change_external_contact.edit_external_contact": _edited,
    "change_external_contact.del_external_contact": partial(_ended, by="staff"),
    "change_external_contact.del_follow_user": partial(_ended, by="customer"),
    "change_external_chat.create": group_changed,
    "change_external_chat.update": group_changed,
    "change_external_chat.dismiss": group_dismissed,
    "change_external_tag.create": _tags_changed,
    "change_external_tag.update": _tags_changed,
    "change_external_tag.delete": _tags_changed,
    "change_external_tag.shuffle": _tags_changed,
    "change_contact.create_user": _staff_changed,
    "change_contact.update_user": _staff_changed,
    "change_contact.delete_user": _staff_changed,
}
