"""Back from WeCom's sign-in: who it was, then on to the page they opened."""

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from crm import identity_links
from crm.identities import Key
from crm.identity_links import Fact
from landing.door import Visitor, blueprint, count, customer, remember
from landing.ladder import came_back
from runtime import runtime
from wecom.errors import CodeSpent, WeComError
from wecom.types import Member


@blueprint.get("/landing/back")
@customer
def back() -> ResponseReturnValue:
    """With `code` and `state`: 302 to the page that was opened, or a page that says why not."""
    code, target = came_back()
    if target is None:
        return not_yet("spent", None, 400)
    try:
        who = runtime().wecom.staff_by_code(code)
    except CodeSpent:
        return not_yet("spent", target, 400)
    except WeComError:
        runtime().wake("tokens")
        return not_yet("slow", target, 503)
    session["landed"] = True
    if isinstance(who, Member):
        remember(Visitor())  # staff looking at it in their own WeChat: nobody's visit
    else:
        remember(Visitor(openid=who.openid, external_userid=who.external_userid))
        if who.openid and who.external_userid:
            _are_one(who.external_userid, who.openid)
    return redirect(target)


def _are_one(external_userid: str, openid: str) -> None:
    """WeCom itself says so; what somebody did before they were a contact is theirs from now on."""
    now = runtime().now()
    contact, before = Key("external_userid", "", external_userid), Key("wecom_openid", "", openid)
    fact = Fact(contact, before, "wecom_oauth", now, "landing", "wecom")
    runtime().in_transaction(lambda session: identity_links.state(session, [fact], now=now))


def not_yet(why: str, target: str | None, status: int) -> ResponseReturnValue:
    count("sign-in", why)
    return render_template("landing/not_yet.html", why=why, target=target, home=url_for("landing.privacy")), status
