"""Who is behind a sign-in code: members, and customers who opened a page in WeChat."""

from typing import Any

from flask import request

from sandbox import avatars
from sandbox.api.dispatch import Call, api
from sandbox.corp import Corp
from sandbox.errors import Refused

USER_TICKET_SECONDS = 1800


@api("auth/getuserinfo")
def auth_getuserinfo(call: Call) -> dict[str, Any]:
    return _who(call, member_key="userid", visitor_key="openid")


@api("user/getuserinfo")
def user_getuserinfo(call: Call) -> dict[str, Any]:
    """The older form: other spellings and a device."""
    found = _who(call, member_key="UserId", visitor_key="OpenId")
    return {**found, "DeviceId": ""}


@api("auth/getuserdetail", "POST")
def getuserdetail(call: Call) -> dict[str, Any]:
    corp = call.corp
    ticket = corp.state.pass_("user ticket", call.text("user_ticket", missing=84015))
    if ticket is None:
        raise Refused(84015)
    if corp.clock.now() > ticket.expires_at:
        raise Refused(84014)
    member = corp.state.member(ticket.holder["userid"])
    if member is None:
        raise Refused(60111)
    empty = dict.fromkeys(("qr_code", "mobile", "email", "biz_mail", "address"), "")
    avatar = avatars.address(request.host_url, member.avatar, member.userid)
    return {"userid": member.userid, "gender": str(member.gender), "avatar": avatar, **empty}


def _who(call: Call, *, member_key: str, visitor_key: str) -> dict[str, Any]:
    holder = _take_code(call.corp, call.query.get("code", ""))
    if "userid" not in holder:
        return {visitor_key: holder["openid"], **_external(call.corp, holder)}
    found: dict[str, Any] = {member_key: holder["userid"]}
    if holder["scope"] == "snsapi_privateinfo":
        ticket = call.corp.issue("user ticket", USER_TICKET_SECONDS, {"userid": holder["userid"]})
        found.update(user_ticket=ticket.value, expires_in=USER_TICKET_SECONDS)
    return found


def _take_code(corp: Corp, value: str) -> dict[str, Any]:
    """What a code stands for; it is good for five minutes and once."""
    if not value:
        raise Refused(41008)
    code = corp.state.pass_("login", value)
    if code is None:
        raise Refused(40029)
    if code.used_at is not None:
        raise Refused(42022)
    if corp.clock.now() > code.expires_at:
        raise Refused(42003)
    code.used_at = corp.clock.now()
    corp.state.passes.put(code)
    return code.holder


def _external(corp: Corp, holder: dict[str, Any]) -> dict[str, Any]:
    """A visitor's external_userid shows only when somebody here has them as a customer."""
    follows = corp.state.follows.of_customer(holder["external_userid"])
    is_customer = any(follow.is_contact() for follow in follows)
    return {"external_userid": holder["external_userid"]} if is_customer else {}
