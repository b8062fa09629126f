"""The native side of the browser SDK: checks signatures with the tickets it issued, and answers for one chat.

Rights are given to one page load (`frame`) at one address; a page that moves on has to ask again.
"""

from typing import Any
from urllib.parse import urlsplit

from sandbox import bridge_chats, bridge_contacts, bridge_groups, crypto
from sandbox.bridge_calls import NO_PERMISSION, Call, said
from sandbox.corp import Corp

APP_IDENTITY = ("getCurExternalContact", "getCurExternalChat", "sendChatMessage", "shareToExternalChat")


def answer(corp: Corp, call: Call) -> dict[str, Any]:
    fault = corp.faults.take_bridge(call.name)
    if fault and not fault.spec.get("after_effect") and "seconds" not in fault.spec:
        return _bent(fault.spec)
    result = _answer(corp, call)
    if fault and "seconds" in fault.spec:
        return {**result, "answer_after_seconds": fault.spec["seconds"]}
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
        return said(call, "fail_function not exist")
    if not _may(corp, call, call.name):
        return said(call, NO_PERMISSION)
    return handler(corp, call)


def _configure_agent(corp: Corp, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("corpid") != corp.credentials.corp_id:
        return said(call, "fail_invalid corpid")
    if str(params.get("agentid")) != str(corp.credentials.agent_id):
        return said(call, "fail_invalid agentid")
    signed = (params.get("nonceStr"), params.get("timestamp"), params.get("signature"))
    return _grant(corp, call, "agent", signed, params.get("jsApiList"))


def _configure_corp(corp: Corp, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("appId", params.get("verifyAppId")) != corp.credentials.corp_id:
        return said(call, "fail_invalid appid")
    signed = (params.get("verifyNonceStr"), params.get("verifyTimestamp"), params.get("verifySignature"))
    return _grant(corp, call, "corp", signed, params.get("verifyJsApiList"))


def _grant(corp: Corp, call: Call, identity: str, signed: tuple[Any, Any, Any], names: Any) -> dict[str, Any]:
    if not _is_trusted(corp, call.href):
        return said(call, "fail_domain of url is not trusted, 50001")
    if not _is_signed(corp, identity, call.address, *signed):
        return said(call, "fail_invalid signature, 40093")
    rights = corp.grants.setdefault((call.frame, call.address), {})
    rights[identity] = {str(name) for name in names} if isinstance(names, list) else set()
    return said(call, "ok")


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


def _may(corp: Corp, call: Call, name: str) -> bool:
    """Of the chat only who named it in the `jsApiList` of `agentConfig`; the rest goes with either config."""
    rights = corp.grants.get((call.frame, call.address), {})
    if name in APP_IDENTITY:
        return name in rights.get("agent", set())
    return bool(rights)


def _get_context(corp: Corp, call: Call) -> dict[str, Any]:
    return {**said(call, "ok"), "entry": call.entry, "shareTicket": ""}


def _send_message(corp: Corp, call: Call) -> dict[str, Any]:
    return bridge_groups.send(corp, call) if call.entry in bridge_groups.ENTRIES else bridge_contacts.send(corp, call)


def _check_apis(corp: Corp, call: Call) -> dict[str, Any]:
    """Of each whether this client has it and this page may call it."""
    names = [str(name) for name in call.params.get("jsApiList", [])]
    return {**said(call, "ok"), "checkResult": {name: name in HANDLERS and _may(corp, call, name) for name in names}}


HANDLERS = {
    "getContext": _get_context,
    "getCurExternalContact": bridge_contacts.current,
    "getCurExternalChat": bridge_groups.current,
    "sendChatMessage": _send_message,
    "openUserProfile": bridge_contacts.open_profile,
    "openEnterpriseChat": bridge_chats.open_chat,
    "shareToExternalChat": bridge_groups.share,
    "checkJsApi": _check_apis,
}
