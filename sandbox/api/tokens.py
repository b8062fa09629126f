"""Access tokens, JS tickets, and the addresses that calls and callbacks come from."""

from typing import Any

from sandbox.api.dispatch import Call, api
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.limits import WRONG_SECRETS
from sandbox.records import Pass

LIFETIME_SECONDS = 7200
RENEWED_AHEAD_SECONDS = 300  # in its last minutes a new one is handed out, and the old one goes on to its end


@api("gettoken", needs_token=False)
def gettoken(call: Call) -> dict[str, Any]:
    corp, blocked = call.corp, f"wrong secret from {call.caller}"
    corp.limits.refuse_blocked(blocked)
    secret, corp_id = call.query.get("corpsecret"), call.query.get("corpid")
    if not secret:
        raise Refused(41004)
    if not corp_id:
        raise Refused(41002)
    if corp_id != corp.credentials.corp_id:
        raise Refused(40013)
    app = corp.credentials.app_of(secret)
    if app is None:
        corp.limits.count(blocked, WRONG_SECRETS)
        raise Refused(40001)
    token = current(corp, "token", {"app": app})
    return {"access_token": token.value, "expires_in": int(token.expires_at - corp.clock.now())}


@api("get_jsapi_ticket")
def get_jsapi_ticket(call: Call) -> dict[str, Any]:
    return _ticket(call.corp, "corp ticket")


@api("ticket/get")
def ticket_get(call: Call) -> dict[str, Any]:
    if call.query.get("type") != "agent_config":
        raise Refused(91040)
    return _ticket(call.corp, "agent ticket")


@api("get_api_domain_ip", apps=("agent", "contacts"), empty={"ip_list": []})
def get_api_domain_ip(call: Call) -> dict[str, Any]:
    return {"ip_list": ["127.0.0.1"]}


@api("getcallbackip", apps=("agent", "contacts"), empty={"ip_list": []})
def getcallbackip(call: Call) -> dict[str, Any]:
    return {"ip_list": ["127.0.0.1"]}


def current(corp: Corp, kind: str, holder: dict[str, Any]) -> Pass:
    """The token or ticket in force; a repeated call gets the same one."""
    ends_after = corp.clock.now() + RENEWED_AHEAD_SECONDS
    for known in corp.state.passes:
        if known.kind == kind and known.holder == holder and not known.withdrawn and known.expires_at > ends_after:
            return known
    return corp.issue(kind, LIFETIME_SECONDS, holder)


def _ticket(corp: Corp, kind: str) -> dict[str, Any]:
    ticket = current(corp, kind, {})
    return {"ticket": ticket.value, "expires_in": int(ticket.expires_at - corp.clock.now())}
