"""WeChat's own calls under `/sns/`: who opened a page of the official account, who runs the mini-program."""

import base64
import secrets
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import avatars
from sandbox.api.dispatch import Call, api, serve
from sandbox.corp import Corp
from sandbox.credentials import Account
from sandbox.errors import Refused
from sandbox.limits import MINI_SIGN_INS
from sandbox.records import Pass
from sandbox.wechat import Visitor, visitor

blueprint = Blueprint("sns", __name__, url_prefix="/sns")
TOKEN_SECONDS = 7200
REFRESH_SECONDS = 30 * 86400


@blueprint.route("/<path:path>", methods=["GET", "POST"])
def answer(path: str) -> ResponseReturnValue:
    return serve(f"sns/{path}")


@api("sns/oauth2/access_token", needs_token=False)
def access_token(call: Call) -> ResponseReturnValue:
    """The unionid comes with snsapi_userinfo only, `is_snapshotuser` only when it is 1."""
    _authenticate(call, call.corp.credentials.official)
    holder = _use(call.corp, _code(call.corp, "official code", call.query.get("code")))
    who, scope = _visitor(call.corp, "official", holder), holder["scope"]
    kept = {**holder, "openid": who.openid}
    found: dict[str, Any] = {
        "access_token": call.corp.issue("sns token", TOKEN_SECONDS, kept).value,
        "expires_in": TOKEN_SECONDS,
        "refresh_token": call.corp.issue("sns refresh token", REFRESH_SECONDS, kept).value,
        "openid": who.openid,
        "scope": scope,
    }
    if who.is_snapshot:
        found["is_snapshotuser"] = 1
    return jsonify(found if scope == "snsapi_base" else {**found, **_unionid(who)})


@api("sns/userinfo", needs_token=False)
def userinfo(call: Call) -> ResponseReturnValue:
    holder = _holder_of_token(call)
    if call.query.get("openid") != holder["openid"]:
        raise Refused(40003, "invalid openid")
    if holder["scope"] == "snsapi_base":
        raise Refused(48001)
    who = _visitor(call.corp, "official", holder)
    customer = call.corp.state.customers.get(holder["external_userid"])
    own = customer.avatar if customer and not who.is_snapshot else ""
    picture = avatars.address(request.host_url, own, who.openid)
    blank = {"sex": 0, "language": "", "city": "", "province": "", "country": "", "privilege": []}
    return jsonify({"openid": who.openid, "nickname": who.name, "headimgurl": picture, **blank, **_unionid(who)})


@api("sns/jscode2session", needs_token=False)
def jscode2session(call: Call) -> ResponseReturnValue:
    _authenticate(call, call.corp.credentials.mini)
    code = _code(call.corp, "mini code", call.query.get("js_code"))
    who = _visitor(call.corp, "mini", code.holder)
    try:
        call.corp.limits.count(f"mini sign-in of {who.openid}", MINI_SIGN_INS)
    except Refused:
        raise Refused(45011) from None
    if _use(call.corp, code)["risky"]:
        raise Refused(40226)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return jsonify({"openid": who.openid, "session_key": key, **_unionid(who)})


def _authenticate(call: Call, account: Account) -> None:
    if call.query.get("appid") != account.appid:
        raise Refused(40013, "invalid appid")
    if call.query.get("secret") != account.secret:
        raise Refused(40125)
    if call.query.get("grant_type") != "authorization_code":
        raise Refused(40002)


def _code(corp: Corp, kind: str, value: str | None) -> Pass:
    """A code is good for five minutes and once."""
    if not value:
        raise Refused(41008)
    code = corp.state.pass_(kind, value)
    if code is None or corp.clock.now() > code.expires_at:
        raise Refused(40029)
    if code.used_at is not None:
        raise Refused(40163)
    return code


def _use(corp: Corp, code: Pass) -> dict[str, Any]:
    """What the code stands for; it is spent."""
    code.used_at = corp.clock.now()
    corp.state.passes.put(code)
    return code.holder


def _holder_of_token(call: Call) -> dict[str, Any]:
    token: Pass | None = call.corp.state.pass_("sns token", call.query.get("access_token", ""))
    if token is None:
        raise Refused(40001)
    if call.corp.clock.now() >= token.expires_at:
        raise Refused(42001)
    return token.holder


def _visitor(corp: Corp, app: str, holder: dict[str, Any]) -> Visitor:
    customer = corp.state.customers.get(holder["external_userid"])
    if customer is None:
        raise Refused(40029)
    return visitor(corp, app, customer, is_snapshot=holder.get("snapshot", False))


def _unionid(who: Visitor) -> dict[str, str]:
    return {"unionid": who.unionid} if who.unionid else {}
