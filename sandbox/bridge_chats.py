"""Opening a chat that is there already, from wherever the page stands."""

from typing import Any

from sandbox import bridge_groups
from sandbox.bridge_calls import Call, said
from sandbox.corp import Corp


def open_chat(corp: Corp, call: Call) -> dict[str, Any]:
    """A group they are in, one customer they know, or one colleague; several would begin a new group, here they do not.

    The browser SDK sends lists joined with semicolons.
    """
    chat_id = str(call.params.get("chatId") or "")
    outside, inside = (_listed(call.params.get(name)) for name in ("externalUserIds", "userIds"))
    if chat_id:
        group = bridge_groups.group_of(corp, chat_id, call.userid)
        return said(call, "fail_invalid chatId") if group is None else {**said(call, "ok"), "chatId": chat_id}
    if len(outside) + len(inside) != 1:
        return said(call, "fail_invalid parameter")
    follow = corp.state.follow(call.userid, outside[0]) if outside else None
    known = follow and follow.is_contact() if outside else corp.state.member(inside[0])
    return said(call, "ok" if known else "fail_invalid userid")


def _listed(ids: Any) -> list[str]:
    return [one for one in (ids if isinstance(ids, list) else str(ids or "").split(";")) if one]
