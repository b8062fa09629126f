"""Coupons in the open chat: offered, given, sent by the page's own hand, taken back."""

from typing import Any

from flask import g, make_response, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, read_form
from crm import (
    audits,
    coupon_batches,
    coupon_limits,
    coupon_links,
    coupon_words,
    coupons,
    customers,
    identities,
    offers,
    orders,
    touches,
)
from crm.errors import Conflict
from models.contact import Contact
from models.coupon import Coupon, CouponBatch
from models.customer import Identity
from models.touch import Touch
from runtime import runtime
from sidebar import cards
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.shapes import coupon_json, offer_json
from sidebar.touches import touch_json
from wecom.gates import Verdict
from words import gettext

OCCASION = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
HELD_BACK = {Verdict.REHEARSAL: "would_send", Verdict.STOPPED: "held"}


class AlreadySent(Conflict):
    code = "already_sent"


class Give(Form):
    batch_id: int = Field(ge=1, le=2**63 - 1)
    occasion: str = OCCASION  # made by the page, once per tap
    external_userid: str | None = Field(None, min_length=1, max_length=64)  # the open chat, when a customer has several


class Again(Form):
    occasion: str = OCCASION
    external_userid: str | None = Field(None, min_length=1, max_length=64)


@blueprint.get("/customers/<int:customer_id>/coupons")
@staff_only
def customer_coupons(customer_id: int) -> ResponseReturnValue:
    """`{offers, coupons}`: what can be given, best first, and what the customer was given."""
    now = runtime().now()
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.contacts_followed(session, g.staff, customer.id)[0]
        totals = orders.totals(session, customer.id)
        average, zone = totals.average_fen, runtime().zone
        found = offers.offers(session, customer.id, g.staff, average_fen=average, now=now, zone=zone)
        held = cards.held(session, customer.id, now=now)
        remark = customers.remark_of(session, g.staff, contact)
    if wants_part():
        facts = {"contact": contact, "remark": remark, "totals": totals, "offers": found, "customer_id": customer.id}
        answer = make_response(render_template("sidebar/coupons.html", **facts))
    else:
        answer = make_response(
            {"offers": [offer_json(offer) for offer in found], "coupons": [coupon_json(one) for one in held]}
        )
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/customers/<int:customer_id>/coupons")
@staff_only
def give_coupon(customer_id: int) -> ResponseReturnValue:
    """Issue one copy and record that it is about to be sent.

    Body `{"batch_id", "occasion", "external_userid"?}`. 201 `{"send": true, "text", "chat_message", "touch",
    "coupon"}`: the page now sends `chat_message`, or `text` where no card can be sent, and says how it went. 200
    `{"send": false, …}` when this occasion was had before, or when the gate holds everything back (`would_send`,
    `held`): then no copy is taken. 409 `batch_exhausted`, `limit_reached`, …
    """
    form = read_form(Give)
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = _open_contact(session, customer.id, form.external_userid)
    verdict = runtime().gate([(g.staff.userid, contact.external_userid)])
    key = f"coupon:{form.batch_id}:{contact.identity_id}:{form.occasion}"
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        before = touches.by_key(session, key)
        if before is not None:
            return _answer(before, is_new=False)
        if verdict is not Verdict.LIVE:
            facts = {"staff": g.staff, "now": runtime().now(), "zone": runtime().zone}
            batch = coupon_limits.would_grant(session, form.batch_id, customer.id, **facts)
            return _hold_back(session, key, contact, batch, verdict)
        identity = session.get_one(Identity, contact.identity_id)
        coupon = coupons.grant(
            session,
            form.batch_id,
            identity,
            form.occasion,
            staff=g.staff,
            now=runtime().now(),
            zone=runtime().zone,
            new_code=runtime().new_code,
        )
        _audit(session, "coupon.grant", coupon)
        return _try(session, key, contact, coupon)


@blueprint.post("/coupons/<int:coupon_id>/send")
@staff_only
def send_again(coupon_id: int) -> ResponseReturnValue:
    """Send a copy that did not go out: the same copy, as a new touch.

    Body `{"occasion", "external_userid"?}`; answers as giving does. 409 `already_sent` when the last sending is under
    way, went out, or nobody can say: a copy of which that is not known is never sent a second time unasked.
    """
    form = read_form(Again)
    with runtime().reading() as session:
        coupon = coupons.coupon_of(session, coupon_id, hold=False)
        customer = customers.followed_by(session, g.staff, coupon.customer_id)
        contact = _open_contact(session, customer.id, form.external_userid)
    verdict = runtime().gate([(g.staff.userid, contact.external_userid)])
    key = f"coupon:{coupon_id}:again:{form.occasion}"
    now = runtime().now()
    with runtime().transaction() as session:
        identities.hold(session, contact.identity_id)  # first the person, then the copy: as a merge does
        coupon = coupons.coupon_of(session, coupon_id, hold=True)
        customers.followed_by(session, g.staff, coupon.customer_id)
        before = touches.by_key(session, key)
        if before is not None:
            return _answer(before, is_new=False)
        if not coupon.is_open(now=now):
            raise Conflict("这张券已经不能用了，换一张")
        last = touches.latest_of_coupons(session, [coupon.id]).get(coupon.id)
        if last is not None and touches.shown_state(last, now=now) in ("trying", "sent", "unknown"):
            raise AlreadySent("这张券可能已经发出去了，先看一眼聊天")
        if verdict is not Verdict.LIVE:
            return _hold_back(session, key, contact, session.get_one(CouponBatch, coupon.batch_id), verdict)
        _audit(session, "coupon.send", coupon)
        return _try(session, key, contact, coupon)


@blueprint.post("/coupons/<int:coupon_id>/revoke")
@staff_only
def revoke_coupon(coupon_id: int) -> ResponseReturnValue:
    """Take back a copy one gave oneself and nobody used; safe to repeat. 409 once it was used."""
    with runtime().transaction() as session:
        coupon = coupons.coupon_of(session, coupon_id, hold=True)
        customers.followed_by(session, g.staff, coupon.customer_id)
        coupon = coupons.revoke(session, coupon_id, g.staff, now=runtime().now())
        _audit(session, "coupon.revoke", coupon)
        return {"coupon": {"id": coupon.id, "state": coupons.state(coupon, now=runtime().now())}}


def _open_contact(session: Session, customer_id: int, external_userid: str | None) -> Contact:
    """The face of the customer whose chat is open; one of those this staff member follows."""
    theirs = customers.contacts_followed(session, g.staff, customer_id)
    for contact in theirs:
        if external_userid in (None, contact.external_userid):
            return contact
    raise customers.not_yours()


def _try(session: Session, key: str, contact: Contact, coupon: Coupon) -> ResponseReturnValue:
    """A link of its own for every sending: the token of an earlier one is not kept."""
    now, zone, token = runtime().now(), runtime().zone, runtime().new_token()
    batch = coupon_batches.batch(session, coupon.batch_id)
    digest = runtime().vault.digest(token)
    coupon_links.add(session, digest, batch_id=batch.id, coupon_id=coupon.id, now=now)
    link = f"{runtime().settings.landing_url}/c/{token}"
    text = coupon_words.message(batch, coupon.expires_at, link, zone=zone)
    touch, is_new = _begin(session, key, contact, "trying", text, coupon)
    return _answer(touch, is_new=is_new, card=coupon_words.card(batch, coupon.expires_at, link, zone=zone))


def _hold_back(
    session: Session, key: str, contact: Contact, batch: CouponBatch, verdict: Verdict
) -> ResponseReturnValue:
    """On record what would have gone out; no copy is taken, nothing is sent."""
    last = coupons.lasts_until(batch, runtime().now(), runtime().zone)
    text = coupon_words.message(batch, last, "······", zone=runtime().zone)
    touch, _ = _begin(session, key, contact, HELD_BACK[verdict], text, None)
    return _answer(touch, is_new=False)


def _begin(
    session: Session, key: str, contact: Contact, state: str, text: str, coupon: Coupon | None
) -> tuple[Touch, bool]:
    return touches.begin(
        session,
        key=key,
        kind="coupon",
        contact=contact,
        staff=g.staff,
        state=state,
        text_sealed=runtime().vault.seal(text),
        coupon=coupon,
        now=runtime().now(),
    )


def _answer(touch: Touch, *, is_new: bool, card: dict[str, str] | None = None) -> ResponseReturnValue:
    """What the page is to do: only the request that made the touch is told to send it."""
    body: dict[str, Any] = {
        "send": is_new,
        "touch": touch_json(touch),
        "text": runtime().vault.open_text(touch.text_sealed),
        "chat_message": {"msgtype": "news", "news": card} if is_new else None,
        "coupon": {"id": touch.coupon_id} if touch.coupon_id else None,
        "message": _words(touches.shown_state(touch, now=runtime().now())),
    }
    return body, 201 if is_new else 200


def _words(state: str) -> str:
    words: dict[str, str] = {
        "would_send": gettext("演练模式：记下来了，没有真的发，也没占用券"),
        "held": gettext("现在全部停发，客户没收到，券也没占用。问一下老板"),
        "sent": gettext("这张已经发到聊天里了"),
        "unknown": gettext("不知道发出去没有，看一眼聊天"),
    }
    return words.get(state, "")


def _audit(session: Session, action: str, coupon: Coupon) -> None:
    subject = f"customer:{coupon.customer_id}"
    audits.note(
        session, actor=g.actor, action=action, subject=subject, now=runtime().now(), coupon=coupon.id,
        batch=coupon.batch_id,
    )  # fmt: skip
