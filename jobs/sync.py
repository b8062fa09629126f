"""Learning the whole corp from WeCom: staff, tags, channel codes and every customer, a page at a time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from crm import channels, contacts, follows, staff, tags
from jobs.groups import learn_groups
from models.contact import Contact
from runtime import Runtime
from wecom.types import CustomerPage

Progress = Callable[[str, int], None]
"""Told what is being learnt and how many of it are there so far."""

MEMBERS_A_CALL = 100
AT_ONCE = 25  # customers a transaction: nobody else can write meanwhile on SQLite, and a callback has five seconds


def sync(runtime: Runtime, progress: Progress | None = None) -> dict[str, int]:
    """Bring everything up to date; returns how many of each. Safe to repeat: a run that broke off is simply repeated.

    A short transaction for a few customers, and none while WeCom answers.
    """
    counts: Counter[str] = Counter()

    def learnt(what: str, count: int) -> None:
        counts[what] += count
        if progress:
            progress(what, counts[what])

    _learn_directory(runtime, learnt)
    _learn_tags_and_codes(runtime, learnt)
    serving = runtime.wecom.followers()
    with runtime.transaction() as session:
        learnt("serving", staff.learn_who_serves(session, serving, now=runtime.now()))
    for some in (serving[start : start + MEMBERS_A_CALL] for start in range(0, len(serving), MEMBERS_A_CALL)):
        _learn_customers(runtime, some, learnt)
    learnt("groups", learn_groups(runtime))
    return dict(counts)


def sync_all(runtime: Runtime) -> int:
    """Every night: what was never told, or told while we were away. Returns how many customers there are."""
    return sync(runtime).get("customers", 0) if runtime.settings.wecom.corp_id else 0


def _learn_directory(runtime: Runtime, learnt: Progress) -> None:
    departments = runtime.wecom.departments()
    with runtime.transaction() as session:
        learnt("departments", staff.learn_departments(session, departments))
    known: set[str] = set()
    for department in departments:
        members = [member for member in runtime.wecom.staff_of(department.id) if member.userid.lower() not in known]
        known |= {member.userid.lower() for member in members}
        with runtime.transaction() as session:
            learnt("staff", staff.learn(session, members, now=runtime.now()))


def _learn_tags_and_codes(runtime: Runtime, learnt: Progress) -> None:
    at = runtime.now()
    groups = runtime.wecom.corp_tags()
    with runtime.transaction() as session:
        learnt("tags", tags.learn(session, groups, now=at))
    cursor = ""
    while True:
        page = runtime.wecom.contact_ways(cursor)
        ways = [runtime.wecom.contact_way(config_id) for config_id in page.config_ids]
        with runtime.transaction() as session:
            learnt("channels", channels.learn(session, ways, now=runtime.now()))
        if not (cursor := page.next_cursor):
            return


def _learn_customers(runtime: Runtime, userids: Sequence[str], learnt: Progress) -> None:
    """Every customer of these members; then, for members whose pages were all seen, end what is no longer there."""
    began_at = runtime.now()
    seen: dict[str, set[int]] = {userid.lower(): set() for userid in userids}
    customers: set[int] = set()
    for at, page in _pages(runtime, userids):
        known: dict[str, Contact] = {}
        details = contacts.of_page(page.customers)
        for start in range(0, len(details), AT_ONCE):
            some = details[start : start + AT_ONCE]
            known |= runtime.in_transaction(partial(contacts.learn, details=some, at=at))
        for row in page.customers:
            contact = known[row.external_contact.external_userid]
            seen.setdefault(row.follow_info.userid.lower(), set()).add(contact.id)
            customers.add(contact.id)
        learnt("follows", len(page.customers))
        for userid in page.unlicensed:  # left out by WeCom: no answer is no proof
            seen.pop(userid.lower(), None)
    learnt("customers", len(customers))
    for userid, contact_ids in seen.items():
        with runtime.transaction() as session:
            member = staff.ensure(session, [userid], now=began_at)[userid]
            learnt("ended", follows.end_unseen(session, member, contact_ids, since=began_at))


def _pages(runtime: Runtime, userids: Sequence[str]) -> Iterator[tuple[datetime, CustomerPage]]:
    cursor = ""
    while True:
        at = runtime.now()
        page = runtime.wecom.customers_of(userids, cursor)
        yield at, page
        if not (cursor := page.next_cursor):
            return
