"""Everybody who counts for the paid scale: friends, and people who are only in groups."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.group_records import Group
from sandbox.records import Customer, Follow

LIFETIME_SECONDS = 4 * 3600  # of a tmp_openid, and so of a cursor
MOST = 1000
FRIENDS, IN_GROUPS = 0, 1


@api("externalcontact/contact_list", "POST", empty={"info_list": []})
def contact_list(call: Call) -> dict[str, Any]:
    """A row for each follow, then one for each group of somebody whom nobody follows."""
    corp, limit, now = call.corp, call.number("limit", 100, 1, MOST), call.corp.clock.now()
    cursor = call.optional_text("cursor")
    began, part, first, second = read_cursor(cursor, 4)
    if not cursor:
        began = int(now - now % LIFETIME_SECONDS)
    elif now >= began + 2 * LIFETIME_SECONDS:
        raise Refused(40058, "invalid cursor")
    rows = _rows_after(corp, (part, first, second))
    page = list(islice(rows, limit))
    following = write_cursor(began, *page[-1][0]) if any(True for _ in rows) else ""
    return {"info_list": [_shown(corp, row, began) for _, row in page], "next_cursor": following}


Place = tuple[int, int, int]
Row = Follow | tuple[Group, dict[str, Any]]


def _rows_after(corp: Corp, after: Place) -> Iterator[tuple[Place, Row]]:
    if after[0] == FRIENDS:
        for follow in corp.state.follows.all_after(after[1]):
            if follow.is_contact():
                yield (FRIENDS, follow.number, 0), follow
    friends = corp.state.follows.friends
    for group in corp.state.groups:
        for seat, member in enumerate(group.members, 1):
            place = (IN_GROUPS, group.number, seat)
            if place > after and member["type"] == 2 and member["id"] not in friends and not group.dismissed:
                yield place, (group, member)


def _shown(corp: Corp, row: Row, began: int) -> dict[str, Any]:
    if isinstance(row, Follow):
        customer = corp.state.customers.get(row.external_userid)
        friend = {"external_userid": row.external_userid, "follow_userid": row.userid, "add_time": row.createtime}
        return {"is_customer": True, "tmp_openid": _tmp_openid(corp, customer, began), **friend}
    group, member = row
    customer = corp.state.customers.get(member["id"])
    known = {"chat_id": group.chat_id, "chat_name": group.name, "add_time": member["join_time"]}
    return {
        "is_customer": False,
        "tmp_openid": _tmp_openid(corp, customer, began),
        "name": f"{customer.name[:1]}**" if customer else "",
        "follow_userid": group.owner,
        **known,
    }


def _tmp_openid(corp: Corp, customer: Customer | None, began: int) -> str:
    """The same for one person in one walk through the list, another one after its four hours."""
    who = f"{corp.credentials.secret} {began} {customer.external_userid if customer else ''}"
    return "wt" + sha256(who.encode()).hexdigest()[:30]
