"""Applying what WeCom told us: look it up with no transaction open, then effect and settling in one."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from crm import erasure_sweeps, inbox, inbox_storms
from jobs.contact_events import Adding, together
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
TOGETHER = 5  # in one transaction: more adds a second, and others wait 30 ms for SQLite's lock, not longer
ADDS = {f"change_external_contact.{change}" for change in ("add_external_contact", "add_half_external_contact")}
Settling = tuple[Inbox, Effect | None]


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
    for some in _groups(due):
        _apply(runtime, some, lookups)
    return len(due)


def _groups(due: Sequence[Inbox]) -> Iterator[list[Inbox]]:
    """In their order: adds that follow one another share a commit, everything else has its own."""
    for is_add, some in groupby(due, key=lambda notice: notice.kind in ADDS):
        notices = list(some)
        size = TOGETHER if is_add else 1
        yield from (notices[start : start + size] for start in range(0, len(notices), size))


def _apply(runtime: Runtime, notices: Sequence[Inbox], lookups: Lookups) -> None:
    ready: list[Settling] = []
    for notice in notices:
        with _or_put_off(runtime, notice):
            ready.append((notice, _effect(runtime, notice, lookups)))
    if len(ready) > 1:
        with suppress(Exception):  # what was wrong with which of them shows when each is alone
            _settle(runtime, ready)
            return
    for each in ready:
        with _or_put_off(runtime, each[0]):
            _settle(runtime, [each])


def _settle(runtime: Runtime, ready: Sequence[Settling]) -> None:
    """The effects, each with its row's end, in one transaction."""
    notices = [notice for notice, _ in ready]

    def settle(session: Session) -> None:
        inbox.hold(session, notices)
        ends: dict[tuple[str, str], list[Inbox]] = {}
        for notice, end in zip(notices, _ends(session, ready), strict=True):
            ends.setdefault(end, []).append(notice)
        for (state, reason), some in ends.items():
            inbox.settle(session, some, state, now=runtime.now(), reason=reason)
        erasure_sweeps.hush(session, notices)

    runtime.in_transaction(settle)
    for notice, effect in ready:
        runtime.metrics.callbacks.labels(notice.kind, "applied" if effect else "unknown").inc()


def _ends(session: Session, ready: Sequence[Settling]) -> list[tuple[str, str]]:
    """The state and the remark each ends with, its effect done."""
    addings = [effect for _, effect in ready if isinstance(effect, Adding)]
    if len(addings) == len(ready):
        return [("applied", remark) for remark in together(session, addings)]
    return [("applied", effect(session)) if effect else ("unknown", "") for _, effect in ready]


@contextmanager
def _or_put_off(runtime: Runtime, notice: Inbox) -> Iterator[None]:
    try:
        yield
    except inbox.LeaseLost:
        log.info("inbox %s was settled by somebody else", notice.id)
    except WeComError as problem:
        _put_off(runtime, notice, pause_after(problem), problem.errcode, type(problem).__name__)
    except (Unopenable, BadCallback):
        _put_off(runtime, notice, None, None, "原文打不开")
    except Exception as problem:  # a bug must not stop the others; its text may quote what must not be logged
        log.error("inbox %s could not be applied: %s", notice.id, type(problem).__name__)
        _put_off(runtime, notice, BUG_PAUSE, None, type(problem).__name__)


def _put_off(runtime: Runtime, notice: Inbox, pause: timedelta | None, errcode: int | None, reason: str) -> None:
    try:
        with runtime.transaction() as session:
            failed = inbox.put_off(session, notice, pause=pause, errcode=errcode, reason=reason, now=runtime.now())
            if failed and notice.kind not in ADDS:  # a new add may be applied yet, and make them known again
                erasure_sweeps.hush(session, [notice])
    except inbox.LeaseLost:
        log.info("inbox %s was settled by somebody else", notice.id)
        return
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
