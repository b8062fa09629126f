"""Storms of edits, gathered: one member's are looked up together, page by page when that takes fewer calls."""

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial

from crm import contacts, erasure_sweeps, follows, inbox, inbox_storms
from jobs.inbox import pause_after
from jobs.lookups import Lookups
from models.inbox import Inbox
from runtime import Runtime
from wecom.errors import WeComError
from wecom.types import CustomerDetail

log = logging.getLogger("huitou.jobs")

MOST_ROWS = 2000  # of one member at a time
PAGE = 100
CUSTOMERS_AT_ONCE = 25  # a transaction


def apply_edits(runtime: Runtime) -> int:
    """Apply the edits of members who have more than a handful due; returns how many events were leased."""
    with runtime.reading() as session:
        members = inbox_storms.members(session, now=runtime.now())
    return sum(_apply_storm(runtime, userid) for userid in members)


def _apply_storm(runtime: Runtime, userid: str) -> int:
    rows: list[Inbox] = []
    while len(rows) < MOST_ROWS:
        with runtime.transaction() as session:
            some = inbox_storms.lease(session, userid, now=runtime.now())
        rows += some
        if len(some) < inbox_storms.AT_ONCE:
            break
    by_customer: dict[str, list[Inbox]] = {}
    for row in rows:
        by_customer.setdefault(row.external_userid or "", []).append(row)
    try:
        for at, details in _details(runtime, userid, by_customer):
            _learn(runtime, details, at=at)
            shown = [detail.external_contact.external_userid for detail in details]
            _settle(runtime, [row for name in shown for row in by_customer.pop(name, [])])
        _settle(runtime, [row for rest in by_customer.values() for row in rest], reason="已不是好友")
    except WeComError as problem:
        _put_off(runtime, [row for rest in by_customer.values() for row in rest], problem)
    return len(rows)


def _details(runtime: Runtime, userid: str, wanted: Collection[str]) -> Iterator[tuple[datetime, list[CustomerDetail]]]:
    """What WeCom shows of these customers, in the way that asks less often."""
    with runtime.reading() as session:
        pages = follows.count_open(session, userid) // PAGE + 1
    missing = set(wanted)
    if len(missing) > max(inbox_storms.HANDFUL, pages):
        cursor = ""
        while missing:
            at = runtime.now()
            page = runtime.wecom.customers_of([userid], cursor)
            rows = [row for row in page.customers if row.external_contact.external_userid in missing]
            missing -= {row.external_contact.external_userid for row in rows}
            yield at, contacts.of_page(rows)
            if not page.next_cursor:
                if not page.unlicensed:  # left out by WeCom: they are asked for one by one
                    return
                break
            cursor = page.next_cursor
    lookups = Lookups(runtime)
    for name in sorted(missing):
        detail, at = lookups.customer(name)
        yield at, [detail] if detail else []


def _learn(runtime: Runtime, details: Sequence[CustomerDetail], *, at: datetime) -> None:
    for start in range(0, len(details), CUSTOMERS_AT_ONCE):
        runtime.in_transaction(partial(contacts.learn, details=details[start : start + CUSTOMERS_AT_ONCE], at=at))


def _settle(runtime: Runtime, rows: Sequence[Inbox], *, reason: str = "") -> None:
    for start in range(0, len(rows), inbox_storms.AT_ONCE):
        some = rows[start : start + inbox_storms.AT_ONCE]
        with runtime.transaction() as session:
            inbox_storms.settle(session, some, reason=reason, now=runtime.now())
            erasure_sweeps.hush(session, some)
    runtime.metrics.callbacks.labels(inbox.EDIT, "applied").inc(len(rows))


def _put_off(runtime: Runtime, rows: Sequence[Inbox], problem: WeComError) -> None:
    pause, kind = pause_after(problem), type(problem).__name__
    for row in rows:
        try:
            with runtime.transaction() as session:
                inbox.put_off(session, row, pause=pause, errcode=problem.errcode, reason=kind, now=runtime.now())
        except inbox.LeaseLost:
            log.info("inbox %s was settled by somebody else", row.id)
