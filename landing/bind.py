"""绑定订单领福利: a customer names an order of theirs by its full number."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, read_fields
from callers import network_of
from crm import channels, claims, consents, identities, orders, shops
from crm.errors import BadInput, NotFound, TooMany
from crm.identities import Key
from landing.back import not_yet
from landing.door import Visitor, blueprint, count, customer, place, visitor
from landing.ladder import ask_who_it_is
from landing.privacy_text import privacy_text
from models.shop import Shop
from runtime import runtime

TRIES, TRIES_OF_AN_ADDRESS = 5, 100  # a day; phones of one carrier share an address
SOMEBODY_ELSES = ("two_unionids",)  # reasons that are told in the same words as a number nobody has


class BindForm(Form):
    order_no: str = Field(min_length=1, max_length=80)
    shop: str = Field("", pattern=r"^[0-9]{0,18}$")
    agree: str = ""


@blueprint.get("/bind")
@customer
def bind_page() -> ResponseReturnValue:
    """The form, for a visitor in WeChat; 403 with words anywhere else."""
    away = ask_who_it_is()
    if away is not None:
        return away
    who = visitor()
    if who is None or who.key is None:
        count("bind", place() if who is None else "staff")
        return render_template("landing/elsewhere.html", place=place() if who is None else "wecom"), 403
    return _page(who, "ask")


@blueprint.post("/bind")
@customer
def bind() -> ResponseReturnValue:
    """Fields `order_no`, `shop`, `agree`: the page again with what became of it; 429 after five tries a day."""
    who = visitor()
    if who is None or who.key is None or not _is_counted(who):
        return not_yet("spent", "/bind", 400)
    try:
        form = read_fields(BindForm)
        if form.agree != "yes":
            raise BadInput("请先看过隐私说明，再勾上同意")
        outcome = _try(who, who.key, form)
    except (BadInput, NotFound) as refusal:
        count("bind", refusal.code)
        return _page(who, "ask", refusal.key, status=422)
    count("bind", outcome)
    return _page(who, outcome)


def _try(who: Visitor, key: Key, form: BindForm) -> str:
    """One try, used up whatever becomes of it; then the claim."""
    order_no = "".join(form.order_no.split())
    has_try = runtime().in_transaction(lambda session: _take_try(session, who, key))
    if not has_try:
        count("bind", "too_many")
        raise TooMany("今天试的次数用完了。明天再来，或者在微信里把订单号发给客服")
    now = runtime().now()
    with runtime().reading() as session:
        shop = _shop(session, form.shop)
        is_known = shop is not None and orders.is_known(session, shop, order_no)
    if shop is None or not is_known:
        raise _not_found()
    against = runtime().in_transaction(
        lambda session: claims.bind(session, key, shop, order_no, "customer_claim", by="customer", now=now)
    )
    if against in SOMEBODY_ELSES:
        raise _not_found()
    return "waits" if against else "bound"


def _is_counted(who: Visitor) -> bool:
    """Whether WeCom said who it is, lately: by the official account's names the same person would have more tries."""
    return bool(who.openid or who.external_userid) or not runtime().settings.wecom.corp_id


def _take_try(session: Session, who: Visitor, key: Key) -> bool:
    """Counted by the openid where there is one: it is the same before and after the add. The consent is on record."""
    now = runtime().now()
    counted = Key("wecom_openid", "", who.openid) if who.openid else key
    known = identities.ensure_many(session, [key, counted], now=now)
    consents.give(session, known[key], "privacy", version=privacy_text().version, source="bind page", now=now)
    on_day = now.astimezone(runtime().zone).date()
    address = "address:" + runtime().vault.digest(f"address:{network_of(request.remote_addr)}")
    mine = claims.take_try(session, f"identity:{known[counted].id}", on_day=on_day, most=TRIES)
    return mine and claims.take_try(session, address, on_day=on_day, most=TRIES_OF_AN_ADDRESS)


def _shop(session: Session, number: str) -> Shop | None:
    if number:
        return session.get(Shop, int(number))
    known = shops.every(session)
    return known[0] if len(known) == 1 else None


def _not_found() -> NotFound:
    return NotFound("还没查到这个订单号。核对一下，或者过一会儿再试")


def _page(who: Visitor, outcome: str, problem: str = "", *, status: int = 200) -> ResponseReturnValue:
    with runtime().reading() as session:
        known = shops.every(session)
        qr_code = channels.qr_code(session, runtime().settings.landing.contact_way_state)
    page = render_template(
        "landing/bind.html",
        outcome=outcome,
        problem=problem,
        shops=known,
        tries=TRIES,
        order_no=request.form.get("order_no", "")[:80],
        chosen=request.form.get("shop", ""),
        is_contact=bool(who.external_userid),
        qr_code=qr_code,
    )
    return page, status
