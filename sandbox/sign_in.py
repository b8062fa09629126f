"""The authorize page of WeCom's and the official account's OAuth: who this client is goes back as a code."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.callbacks import LOOPBACK
from sandbox.control.client import MEMBER_COOKIE
from sandbox.control.wechat import CODE_SECONDS, CUSTOMER_COOKIE, SNAPSHOT_COOKIE
from sandbox.corp import Corp, corp
from sandbox.records import Customer

blueprint = Blueprint("sign_in", __name__)
SCOPES = ("snsapi_base", "snsapi_privateinfo", "snsapi_userinfo")
OFFICIAL_SCOPES = ("snsapi_base", "snsapi_userinfo")
STAFF_PAGES = ("sidebar_url", "start_url", "console_url")
ASKED_AMONG = 30


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> ResponseReturnValue:
    """`sandbox_userid` or `sandbox_external_userid` in the query says who is there; else the cookie; else one asks."""
    mine, query = corp(), request.args
    is_official = query.get("appid") == mine.credentials.official.appid
    wrong = _wrong_with(mine, is_official)
    if wrong:
        return Response(wrong + "\n", 400, mimetype="text/plain")
    with mine.state.writing():
        by_customer = is_official or _is_opened_by_customer(mine)
        holder = _official_visitor(mine) if is_official else _who_is_there(mine, by_customer)
        if holder is None:
            return _who_are_you(mine, by_customer)
        kind = "official code" if is_official else "login"
        code = mine.issue(kind, CODE_SECONDS, {**holder, "scope": query.get("scope", "")})
    return redirect(_with_query(query["redirect_uri"], code=code.value, state=query.get("state", "")))


def _who_is_there(mine: Corp, by_customer: bool) -> dict[str, str] | None:
    if by_customer:
        customer = _customer(mine)
        return {"openid": customer.openid, "external_userid": customer.external_userid} if customer else None
    member = mine.state.member(request.args.get("sandbox_userid") or request.cookies.get(MEMBER_COOKIE, ""))
    return {"userid": member.userid} if member else None


def _official_visitor(mine: Corp) -> dict[str, Any] | None:
    customer = _customer(mine)
    is_snapshot = "1" in (request.args.get("sandbox_snapshot"), request.cookies.get(SNAPSHOT_COOKIE))
    return {"external_userid": customer.external_userid, "snapshot": is_snapshot} if customer else None


def _customer(mine: Corp) -> Customer | None:
    named = request.args.get("sandbox_external_userid") or request.cookies.get(CUSTOMER_COOKIE, "")
    found = mine.state.customers.get(named)
    return found if found and found.type == 1 else None


def _is_opened_by_customer(mine: Corp) -> bool:
    """One browser can be a member's WeCom and a customer's WeChat: what it calls itself tells, else what it opens."""
    if "sandbox_userid" in request.args or "sandbox_external_userid" in request.args:
        return "sandbox_userid" not in request.args
    agent = request.user_agent.string.lower()
    if "micromessenger" in agent:
        return "wxwork" not in agent
    return CUSTOMER_COOKIE in request.cookies and not _is_staff_page(mine, request.args["redirect_uri"])


def _is_staff_page(mine: Corp, address: str) -> bool:
    """Beside a page of the registered client, such as all under `/sidebar`."""
    pages = [_client(mine)[name] for name in STAFF_PAGES if _client(mine).get(name)]
    return _place(address) in [_place(page) for page in pages]


def _place(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.netloc, parts.path.strip("/").split("/")[0]


def _wrong_with(mine: Corp, is_official: bool) -> str | None:
    query, scope = request.args, request.args.get("scope")
    if not is_official and query.get("appid") != mine.credentials.corp_id:
        return "40013 invalid corpid"
    if query.get("response_type") != "code" or scope not in (OFFICIAL_SCOPES if is_official else SCOPES):
        return "invalid response_type or scope"
    if not is_official and scope != "snsapi_base" and query.get("agentid") != str(mine.credentials.agent_id):
        return "invalid agentid"
    if len(query.get("state", "").encode()) > 128:
        return "state is longer than 128 bytes"
    if not _is_trusted(mine, query.get("redirect_uri", "")):
        return "10003 redirect_uri domain does not match" if is_official else "50001 redirect_uri unauthorized"
    return None


def _is_trusted(mine: Corp, redirect_uri: str) -> bool:
    """The registered client's own host; before one is registered, any on loopback."""
    try:
        target = urlsplit(redirect_uri)
    except ValueError:
        return False
    known = {urlsplit(_client(mine)[name]).netloc for name in STAFF_PAGES if _client(mine).get(name)}
    if target.scheme not in ("http", "https"):
        return False
    return target.netloc in known if known else target.hostname in LOOPBACK


def _client(mine: Corp) -> dict[str, Any]:
    found: dict[str, Any] = mine.state.setting("client", {})
    return found


def _who_are_you(mine: Corp, by_customer: bool) -> ResponseReturnValue:
    """Members to choose from, or the customers who came last."""
    if not by_customer:
        return render_template("who.html", staff=list(mine.state.members), next=request.full_path)
    customers = [customer for customer in mine.state.customers if customer.type == 1][-ASKED_AMONG:]
    return render_template("who.html", customers=customers[::-1], next=request.full_path)


def _with_query(address: str, **more: str) -> str:
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query, fragment=parts.fragment))
