"""Every customer of every member, a hundred members a call: the long part of a sync, gone on with at its last page."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import contacts, follows, newcomers, staff, sync_runs
from crm.newcomers import Directory
from jobs.asking import Asking
from models.sync import SyncRun
from runtime import Runtime
from wecom.errors import Permanent
from wecom.types import CustomerDetail, CustomerPage

MEMBERS_A_CALL = 100
AT_ONCE = (
    25  # known customers a transaction: nobody else can write meanwhile on SQLite, and a callback has five seconds
)
STALE = timedelta(minutes=10)  # a cursor this old is not trusted: its members are begun again
NEW_AT_ONCE = 50  # of newcomers: six or seven rows each, in a few milliseconds
GONE_AT_ONCE = 500
NOT_SHOWN = frozenset({60011, 60111, 60021, 40003, 41054, 84074, 701008})  # about the members, not about us

After = Callable[[SyncRun], None]
"""Told after each committed page; raises to stop."""


@dataclass(frozen=True)
class Place:
    """What to ask for next."""

    members: tuple[str, ...]
    cursor: str


def learn_customers(runtime: Runtime, run: SyncRun, ask: Asking, after: After) -> SyncRun:
    """Learn page after page until all members are done, the next page being fetched while one is stored."""
    run, directory = _begin_again_if_stale(runtime, run), Directory()
    with ThreadPoolExecutor(1, thread_name_prefix="sync-pages") as pool:
        coming: tuple[Place, Future[tuple[datetime, CustomerPage]]] | None = None
        while place := _place(run):
            if coming is None or coming[0] != place:
                coming = place, pool.submit(_fetch, runtime, ask, place)
            try:
                at, page = coming[1].result()
            except Permanent as problem:
                coming = None
                run = _not_shown(runtime, run, place, problem)
                continue
            following = _following(run, place, page)
            coming = (following, pool.submit(_fetch, runtime, ask, following)) if following else None
            run = _store(runtime, run, place, page, directory, at=at)
            after(run)
    return run


def _place(run: SyncRun) -> Place | None:
    width = 1 if run.position < run.single_until else MEMBERS_A_CALL
    members = tuple(run.members[run.position : run.position + width])
    return Place(members, run.cursor) if members else None


def _following(run: SyncRun, place: Place, page: CustomerPage) -> Place | None:
    if page.next_cursor:
        return Place(place.members, page.next_cursor)
    position = run.position + len(place.members)
    width = 1 if position < run.single_until else MEMBERS_A_CALL
    members = tuple(run.members[position : position + width])
    return Place(members, "") if members else None


def _fetch(runtime: Runtime, ask: Asking, place: Place) -> tuple[datetime, CustomerPage]:
    at = runtime.now()
    return at, ask(partial(runtime.wecom.customers_of, place.members, place.cursor))


def _begin_again_if_stale(runtime: Runtime, run: SyncRun) -> SyncRun:
    now = runtime.now()
    if not run.chunk_began_at or (run.cursor_at and now - run.cursor_at <= STALE):
        return run
    with runtime.transaction() as session:
        run = sync_runs.hold(session, run, now=now)
        run.cursor, run.cursor_at, run.chunk_began_at, run.left_out = "", None, None, []
    return run


def _not_shown(runtime: Runtime, run: SyncRun, place: Place, problem: Permanent) -> SyncRun:
    """One of a hundred is enough to be refused: ask for each of them; whoever is refused alone is noted."""
    if problem.errcode not in NOT_SHOWN:
        raise problem
    with runtime.transaction() as session:
        run = sync_runs.hold(session, run, now=runtime.now())
        if len(place.members) > 1:
            run.single_until = run.position + len(place.members)
        else:
            sync_runs.could_not_see(run, place.members[0], problem.errcode)
            run.position += 1
        run.cursor, run.cursor_at, run.chunk_began_at, run.left_out = "", None, None, []
    return run


def _store(
    runtime: Runtime, run: SyncRun, place: Place, page: CustomerPage, directory: Directory, *, at: datetime
) -> SyncRun:
    """Newcomers first; with nobody else on the page their last portion turns it, unless its members end here."""
    left = contacts.of_page(page.customers)
    known: list[CustomerDetail] = []
    while left:
        try:
            with runtime.transaction() as session:
                held, tally = sync_runs.hold(session, run, now=runtime.now()), Counter[str]()
                some, others = newcomers.among(session, left)
                newcomers.store(session, some[:NEW_AT_ONCE], directory, at=at, tally=tally)
                sync_runs.count(held, tally)
                is_turned = bool(page.next_cursor) and not known and not others and len(some) <= NEW_AT_ONCE
                if is_turned:
                    _turn(held, place, page, at=at)
            if is_turned:
                return held
            known, left = [*known, *others], some[NEW_AT_ONCE:]
        except IntegrityError:  # somebody else was first with one of them
            directory.forget()
            known, left = [*known, *left], []
    for start in range(0, len(known), AT_ONCE):
        some = known[start : start + AT_ONCE]
        runtime.in_transaction(partial(_learn, run=run, details=some, at=at, now=runtime.now()))
    began_at = run.chunk_began_at or at
    if not page.next_cursor:
        left_out = _left_out(run, page)
        for userid in place.members:
            if userid.lower() not in left_out:
                _end_unseen(runtime, run, userid, since=began_at)
    with runtime.transaction() as session:
        held = sync_runs.hold(session, run, now=runtime.now())
        _turn(held, place, page, at=at)
    return held


def _left_out(run: SyncRun, page: CustomerPage) -> set[str]:
    return {*run.left_out, *(userid.lower() for userid in page.unlicensed)}


def _turn(run: SyncRun, place: Place, page: CustomerPage, *, at: datetime) -> None:
    """The page is done."""
    sync_runs.count(run, {"follows": len(page.customers), "pages": 1})
    left_out, run.seen_at = _left_out(run, page), at
    if page.next_cursor:
        run.cursor, run.cursor_at, run.chunk_began_at = page.next_cursor, at, run.chunk_began_at or at
        run.left_out = sorted(left_out)
        return
    for userid in sorted(left_out):
        sync_runs.could_not_see(run, userid, 701008)
    run.position += len(place.members)
    run.cursor, run.cursor_at, run.chunk_began_at, run.left_out = "", None, None, []


def _learn(session: Session, *, run: SyncRun, details: list[CustomerDetail], at: datetime, now: datetime) -> None:
    held, tally = sync_runs.hold(session, run, now=now), Counter[str]()
    contacts.learn(session, details, at=at, tally=tally)
    sync_runs.count(held, tally)


def _end_unseen(runtime: Runtime, run: SyncRun, userid: str, *, since: datetime) -> None:
    """All pages of this member were seen: what was not among them is no more."""
    while True:
        with runtime.transaction() as session:
            held = sync_runs.hold(session, run, now=runtime.now())
            member = staff.ensure(session, [userid], now=since)[userid.lower()]
            gone = follows.end_unseen(session, member, since=since, limit=GONE_AT_ONCE)
            sync_runs.count(held, {"ended": gone, "fixed.follow_gone": gone})
        if gone < GONE_AT_ONCE:
            return
