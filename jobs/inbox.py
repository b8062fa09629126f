"""Applying what WeCom told us: look it up with no transaction open, then effect and settling in one."""

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from crm import erasure_sweeps, inbox, inbox_storms
from jobs.effects import EFFECTS
from jobs.lookups import Effect, Lookups
from models.inbox import Inbox
from models.vault import Unopenable
from runtime import Runtime
from wecom.callbacks import BadCallback, parse
from wecom.errors import Temporary, Throttled, TokenInvalid, Unanswered, WeComError

log = logging.getLogger("huitou.jobs")

AT_ONCE = 20
BUG_PAUSE = timedelta(seconds=10)


def apply_events(runtime: Runtime) -> int:
    """Apply the events that are due; returns how many were leased. One that is leased and never settled comes back.

    A storm of edits is left to `jobs.edits`.
    """
    with runtime.reading() as session:
        if not inbox.has_due(session, now=runtime.now()):
            return 0
        storms = inbox_storms.members(session, now=runtime.now())
    with runtime.transaction() as session:
        due = inbox.lease_due(session, limit=AT_ONCE, now=runtime.now(), but_edits_of=storms)
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
            erasure_sweeps.hush(session, notice)

        runtime.in_transaction(settle)
        runtime.metrics.callbacks.labels(notice.kind, state).inc()
    except inbox.LeaseLost:
        raise
    except WeComError as problem:
        _put_off(runtime, notice, pause_after(problem), problem.errcode, type(problem).__name__)
    except (Unopenable, BadCallback):
        _put_off(runtime, notice, None, None, "原文打不开")
    except Exception as problem:  # a bug must not stop the others; its text may quote what must not be logged
        log.error("inbox %s could not be applied: %s", notice.id, type(problem).__name__)
        _put_off(runtime, notice, BUG_PAUSE, None, type(problem).__name__)


def _put_off(runtime: Runtime, notice: Inbox, pause: timedelta | None, errcode: int | None, reason: str) -> None:
    with runtime.transaction() as session:
        inbox.put_off(session, notice, pause=pause, errcode=errcode, reason=reason, now=runtime.now())
    runtime.metrics.callbacks.labels(notice.kind, "put_off").inc()


def pause_after(problem: WeComError) -> timedelta | None:
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
    prepare = EFFECTS.get(event.kind)
    return prepare(runtime, event, lookups) if prepare else None
