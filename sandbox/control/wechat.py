"""A customer's WeChat: which customer this browser is, links they open, codes of the mini-program."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from sandbox import wechat
from sandbox.callbacks import LOOPBACK
from sandbox.control.lookups import find_customer
from sandbox.control.reading import read_form
from sandbox.control.wechat_forms import MiniCodeForm, VisitorForm, WeChatRulesForm
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import Customer

blueprint = Blueprint("wechat", __name__)
CUSTOMER_COOKIE = "sandbox_customer"
SNAPSHOT_COOKIE = "sandbox_snapshot"
CODE_SECONDS = 300.0


@blueprint.post("/client/customer")
def choose() -> ResponseReturnValue:
    """This browser's WeChat is now that customer's, or nobody's with null; `snapshot`: its pages are snapshots."""
    form = read_form(VisitorForm)
    if form.external_userid is None:
        return _remember(jsonify(external_userid=None), None, False)
    with corp().state.lock:
        customer = _wechat_user(corp(), form.external_userid)
        found = _ids(corp(), customer)
    return _remember(jsonify(**found, snapshot=form.snapshot), customer, form.snapshot)


@blueprint.get("/client/customer")
def chosen() -> ResponseReturnValue:
    external_userid = request.cookies.get(CUSTOMER_COOKIE, "")
    with corp().state.lock:
        customer = corp().state.customers.get(external_userid)
        if customer is None:
            return {"external_userid": None}
        return {**_ids(corp(), customer), "snapshot": SNAPSHOT_COOKIE in request.cookies}


@blueprint.get("/client/open")
def open_link() -> ResponseReturnValue:
    """A tap on a link in WeChat: this browser is that customer from now on, and goes to the address on loopback."""
    address = request.args.get("url", "")
    if not _is_on_loopback(address):
        raise Impossible("not_loopback", "only an http address of this machine opens here", 400)
    with corp().state.lock:
        customer = _wechat_user(corp(), request.args.get("external_userid", ""))
    return _remember(redirect(address), customer, request.args.get("snapshot") == "1")


@blueprint.post("/mini-codes")
def mini_code() -> ResponseReturnValue:
    """What `wx.login()` answers on the customer's phone; `risky`: WeChat will block it with 40226."""
    form, mine = read_form(MiniCodeForm), corp()
    with mine.state.writing():
        customer = _wechat_user(mine, form.external_userid)
        holder = {"external_userid": customer.external_userid, "risky": form.risky}
        return {"js_code": mine.issue("mini code", CODE_SECONDS, holder).value}, 201


@blueprint.get("/wechat-rules")
def rules() -> ResponseReturnValue:
    return wechat.rules(corp())


@blueprint.put("/wechat-rules")
def set_rules() -> ResponseReturnValue:
    form, mine = read_form(WeChatRulesForm), corp()
    with mine.state.writing():
        mine.state.set("wechat rules", {**wechat.rules(mine), **form.model_dump(exclude_none=True)})
    return wechat.rules(mine)


def _is_on_loopback(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _wechat_user(mine: Corp, external_userid: str) -> Customer:
    customer = find_customer(mine, external_userid)
    if customer.type != 1:
        raise Impossible("not_in_wechat", f"{external_userid} uses WeCom, not WeChat")
    return customer


def _ids(mine: Corp, customer: Customer) -> dict[str, Any]:
    """Every id this WeChat user goes by; `openid` is the corp's."""
    official, mini = (wechat.visitor(mine, app, customer).openid for app in ("official", "mini"))
    names = ("external_userid", "name", "openid", "unionid")
    return {**{name: getattr(customer, name) for name in names}, "official_openid": official, "mini_openid": mini}


def _remember(response: Response, customer: Customer | None, snapshot: bool) -> Response:
    values = {CUSTOMER_COOKIE: customer.external_userid if customer else "", SNAPSHOT_COOKIE: "1" if snapshot else ""}
    for name, value in values.items():
        if value:
            response.set_cookie(name, value, httponly=True, samesite="Lax")
        else:
            response.delete_cookie(name)
    return response
