"""Contact ways: codes and buttons by which customers add members."""

from typing import Any

from flask import request

from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import ContactWay

MOST_WAYS = 500_000
MOST_MEMBERS = 100
DEFAULT_SPAN_SECONDS = 90 * 86400
DAY = 86400


@api("externalcontact/add_contact_way", "POST", empty={"config_id": ""})
def add_contact_way(call: Call) -> dict[str, Any]:
    corp = call.corp
    if len(corp.state.contact_ways) + len(corp.state.join_ways) >= MOST_WAYS:
        raise Refused(41045)
    way = ContactWay(
        config_id=corp.new_config_id(),
        type=call.number("type", 0, 1, 2),
        scene=call.number("scene", 0, 1, 2),
        created_at=int(corp.clock.now()),
        is_temp=call.flag("is_temp", False),
        is_exclusive=call.flag("is_exclusive", False),
    )
    _fill(call, way)
    corp.state.contact_ways.put(way)
    corp.note("api_contact_way", f"应用建了渠道码「{way.remark}」", config_id=way.config_id, state=way.state)
    return {"config_id": way.config_id, **_qr_code(way)}


@api("externalcontact/get_contact_way", "POST", empty={"contact_way": {}})
def get_contact_way(call: Call) -> dict[str, Any]:
    way = _way(call)
    shown = {name: value for name, value in vars(way).items() if name not in ("created_at", "scans")}
    if not way.is_temp:
        shown = {name: value for name, value in shown.items() if name not in ("expires_in", "chat_expires_in")}
    return {"contact_way": {**shown, **_qr_code(way)}}


@api("externalcontact/list_contact_way", "POST", empty={"contact_way": []})
def list_contact_way(call: Call) -> dict[str, Any]:
    now = int(call.corp.clock.now())
    begin, end = call.number("start_time", now - DEFAULT_SPAN_SECONDS), call.number("end_time", now)
    limit = call.number("limit", 100, 1, 1000)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    found = [way for way in call.corp.state.contact_ways if not way.is_temp and begin <= way.created_at <= end]
    following = {"next_cursor": write_cursor(after + limit)} if len(found) > after + limit else {}
    return {"contact_way": [{"config_id": way.config_id} for way in found[after : after + limit]], **following}


@api("externalcontact/update_contact_way", "POST")
def update_contact_way(call: Call) -> dict[str, Any]:
    way = _way(call)
    if way.is_temp and call.corp.clock.now() > way.created_at + way.expires_in:
        raise Refused(41044)
    _fill(call, way)
    call.corp.state.contact_ways.put(way)
    return {}


@api("externalcontact/del_contact_way", "POST")
def del_contact_way(call: Call) -> dict[str, Any]:
    call.corp.state.contact_ways.drop(_way(call))
    return {}


def _way(call: Call) -> ContactWay:
    found = call.corp.state.contact_ways.get(call.text("config_id", missing=41044))
    if found is None:
        raise Refused(41044)
    return found


def _fill(call: Call, way: ContactWay) -> None:
    """Check everything first, then overwrite what the body names."""
    users = call.texts("user") if "user" in call.body else way.user
    parties = call.body.get("party", way.party) or []
    if not isinstance(parties, list) or not all(isinstance(one, int) for one in parties):
        raise Refused(40035)
    users = _reachable(call.corp, way, users, parties)
    given = {
        "remark": call.optional_text("remark", 30),
        "state": call.optional_text("state", 30),
        "unionid": call.optional_text("unionid"),
        "style": call.number("style", way.style, 1, 3),
        "skip_verify": call.flag("skip_verify", way.skip_verify),
        "expires_in": call.number("expires_in", way.expires_in, 1, 14 * DAY),
        "chat_expires_in": call.number("chat_expires_in", way.chat_expires_in, 1, 14 * DAY),
        "conclusions": call.body.get("conclusions", way.conclusions) or {},
    }
    way.user, way.party = users, parties
    for name, value in given.items():
        if value is not None:
            setattr(way, name, value)


def _reachable(corp: Corp, way: ContactWay, users: list[str], parties: list[int]) -> list[str]:
    """The members as the directory spells them. Type 1 has exactly one, type 2 at most 100 with its departments."""
    members = [corp.state.member(userid) for userid in users]
    if (way.type == 1 and (len(users) != 1 or parties)) or not (users or parties):
        raise Refused(40058)
    if any(str(one) not in {department.key for department in corp.state.departments} for one in parties):
        raise Refused(60003)
    found = [member for member in members if member is not None]
    if len(found) != len(members):
        raise Refused(40003)
    if any(not member.customer_contact or member.status != 1 for member in found):
        raise Refused(41054)
    expanded = {member.key for member in corp.state.members if set(member.department) & set(parties)}
    if len(expanded | {member.key for member in found}) > MOST_MEMBERS:
        raise Refused(41041)
    return [member.userid for member in found]


def _qr_code(way: ContactWay) -> dict[str, str]:
    return {"qr_code": f"{request.host_url}sandbox/codes/{way.config_id}"} if way.scene == 2 else {}
