"""Join ways: codes and buttons by which customers come into a group."""

from typing import Any

from flask import request

from sandbox.api.contact_ways import MOST_WAYS
from sandbox.api.dispatch import Call, api
from sandbox.errors import Refused
from sandbox.group_records import JoinWay

MOST_GROUPS = 5
LONGEST_REMARK, LONGEST_NAME, LONGEST_STATE = 30, 40, 30
PLACE = "externalcontact/groupchat"


@api(f"{PLACE}/add_join_way", "POST", empty={"config_id": ""})
def add_join_way(call: Call) -> dict[str, Any]:
    state = call.corp.state
    if len(state.contact_ways) + len(state.join_ways) >= MOST_WAYS:
        raise Refused(41045)
    way = JoinWay(config_id=call.corp.new_config_id(), owner=call.app, **_given(call))
    state.join_ways.put(way)
    call.corp.note("api_join_way", f"应用建了进群码「{way.remark}」", config_id=way.config_id, state=way.state)
    return {"config_id": way.config_id}


@api(f"{PLACE}/get_join_way", "POST", empty={"join_way": {}})
def get_join_way(call: Call) -> dict[str, Any]:
    way = _find(call)
    shown = {name: value for name, value in vars(way).items() if name not in ("owner", "scans")}
    if way.scene == 2:
        shown["qr_code"] = f"{request.host_url}sandbox/codes/{way.config_id}"
    return {"join_way": shown}


@api(f"{PLACE}/update_join_way", "POST")
def update_join_way(call: Call) -> dict[str, Any]:
    """Overwrites everything."""
    way = _find(call)
    for name, value in _given(call).items():
        setattr(way, name, value)
    call.corp.state.join_ways.put(way)
    return {}


@api(f"{PLACE}/del_join_way", "POST")
def del_join_way(call: Call) -> dict[str, Any]:
    call.corp.state.join_ways.drop(_find(call))
    return {}


def _find(call: Call) -> JoinWay:
    found = call.corp.state.join_ways.get(call.text("config_id", missing=41044))
    if found is None or found.owner != call.app:
        raise Refused(41044)
    return found


def _given(call: Call) -> dict[str, Any]:
    chat_ids = call.texts("chat_id_list")
    if not chat_ids:
        raise Refused(40050)
    if len(chat_ids) > MOST_GROUPS:
        raise Refused(41091)
    groups = [call.corp.state.groups.get(chat_id) for chat_id in chat_ids]
    if any(group is None or group.dismissed for group in groups):
        raise Refused(40050)
    return {
        "scene": call.number("scene", 0, 1, 2),
        "remark": (call.optional_text("remark") or "")[:LONGEST_REMARK],
        "auto_create_room": call.number("auto_create_room", 1, 0, 1),
        "room_base_name": call.optional_text("room_base_name", LONGEST_NAME) or "",
        "room_base_id": call.number("room_base_id", 1),
        "chat_id_list": chat_ids,
        "state": call.optional_text("state", LONGEST_STATE) or "",
        "mark_source": call.flag("mark_source", default=False),
    }
