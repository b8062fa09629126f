"""The calls of a page beside a group, and sharing into groups."""

from typing import Any

from sandbox import groups
from sandbox.bridge_calls import Call, said
from sandbox.chat_messages import wrong_with
from sandbox.corp import Corp
from sandbox.group_records import Group

ENTRIES = ("group_chat_tools",)
NO_CONTEXT = "fail without context of external chat"
LONGEST_TEXT, MOST_ATTACHMENTS, MOST_GROUPS = 4000, 9, 2000
SHARED_AS: dict[str, tuple[str, dict[str, str]]] = {
    "link": ("news", {"link": "url"}),
    "miniprogram": ("miniprogram", {}),
    "image": ("image", {}),
}


def current(corp: Corp, call: Call) -> dict[str, Any]:
    group = _open_group(corp, call)
    return said(call, NO_CONTEXT) if group is None else {**said(call, "ok"), "chatId": group.chat_id}


def send(corp: Corp, call: Call) -> dict[str, Any]:
    group = _open_group(corp, call)
    if group is None:
        return said(call, NO_CONTEXT)
    kind = str(call.params.get("msgtype"))
    content = call.params.get(kind)
    if not isinstance(content, dict):
        return said(call, "fail_unsupported_msgtype")
    wrong = wrong_with(corp, kind, content)
    if wrong:
        return said(call, wrong)
    _say(corp, call, group, kind, content, "sidebar_message", "从侧边栏发了一条消息")
    return said(call, "ok")


def share(corp: Corp, call: Call) -> dict[str, Any]:
    """To the groups the member picks: `chatIds`, which a client asks for when the page names none."""
    text, attachments = call.params.get("text"), call.params.get("attachments") or []
    words = text.get("content") if isinstance(text, dict) else None
    chosen = call.params.get("chatIds") or []
    if not isinstance(attachments, list) or len(attachments) > MOST_ATTACHMENTS or not isinstance(chosen, list):
        return said(call, "fail_invalid parameter")
    if words is not None and (not isinstance(words, str) or len(words) > LONGEST_TEXT):
        return said(call, "fail_invalid content")
    parts = [("text", {"content": words})] if words else []
    parts += [_shared(attachment) for attachment in attachments]
    if not parts:
        return said(call, "fail_invalid parameter")
    wrong = next((found for kind, content in parts if (found := wrong_with(corp, kind, content))), None)
    if wrong or len(chosen) > MOST_GROUPS:
        return said(call, wrong or "fail_invalid parameter")
    if not chosen:
        return said(call, "cancel")
    theirs = [group_of(corp, str(chat_id), call.userid) for chat_id in chosen]
    owned = [group for group in theirs if group is not None and group.owner.lower() == call.userid.lower()]
    if len(owned) < len(chosen):
        return said(call, "fail_invalid chatIds")
    for group in owned:
        for kind, content in parts:
            _say(corp, call, group, kind, content, "group_share", "分享到群里")
    return said(call, "ok")


def _shared(attachment: Any) -> tuple[str, dict[str, Any]]:
    """An attachment as a message of the chat: sharing says `link` where the chat says `news`."""
    kind = str(attachment.get("msgtype")) if isinstance(attachment, dict) else ""
    content = attachment.get(kind) if kind else None
    if kind not in SHARED_AS or not isinstance(content, dict):
        return "", {}
    name, renamed = SHARED_AS[kind]
    return name, {**content, **{to: content.get(given) for to, given in renamed.items()}}


def _open_group(corp: Corp, call: Call) -> Group | None:
    if call.entry not in ENTRIES or call.chat_id is None:
        return None
    return group_of(corp, call.chat_id, call.userid)


def group_of(corp: Corp, chat_id: str, userid: str) -> Group | None:
    """A group that stands and has this member in it."""
    group = corp.state.groups.get(chat_id)
    return group if group and not group.dismissed and group.member(userid) else None


def _say(corp: Corp, call: Call, group: Group, kind: str, content: dict[str, Any], event: str, words: str) -> None:
    groups.say(corp, group, call.userid, kind, content, "sidebar")
    member = corp.state.member(call.userid)
    corp.note(event, f"{member.name if member else ''} 在群「{group.name}」{words}", chat_id=group.chat_id)
