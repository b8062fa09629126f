"""The native side of the browser SDK: checks signatures with the tickets it issued, and answers for one chat.

Rights are given to one page load (`frame`) at one address; a page that moves on has to ask again.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox import crypto, people
from sandbox.chat_messages import wrong_with
from sandbox.corp import Corp
from sandbox.records import Follow

CONTACT_ENTRIES = ("contact_profile", "single_chat_tools", "single_kf_tools")
SENDING_ENTRIES = ("single_chat_tools", "group_chat_tools", "chat_attachment", "single_kf_tools")
APP_IDENTITY = ("getCurExternalContact", "getCurExternalChat", "sendChatMessage")
NO_PERMISSION = "fail_no permission to execute"
NO_CONTEXT = "fail without context of external contact"


@dataclass(frozen=True)
class Call:
    frame: str
    userid: str
    external_userid: str | None
    name: str
    entry: str = "single_chat_tools"
    href: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.href.split("#")[0]


def answer(corp: Corp, call: Call) -> dict[str, Any]:
    fault = corp.faults.take_bridge(call.name)
    if fault and not fault.spec.get("after_effect"):
        return _bent(fault.spec)
    result = _answer(corp, call)
    return _bent(fault.spec) if fault else result


def _bent(spec: dict[str, Any]) -> dict[str, Any]:
    return {"hang": True} if spec.get("hang") else {"err_msg": spec["err_msg"]}


def _answer(corp: Corp, call: Call) -> dict[str, Any]:
    if call.name == "agentConfig":
        return _configure_agent(corp, call)
    if call.name == "preVerifyJSAPI":
        return _configure_corp(corp, call)
    handler = HANDLERS.get(call.name)
    if handler is None:
        return _said(call, "fail_function not exist")
    if not _may(corp, call):
        return _said(call, NO_PERMISSION)
    return handler(corp, call)


def _configure_agent(corp: Corp, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("corpid") != corp.credentials.corp_id:
        return _said(call, "fail_invalid corpid")
    if str(params.get("agentid")) != str(corp.credentials.agent_id):
        return _said(call, "fail_invalid agentid")
    signed = (params.get("nonceStr"), params.get("timestamp"), params.get("signature"))
    return _grant(corp, call, "agent", signed, params.get("jsApiList"))


def _configure_corp(corp: Corp, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("appId", params.get("verifyAppId")) != corp.credentials.corp_id:
        return _said(call, "fail_invalid appid")
    signed = (params.get("verifyNonceStr"), params.get("verifyTimestamp"), params.get("verifySignature"))
    return _grant(corp, call, "corp", signed, params.get("verifyJsApiList"))


def _grant(corp: Corp, call: Call, identity: str, signed: tuple[Any, Any, Any], names: Any) -> dict[str, Any]:
    if not _is_trusted(corp, call.href):
        return _said(call, "fail_domain of url is not trusted, 50001")
    if not _is_signed(corp, identity, call.address, *signed):
        return _said(call, "fail_invalid signature, 40093")
    rights = corp.grants.setdefault((call.frame, call.address), {})
    rights[identity] = {str(name) for name in names} if isinstance(names, list) else set()
    return _said(call, "ok")


def _is_trusted(corp: Corp, href: str) -> bool:
    """Only the registered client's host is the app's trusted domain; before one is registered, any is."""
    sidebar_url = corp.state.setting("client", {}).get("sidebar_url")
    return not sidebar_url or urlsplit(href).netloc == urlsplit(sidebar_url).netloc


def _is_signed(corp: Corp, identity: str, address: str, nonce: Any, timestamp: Any, signature: Any) -> bool:
    now = corp.clock.now()
    tickets = [t for t in corp.state.passes if t.kind == f"{identity} ticket" and now < t.expires_at]
    return any(
        crypto.js_signature(ticket.value, str(nonce), str(timestamp), address) == signature for ticket in tickets
    )


def _may(corp: Corp, call: Call) -> bool:
    rights = corp.grants.get((call.frame, call.address), {})
    if call.name in APP_IDENTITY:
        return call.name in rights.get("agent", set())
    return bool(rights)


def _get_context(corp: Corp, call: Call) -> dict[str, Any]:
    return {**_said(call, "ok"), "entry": call.entry, "shareTicket": ""}


def _get_external_contact(corp: Corp, call: Call) -> dict[str, Any]:
    member = corp.state.member(call.userid)
    if member is None or not member.customer_contact:
        return _said(call, "fail no permission")
    follow = _open_chat(corp, call)
    if follow is None or call.entry not in CONTACT_ENTRIES:
        return _said(call, NO_CONTEXT)
    rights = corp.grants[call.frame, call.address]
    if "opened" not in rights:  # a page may ask often; it was opened once
        rights["opened"] = set()
        _note(corp, follow, "sidebar_opened", "{member} 打开了 {customer} 的资料")
    return {**_said(call, "ok"), "userId": follow.external_userid}


def _get_external_chat(corp: Corp, call: Call) -> dict[str, Any]:
    return _said(call, "fail without context of external chat")


def _send_message(corp: Corp, call: Call) -> dict[str, Any]:
    follow = _open_chat(corp, call)
    if call.entry not in SENDING_ENTRIES or follow is None:
        return _said(call, NO_CONTEXT)
    kind = str(call.params.get("msgtype"))
    content = call.params.get(kind)
    if not isinstance(content, dict):
        return _said(call, "fail_unsupported_msgtype")
    wrong = wrong_with(corp, kind, content)
    if wrong:
        return _said(call, wrong)
    if follow.relation != "mutual":
        return _said(call, "fail_not a contact")
    people.say(corp, follow, "staff", kind, content, "sidebar")
    _note(corp, follow, "sidebar_message", "{member} 从侧边栏发给 {customer} 一条消息")
    return _said(call, "ok")


def _open_profile(corp: Corp, call: Call) -> dict[str, Any]:
    return _said(call, "ok")


def _check_apis(corp: Corp, call: Call) -> dict[str, Any]:
    names = call.params.get("jsApiList", [])
    return {**_said(call, "ok"), "checkResult": {str(name): name in HANDLERS for name in names}}


def _open_chat(corp: Corp, call: Call) -> Follow | None:
    if call.external_userid is None:
        return None
    follow = corp.state.follow(call.userid, call.external_userid)
    return follow if follow and follow.is_contact() else None


def _note(corp: Corp, follow: Follow, kind: str, words: str) -> None:
    member, customer = corp.state.member(follow.userid), corp.state.customers.get(follow.external_userid)
    text = words.format(member=member.name if member else "", customer=customer.name if customer else "")
    corp.note(kind, text, userid=follow.userid, external_userid=follow.external_userid)


def _said(call: Call, words: str) -> dict[str, Any]:
    return {"err_msg": f"{call.name}:{words}"}


HANDLERS = {
    "getContext": _get_context,
    "getCurExternalContact": _get_external_contact,
    "getCurExternalChat": _get_external_chat,
    "sendChatMessage": _send_message,
    "openUserProfile": _open_profile,
    "checkJsApi": _check_apis,
}
