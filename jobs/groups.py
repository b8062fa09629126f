"""Learning the customer groups from WeCom: what is listed for every owner, then the details that may have changed."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from crm import group_members, groups
from runtime import Runtime
from wecom.errors import GroupGone, Permanent
from wecom.group_types import GroupChat

OWNERS_A_CALL = 100
FRESH = timedelta(hours=20)  # a detail this old is asked for again, in case a callback was lost

Answer = TypeVar("Answer")
NotSeen = tuple[str, int | None]
"""(userid or chat_id, WeCom's errcode)"""
After = Callable[[dict[str, int], NotSeen | None], None]
"""Told after each group what was otherwise there, and what could not be seen."""


class Ask(Protocol):
    """How WeCom is asked: at once, or with pauses."""

    def __call__(self, call: Callable[[], Answer]) -> Answer: ...


def _at_once(call: Callable[[], Answer]) -> Answer:
    return call()


def _nothing(tally: dict[str, int], unseen: NotSeen | None) -> None: ...


def sync_groups(runtime: Runtime) -> int:
    """Bring every group up to date that may have changed; returns 0, one pass is enough. Safe to repeat."""
    learn_groups(runtime, fresh=FRESH)
    return 0


def learn_groups(
    runtime: Runtime, *, fresh: timedelta = timedelta(), ask: Ask = _at_once, after: After = _nothing
) -> int:
    """Ask for the groups that are new, gone from the list, or known for longer than `fresh`; returns how many.

    An owner or group we may not see is left as it is.
    """
    with runtime.reading() as session:
        owners, known = groups.owners(session), groups.known(session)
    asked = groups.to_ask(set(_listed(runtime, owners, ask, after)), known, before=runtime.now() - fresh)
    for chat_id in asked:
        try:
            after({"groups": 1} | learn_group(runtime, chat_id, ask), None)
        except Permanent as problem:
            after({}, (chat_id, problem.errcode))
    return len(asked)


def learn_group(runtime: Runtime, chat_id: str, ask: Ask = _at_once) -> dict[str, int]:
    """Ask for one group and store the answer; returns what was otherwise on record, by kind."""
    at = runtime.now()
    try:
        detail = ask(partial(runtime.wecom.group_chat, chat_id))
    except GroupGone:
        with runtime.transaction() as session:
            return {"fixed.group_gone": int(groups.dismiss(session, chat_id, at=at))}
    return learn_detail(runtime, detail, at=at)


def learn_detail(runtime: Runtime, detail: GroupChat, *, at: datetime) -> dict[str, int]:
    """Store what WeCom showed of a group, its members some at a time; a newer answer that comes meanwhile wins.

    Returns what was otherwise on record, by kind.
    """
    tally: Counter[str] = Counter()
    with runtime.transaction() as session:
        if not groups.learn(session, detail, at=at, tally=tally):
            return {}
    with runtime.reading() as session:
        difference = group_members.compare(session, detail, at=at)
    for some in difference.parts():
        if not runtime.in_transaction(partial(group_members.store, chat_id=detail.chat_id, some=some, at=at)):
            return dict(tally)
    with runtime.transaction() as session:
        group_members.complete(session, detail.chat_id, at=at)
    return tally | {f"fixed.{kind}": number for kind, number in difference.tally().items()}


def _listed(runtime: Runtime, owners: list[str], ask: Ask, after: After) -> Iterator[str]:
    """Always by owners: without them WeCom refuses as soon as more than 1,000 people can be seen (81017)."""
    for start in range(0, len(owners), OWNERS_A_CALL):
        some = owners[start : start + OWNERS_A_CALL]
        try:
            yield from _listed_for(runtime, some, ask)
        except Permanent:  # one of them is enough: each for themselves, then
            for owner in some:
                try:
                    yield from _listed_for(runtime, [owner], ask)
                except Permanent as problem:
                    after({}, (owner, problem.errcode))


def _listed_for(runtime: Runtime, owners: list[str], ask: Ask) -> Iterator[str]:
    cursor = ""
    while True:
        page = ask(partial(runtime.wecom.group_chats, owners, cursor))
        yield from (chat.chat_id for chat in page.chats)
        if not (cursor := page.next_cursor):
            return
