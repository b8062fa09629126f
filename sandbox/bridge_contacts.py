"""The calls of a page beside a chat with one customer."""

from typing import Any

from sandbox import people
from sandbox.bridge_calls import Call, said
from sandbox.chat_messages import wrong_with
from sandbox.corp import Corp
from sandbox.records import Follow

ENTRIES = ("contact_profile", "single_chat_tools", "single_kf_tools")
SENDING_ENTRIES = ("single_chat_tools", "chat_attachment", "single_kf_tools")
NO_CONTEXT = "fail without context of external contact"
INTERNAL, EXTERNAL = 1, 2


def current(corp: Corp, call: Call) -> dict[str, Any]:
    member = corp.state.member(call.userid)
    if member is None or not member.customer_contact:
        return said(call, "fail no permission")
    follow = _open_chat(corp, call)
    if follow is None or call.entry not in ENTRIES:
        return said(call, NO_CONTEXT)
    rights = corp.grants[call.frame, call.address]
    if "opened" not in rights:  # a page may ask often; it was opened once
        rights["opened"] = set()
        _note(corp, follow, "sidebar_opened", "{member} 打开了 {customer} 的资料")
    return {**said(call, "ok"), "userId": follow.external_userid}


def send(corp: Corp, call: Call) -> dict[str, Any]:
    follow = _open_chat(corp, call)
    if call.entry not in SENDING_ENTRIES or follow is None:
        return said(call, NO_CONTEXT)
    kind = str(call.params.get("msgtype"))
    content = call.params.get(kind)
    if not isinstance(content, dict):
        return said(call, "fail_unsupported_msgtype")
    wrong = wrong_with(corp, kind, content)
    if wrong:
        return said(call, wrong)
    if follow.relation != "mutual":
        return said(call, "fail_not a contact")
    people.say(corp, follow, "staff", kind, content, "sidebar")
    _note(corp, follow, "sidebar_message", "{member} 从侧边栏发给 {customer} 一条消息")
    return said(call, "ok")


def open_profile(corp: Corp, call: Call) -> dict[str, Any]:
    """`type` 1 a colleague, 2 somebody outside whom this member knows."""
    kind, userid = call.params.get("type"), str(call.params.get("userid", ""))
    if kind not in (INTERNAL, EXTERNAL) or not userid:
        return said(call, "fail_invalid parameter")
    follow = corp.state.follow(call.userid, userid)
    known = corp.state.member(userid) if kind == INTERNAL else follow and follow.is_contact()
    return said(call, "ok" if known else "fail_invalid userid")


def _open_chat(corp: Corp, call: Call) -> Follow | None:
    if call.external_userid is None:
        return None
    follow = corp.state.follow(call.userid, call.external_userid)
    return follow if follow and follow.is_contact() else None


def _note(corp: Corp, follow: Follow, kind: str, words: str) -> None:
    member, customer = corp.state.member(follow.userid), corp.state.customers.get(follow.external_userid)
    text = words.format(member=member.name if member else "", customer=customer.name if customer else "")
    corp.note(kind, text, userid=follow.userid, external_userid=follow.external_userid)
