"""A customer's coupon: who gave it, how much, until when, one button; its code once it is theirs."""

from dataclasses import dataclass
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, ValidationError, validate_csrf
from sqlalchemy.orm import Session

from crm import audits, channels, coupon_links, coupons, events, identities, products
from crm.coupon_links import Linked
from crm.errors import Conflict, NotFound
from landing.back import not_yet
from landing.barcodes import bars
from landing.door import Visitor, blueprint, count, customer, place, visitor
from landing.ladder import ask_who_it_is
from models.coupon import Coupon
from models.customer import Identity
from runtime import runtime

OPEN = ("issued", "opened")
MOST_PRODUCTS = 3


@dataclass(frozen=True)
class Shown:
    """What a visitor sees of a link, and the copy that is theirs, if there is one.

    `standing`: elsewhere, staff, stranger, not_yours, offered (a batch's, not claimed yet), closed, or how far the
    copy came.
    """

    found: Linked
    standing: str
    coupon: Coupon | None = None


@blueprint.get("/c/<token>")
@customer
def coupon(token: str) -> ResponseReturnValue:
    """The page; nothing changes by looking at it. 404 with words for a link we did not make."""
    with runtime().reading() as session:
        _linked(session, token)
    away = ask_who_it_is()
    if away is not None:
        return away
    return _page(token)


@blueprint.post("/c/<token>/opened")
@customer
def coupon_opened(token: str) -> ResponseReturnValue:
    """The page says that it shows; counted for the customer it is for, and nobody else. 204 whatever it was."""
    _refuse_forged()
    shown = _shown(token)
    if shown.coupon is not None and shown.standing == "issued":
        coupon_id, now = shown.coupon.id, runtime().now()
        runtime().in_transaction(lambda session: coupon_links.mark_opened(session, coupon_id, now=now))
        count("coupon", "opened")
    return "", 204


@blueprint.post("/c/<token>")
@customer
def claim_coupon(token: str) -> ResponseReturnValue:
    """Claim it: 303 to the page, which shows the code from now on; 409 with words when it is too late."""
    _refuse_forged()
    shown, who = _shown(token), visitor()
    if shown.standing == "elsewhere" and place() == "wechat":
        return not_yet("spent", url_for("landing.coupon", token=token), 400)
    try:
        if shown.coupon is not None and shown.standing in OPEN:
            _claim(shown.coupon)
        elif shown.standing == "offered" and who is not None and who.key is not None:
            _claim_of_batch(shown.found, who)
    except Conflict as refusal:
        count("coupon", refusal.code)
        return _page(token, refusal=refusal.key % refusal.values), refusal.status
    return redirect(url_for("landing.coupon", token=token), 303)


def _claim(theirs: Coupon) -> None:
    now = runtime().now()

    def work(session: Session) -> None:
        if coupon_links.claim(session, theirs.id, now=now):
            _note(session, theirs)

    runtime().in_transaction(work)
    count("coupon", "claimed")


def _claim_of_batch(found: Linked, who: Visitor) -> None:
    now, zone, new_code, key = runtime().now(), runtime().zone, runtime().new_code, who.key
    assert key is not None

    def work(session: Session) -> None:
        identity = identities.ensure_many(session, [key], now=now)[key]
        claimed = coupon_links.claim_of_batch(session, found.link, identity, now=now, zone=zone, new_code=new_code)
        _note(session, claimed)

    runtime().in_transaction(work)
    count("coupon", "claimed")


def _note(session: Session, claimed: Coupon) -> None:
    audits.note(
        session, actor="customer", action="coupon.claim", subject=f"customer:{claimed.customer_id}",
        now=runtime().now(), coupon=claimed.id, batch=claimed.batch_id,
    )  # fmt: skip


def _refuse_forged() -> None:
    """The page's own token; the program's usual check wants a referrer, and these pages send none."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError as problem:
        raise CSRFError from problem


def _linked(session: Session, token: str) -> Linked:
    found = coupon_links.linked(session, runtime().vault.digest(token))
    if found is None:
        count("coupon", "unknown")
        raise NotFound("这个链接不完整，或者已经没用了。请再点一次聊天里的那条")
    return found


def _shown(token: str) -> Shown:
    who = visitor()
    with runtime().reading() as session:
        found = _linked(session, token)
        if who is None and (place() != "wechat" or runtime().settings.wecom.corp_id):
            return Shown(found, "staff" if place() == "wecom" else "elsewhere")
        if who is not None and who.key is None:
            return Shown(found, "staff")
        return _theirs(session, found, who)


def _theirs(session: Session, found: Linked, who: Visitor | None) -> Shown:
    """Whether it is this visitor's. Where nobody can be asked who they are, whoever has the link has the coupon."""
    now, customer_id = runtime().now(), None
    if who is not None and who.key is not None:
        known = events.known(session, [who.key])
        customer_id = session.get_one(Identity, known[who.key]).customer_id if who.key in known else None
    mine = found.coupon
    if mine is not None:
        if who is not None and customer_id != mine.customer_id:
            return Shown(found, "not_yours")
        return Shown(found, coupons.state(mine, now=now), mine)
    if customer_id is not None:
        mine = coupon_links.claimed_through(session, found.link, customer_id)
    if mine is not None:
        return Shown(found, coupons.state(mine, now=now), mine)
    if who is None or not who.external_userid:
        return Shown(found, "stranger")
    batch = found.batch
    is_over = batch.closed_at is not None or (batch.valid_until is not None and batch.valid_until <= now)
    if is_over or batch.issued >= batch.total:
        return Shown(found, "closed" if is_over else "sold_out")
    return Shown(found, "offered")


def _page(token: str, *, refusal: str = "") -> str:
    shown, now = _shown(token), runtime().now()
    batch, mine = shown.found.batch, shown.coupon
    count("coupon", shown.standing)
    with runtime().reading() as session:
        named = products.named(session, batch.skus, batch.categories, limit=MOST_PRODUCTS)
        qr_code = channels.qr_code(session, runtime().settings.landing.contact_way_state)
    code = mine.code if mine is not None and mine.claimed_at is not None and batch.tells_use else ""
    ends = mine.expires_at if mine is not None else coupons.lasts_until(batch, now, runtime().zone)
    return render_template(
        "landing/coupon.html",
        token=token,
        shown=shown,
        batch=batch,
        coupon=mine,
        staff=shown.found.staff,
        code=code,
        bars=bars(code) if code else None,
        last=ends - timedelta(minutes=1),
        now=now,
        left=max(0, int((ends - now).total_seconds()) // 3600),
        products=named,
        qr_code=qr_code,
        refusal=refusal,
        official="",  # a token is no part of another address
    )
