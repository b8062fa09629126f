"""Learning the customer groups from WeCom: what is listed for every owner, then the details that may have changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from crm import group_members, groups
from runtime import Runtime
from wecom.errors import GroupGone
from wecom.group_types import GroupChat

OWNERS_A_CALL = 100
FRESH = timedelta(hours=20)  # a detail this old is asked for again, in case a callback was lost


def sync_groups(runtime: Runtime) -> int:
    """Bring every group up to date that may have changed; returns 0, one pass is enough. Safe to repeat."""
    learn_groups(runtime, fresh=FRESH)
    return 0


def learn_groups(runtime: Runtime, *, fresh: timedelta = timedelta()) -> int:
    """Ask for the groups that are new, gone from the list, or known for longer than `fresh`; returns how many."""
    with runtime.reading() as session:
        owners, known = groups.owners(session), groups.known(session)
    asked = groups.to_ask(set(_listed(runtime, owners)), known, before=runtime.now() - fresh)
    for chat_id in asked:
        learn_group(runtime, chat_id)
    return len(asked)


def learn_group(runtime: Runtime, chat_id: str) -> bool:
    """Ask for one group and store the answer; False when it is there no more."""
    at = runtime.now()
    try:
        detail = runtime.wecom.group_chat(chat_id)
    except GroupGone:
        with runtime.transaction() as session:
            groups.dismiss(session, chat_id, at=at)
        return False
    learn_detail(runtime, detail, at=at)
    return True


def learn_detail(runtime: Runtime, detail: GroupChat, *, at: datetime) -> None:
    """Store what WeCom showed of a group, its members some at a time; a newer answer that comes meanwhile wins."""
    with runtime.transaction() as session:
        if not groups.learn(session, detail, at=at):
            return
    with runtime.reading() as session:
        difference = group_members.compare(session, detail, at=at)
    for some in difference.parts():
        if not runtime.in_transaction(partial(group_members.store, chat_id=detail.chat_id, some=some, at=at)):
            return
    with runtime.transaction() as session:
        group_members.complete(session, detail.chat_id, at=at)


def _listed(runtime: Runtime, owners: list[str]) -> Iterator[str]:
    """Always by owners: without them WeCom refuses as soon as more than 1,000 people can be seen (81017)."""
    for start in range(0, len(owners), OWNERS_A_CALL):
        cursor = ""
        while True:
            page = runtime.wecom.group_chats(owners[start : start + OWNERS_A_CALL], cursor)
            yield from (chat.chat_id for chat in page.chats)
            if not (cursor := page.next_cursor):
                break
