"""Back from WeCom's sign-in: who it was, then on to the page they opened."""

from dataclasses import replace

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from callers import signs_in_again
from crm import identity_links
from crm.identities import Key
from crm.identity_links import Fact
from landing.door import SETTLED, Visitor, blueprint, count, customer, remember, visitor
from landing.ladder import came_back, to_wecom
from runtime import runtime
from wecom.errors import CodeSpent, Temporary, WeComError
from wecom.types import Member


@blueprint.get("/landing/back")
@customer
def back() -> ResponseReturnValue:
    """With `code` and `state`: 302 to the page that was opened, or a page that says why not.

    A code spent on a call without an answer is good no more: WeCom's sign-in is begun anew, twice by itself.
    """
    code, target = came_back()
    if target is None:
        return not_yet("spent", None, 400)
    try:
        who = runtime().wecom.staff_by_code(code)
    except CodeSpent:
        return not_yet("spent", target, 400)
    except WeComError as problem:
        runtime().wake("tokens")
        if isinstance(problem, Temporary) and signs_in_again():
            count("sign-in", "again")
            return to_wecom(target)
        return not_yet("slow", target, 503)
    session.pop("sign_ins", None)
    session["landed"] = True
    if isinstance(who, Member):
        remember(Visitor())  # staff looking at it in their own WeChat: nobody's visit
    else:
        before = visitor(within_seconds=SETTLED)
        found = Visitor(openid=who.openid, external_userid=who.external_userid)
        is_same = before is not None and before.openid == who.openid
        if before is not None and is_same:
            found = replace(found, official_openid=before.official_openid, unionid=before.unionid)
        remember(found)
        _state(found, is_same=is_same)
    return redirect(target)


def _state(found: Visitor, *, is_same: bool) -> None:
    """What the sign-ins told together; what somebody did before they were a contact is theirs from now on.

    The official account's ids count when WeCom named one openid before and after its sign-in: between two sign-ins
    a phone may change hands.
    """
    now, settings = runtime().now(), runtime().settings
    facts = []
    if found.external_userid and found.openid:
        pair = Key("external_userid", "", found.external_userid), Key("wecom_openid", "", found.openid)
        facts.append(Fact(*pair, "wecom_oauth", now, "landing", "wecom"))
    if is_same and found.key and found.official_openid:
        app_id = settings.official_account.app_id
        told = Key("unionid", "", found.unionid) if found.unionid else Key("openid", app_id, found.official_openid)
        facts.append(Fact(found.key, told, "official_account", now, "landing", "wechat"))
    if facts:
        runtime().in_transaction(lambda session: identity_links.state(session, facts, now=now))


def not_yet(why: str, target: str | None, status: int) -> ResponseReturnValue:
    count("sign-in", why)
    return render_template("landing/not_yet.html", why=why, target=target, home=url_for("landing.privacy")), status
