"""Customer groups as the API shows them, late by the lag."""

from typing import Any

from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.directory import LEFT
from sandbox.errors import Refused
from sandbox.group_records import Group

MOST_OWNERS = 100
MOST_PEOPLE = 1000  # more in the visible range: name the owners
NORMAL, OWNER_LEFT, INHERITED = 0, 1, 3


@api("externalcontact/groupchat/list", "POST", empty={"group_chat_list": []})
def list_groups(call: Call) -> dict[str, Any]:
    corp, limit = call.corp, call.number("limit", 0, 1, 1000)
    wanted = call.number("status_filter", 0, 0, 3)
    owners = _owners(call)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    if owners is None and sum(member.status != LEFT for member in corp.state.members) > MOST_PEOPLE:
        raise Refused(81017)
    rows = [
        (group, status)
        for group in corp.state.groups
        if group.number > after and not group.dismissed and (owners is None or group.owner.lower() in owners)
        if _is_visible(corp, group)
        for status in [_status(corp, group)]
        if (wanted in (0, status)) and not (owners is None and status == OWNER_LEFT)
    ]
    page = rows[:limit]
    following = {"next_cursor": write_cursor(page[-1][0].number)} if len(rows) > limit else {}
    return {"group_chat_list": [{"chat_id": group.chat_id, "status": status} for group, status in page], **following}


@api("externalcontact/groupchat/get", "POST", empty={"group_chat": {}})
def get_group(call: Call) -> dict[str, Any]:
    group = call.corp.state.groups.get(call.text("chat_id", missing=40050))
    with_names = call.number("need_name", 0, 0, 1) == 1
    if group is None:
        raise Refused(40050)
    if group.dismissed:
        raise Refused(49008)
    if not _is_visible(call.corp, group):
        raise Refused(60011)
    shown = group.shown(call.corp.clock.now())
    return {
        "group_chat": {
            "chat_id": group.chat_id,
            "name": shown["name"],
            "owner": shown["owner"],
            "create_time": group.create_time,
            "notice": shown["notice"],
            "member_list": [_member(call.corp, member, with_names=with_names) for member in shown["members"]],
            "admin_list": [{"userid": userid} for userid in shown["admins"]],
            "member_version": shown["member_version"],
        }
    }


def _owners(call: Call) -> set[str] | None:
    """The userids of the filter, folded; None without one."""
    given = call.body.get("owner_filter")
    if given is None:
        return None
    userids = given.get("userid_list") if isinstance(given, dict) else None
    if not isinstance(userids, list) or not all(isinstance(userid, str) for userid in userids):
        raise Refused(40035)
    if len(userids) > MOST_OWNERS:
        raise Refused(40032)
    if any(call.corp.state.member(userid) is None for userid in userids):
        raise Refused(60111)
    return {userid.lower() for userid in userids} or None


def _is_visible(corp: Corp, group: Group) -> bool:
    owner = corp.state.member(group.owner)
    return owner is None or owner.visible


def _status(corp: Corp, group: Group) -> int:
    owner = corp.state.member(group.owner)
    if owner is None or owner.status == LEFT:
        return OWNER_LEFT
    return INHERITED if group.inherited else NORMAL


def _member(corp: Corp, member: dict[str, Any], *, with_names: bool) -> dict[str, Any]:
    row = {
        "userid": member["id"],
        "type": member["type"],
        "join_time": member["join_time"],
        "join_scene": member["join_scene"],
        "group_nickname": "",
    }
    if member["invitor"]:
        row["invitor"] = {"userid": member["invitor"]}
    if member["state"]:
        row["state"] = member["state"]
    staff, customer = corp.state.member(member["id"]), corp.state.customers.get(member["id"])
    if customer and customer.shown_unionid():
        row["unionid"] = customer.shown_unionid()
    if with_names:
        row["name"] = customer.name if customer else staff.name if staff else ""
    return row
