"""The quota's ledger: what others sent is brought in, and every night it is counted again."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from crm import calendars, other_messages, quotas
from models.quota import OtherMessage
from runtime import Runtime
from wecom.errors import Dispatching, Temporary, Throttled, TokenInvalid, WeComError
from wecom.mass_reads import ChatType

log = logging.getLogger("huitou.jobs")

AT_ONCE = 160
CHAT_TYPES: tuple[ChatType, ...] = ("single", "group")
LATE_DAYS = 3  # of a month: until then the one before is listed, too
MOST_PAGES = 1000


class LedgerDiffers(Exception):
    """The ledger does not say what recipients and deliveries add up to."""


def import_others(runtime: Runtime) -> int:
    """Bring in the mass messages of everybody else and whom they reached; returns how many deliveries were new.

    Safe to repeat and to be killed: each delivery is counted once.
    """
    with runtime.reading() as session:
        ours = other_messages.turned_out_ours(session)
    for msgid in ours:
        while runtime.in_transaction(partial(quotas.not_theirs, msgid=msgid, zone=runtime.zone)):
            pass
    for since, until in _spans(runtime):
        for chat_type in CHAT_TYPES:
            _learn(runtime, chat_type, since, until)
    return sum(_read(runtime, other) for other in _due(runtime))


def _spans(runtime: Runtime) -> Iterator[tuple[datetime, datetime]]:
    """This month until now, and at its beginning the one before, each for itself: WeCom lists a month at most."""
    now = runtime.now()
    begin, _ = quotas.bounds(calendars.month_of(now, runtime.zone), runtime.zone)
    if now.astimezone(runtime.zone).day <= LATE_DAYS:
        before = calendars.month_of(begin - timedelta(days=1), runtime.zone)
        yield quotas.bounds(before, runtime.zone)[0], begin
    yield begin, now


def _learn(runtime: Runtime, chat_type: ChatType, since: datetime, until: datetime) -> None:
    cursor = ""
    for _ in range(MOST_PAGES):
        page = runtime.wecom.mass_messages(chat_type, since, until, cursor)
        with runtime.transaction() as session:
            other_messages.learn(session, page.messages, chat_type, now=runtime.now())
        cursor = page.next_cursor
        if not cursor:
            return


def _due(runtime: Runtime) -> Iterator[OtherMessage]:
    """Each message that is due, once."""
    until, seen = runtime.now(), set[int]()
    while True:
        with runtime.reading() as session:
            found = [each for each in other_messages.due(session, now=until) if each.id not in seen]
        yield from found
        if not found:  # or the clock was put back meanwhile: what was read is due again
            return
        seen |= {each.id for each in found}


def _read(runtime: Runtime, other: OtherMessage) -> int:
    """Read who has confirmed it and whom it reached; returns how many deliveries were new."""
    new, is_complete = 0, True
    try:
        for userid, has_confirmed in _members(runtime, other.msgid):
            is_complete = is_complete and has_confirmed
            new += _read_results(runtime, other.msgid, userid) if has_confirmed else 0
    except Dispatching:  # made a moment ago
        is_complete = False
    except (Temporary, Throttled, TokenInvalid):  # so are the others: the next hour is soon enough
        raise
    except WeComError as problem:  # nothing we could do: it is looked at again with the others
        log.warning("mass message of others could not be read: %s", problem.errcode)
        is_complete = False
    with runtime.transaction() as session:
        other_messages.looked(session, other, is_complete=is_complete, now=runtime.now())
    return new


def _members(runtime: Runtime, msgid: str) -> Iterator[tuple[str, bool]]:
    cursor = ""
    for _ in range(MOST_PAGES):
        page = runtime.wecom.mass_tasks(msgid, cursor)
        yield from ((task.userid, task.status == 2) for task in page.tasks)
        cursor = page.next_cursor
        if not cursor:
            return


def _read_results(runtime: Runtime, msgid: str, userid: str) -> int:
    new, cursor = 0, ""
    for _ in range(MOST_PAGES):
        page = runtime.wecom.mass_results(msgid, userid, cursor)
        reached = [(row.target, row.sent_at) for row in page.results if row.status == 1 and row.sent_at]
        for start in range(0, len(reached), AT_ONCE):
            some = dict(reached[start : start + AT_ONCE])
            new += runtime.in_transaction(
                partial(other_messages.delivered, msgid=msgid, sent_at=some, zone=runtime.zone)
            )
        cursor = page.next_cursor
        if not cursor:
            break
    return new


def check_quotas(runtime: Runtime) -> int:
    """Count this month's ledger again; returns 0, or raises `LedgerDiffers` so that somebody sees it."""
    month = calendars.month_of(runtime.now(), runtime.zone)
    with runtime.reading() as session:
        found = quotas.check_ledger(session, month, zone=runtime.zone)
    if found:
        raise LedgerDiffers(f"{len(found)} targets of {month}")
    return 0
