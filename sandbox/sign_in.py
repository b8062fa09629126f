"""The authorize page of WeCom's OAuth: who this client is goes back to the app as a code."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.callbacks import LOOPBACK
from sandbox.control.client import MEMBER_COOKIE
from sandbox.corp import Corp, corp

blueprint = Blueprint("sign_in", __name__)
CODE_LIFETIME_SECONDS = 300.0
SCOPES = ("snsapi_base", "snsapi_privateinfo", "snsapi_userinfo")


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> ResponseReturnValue:
    """`sandbox_userid` or `sandbox_external_userid` in the query says who is there; else the cookie; else one asks."""
    mine, query = corp(), request.args
    wrong = _wrong_with(mine)
    if wrong:
        return Response(wrong + "\n", 400, mimetype="text/plain")
    with mine.state.writing():
        holder = _who_is_there(mine)
        if holder is None:
            return _who_are_you(mine)
        code = mine.issue("login", CODE_LIFETIME_SECONDS, {**holder, "scope": query.get("scope", "")})
    return redirect(_with_query(query["redirect_uri"], code=code.value, state=query.get("state", "")))


def _who_is_there(mine: Corp) -> dict[str, str] | None:
    visitor = request.args.get("sandbox_external_userid")
    if visitor:
        customer = mine.state.customers.get(visitor)
        return {"openid": customer.openid, "external_userid": visitor} if customer else None
    member = mine.state.member(request.args.get("sandbox_userid") or request.cookies.get(MEMBER_COOKIE, ""))
    return {"userid": member.userid} if member else None


def _wrong_with(mine: Corp) -> str | None:
    query = request.args
    if query.get("appid") != mine.credentials.corp_id:
        return "40013 invalid corpid"
    if query.get("response_type") != "code" or query.get("scope") not in SCOPES:
        return "invalid response_type or scope"
    if query.get("scope") != "snsapi_base" and query.get("agentid") != str(mine.credentials.agent_id):
        return "invalid agentid"
    if len(query.get("state", "").encode()) > 128:
        return "state is longer than 128 bytes"
    if not _is_trusted(mine, query.get("redirect_uri", "")):
        return "50001 redirect_uri unauthorized"
    return None


def _is_trusted(mine: Corp, redirect_uri: str) -> bool:
    """The registered client's own host; before one is registered, any on loopback."""
    target = urlsplit(redirect_uri)
    client = mine.state.setting("client", {})
    known = {urlsplit(client[name]).netloc for name in ("sidebar_url", "start_url", "console_url") if client.get(name)}
    if target.scheme not in ("http", "https"):
        return False
    return target.netloc in known if known else target.hostname in LOOPBACK


def _who_are_you(mine: Corp) -> ResponseReturnValue:
    return render_template("who.html", staff=list(mine.state.members), next=request.full_path)


def _with_query(address: str, **more: str) -> str:
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query, fragment=parts.fragment))
