"""After a tap: the official account's sign-in, which tells the unionid of somebody who agrees."""

from dataclasses import replace
from urllib.parse import urlsplit

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from crm import identity_links
from crm.errors import BadInput, NotFound
from crm.identities import Key
from crm.identity_links import Fact
from landing.back import not_yet
from landing.door import SETTLED, Visitor, blueprint, count, customer, place, remember, visitor
from landing.ladder import came_back, new_state
from runtime import runtime
from wecom.errors import CodeSpent, WeComError
from wecom.oauth import authorize_url


@blueprint.get("/landing/official")
@customer
def to_official() -> ResponseReturnValue:
    """`?to=<path of ours>`: away to the account's authorize page; 404 without an account, or outside of WeChat."""
    target, settings = request.args.get("to", ""), runtime().settings
    if runtime().official_account is None or place() != "wechat":
        raise NotFound("没有这个页面")
    if not _is_ours(target):
        raise BadInput("to: 应为这里的页面")
    return redirect(
        authorize_url(
            settings.official_account.authorize_url,
            app_id=settings.official_account.app_id,
            redirect_uri=f"{settings.landing_url}{url_for('landing.official_back')}",
            state=new_state(target),
            scope="snsapi_userinfo",
        )
    )


@blueprint.get("/landing/official-back")
@customer
def official_back() -> ResponseReturnValue:
    """With `code` and `state`: 302 to the page; a snapshot visit is asked for one more tap and is nobody until then."""
    account = runtime().official_account
    code, target = came_back()
    if target is None or account is None:
        return not_yet("spent", None, 400)
    try:
        who = account.visitor_by_code(code)
    except CodeSpent:
        return not_yet("spent", target, 400)
    except WeComError:
        return not_yet("slow", target, 503)
    if who.is_snapshot:
        count("sign-in", "snapshot")
        return render_template("landing/snapshot.html", target=target)
    before = visitor(within_seconds=SETTLED) or Visitor()
    remember(replace(before, official_openid=who.openid, unionid=who.unionid))
    if who.unionid:
        _are_one(who.openid, who.unionid)
    session["ask"] = True  # WeCom once more: the same answer before and after makes both accounts one person's
    return redirect(target)


def _are_one(openid: str, unionid: str) -> None:
    now, app_id = runtime().now(), runtime().settings.official_account.app_id
    pair = Key("openid", app_id, openid), Key("unionid", "", unionid)
    fact = Fact(*pair, "official_account", now, "landing", "wechat")
    runtime().in_transaction(lambda session: identity_links.state(session, [fact], now=now))


def _is_ours(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return is_path and not parts.netloc and (parts.path in ("/p", "/bind", "/privacy") or parts.path.startswith("/g/"))


@blueprint.context_processor
def tap() -> dict[str, object]:
    """Where a tap on 用微信登录 leads, on the pages that offer it; in WeChat, until the account was asked."""
    who = visitor()
    offered = runtime().official_account is not None and place() == "wechat" and not (who and who.official_openid)
    to = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return {"official": url_for("landing.to_official", to=to) if offered else ""}
