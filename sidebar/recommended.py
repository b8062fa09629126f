"""What to recommend to the customer in the open chat, and why; the reasons are for staff's eyes."""

from typing import Any

from flask import g, make_response, render_template
from flask.typing import ResponseReturnValue

from crm import audits, product_shares
from crm.insight import recommendations
from crm.insight.recommendations import Recommended
from crm.phrases import Phrase
from runtime import runtime
from sidebar import sendings
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.products import product_json, product_text
from words import gettext


@blueprint.get("/customers/<int:customer_id>/recommended")
@staff_only
def recommended(customer_id: int) -> ResponseReturnValue:
    """`{off, recommended: [{id, sku, name, …, reasons, text}]}`; `off`: the customer turned recommendations off."""
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, None)
        found = recommendations.recommended(session, contact.customer_id, now=runtime().now(), zone=runtime().zone)
    shown = [(one, [_said(reason) for reason in one.reasons], _text(one)) for one in found or ()]
    if wants_part():
        facts = {"off": found is None, "shown": shown, "customer_id": contact.customer_id}
        answer = make_response(render_template("sidebar/recommended.html", **facts))
    else:
        answer = make_response({"off": found is None, "recommended": [_json(*each) for each in shown]})
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/customers/<int:customer_id>/recommended/<int:product_id>/hide")
@staff_only
def hide_recommended(customer_id: int, product_id: int) -> ResponseReturnValue:
    """Never recommend it to this customer again, whoever looks; safe to repeat."""
    now = runtime().now()
    with runtime().transaction() as session:
        contact = sendings.open_contact(session, customer_id, None)
        product = product_shares.on_sale(session, product_id)
        if recommendations.hide(session, contact.identity_id, product.id, g.staff, now=now):
            subject = f"customer:{contact.customer_id}"
            audits.note(
                session, actor=g.actor, action="recommendation.hide", subject=subject, now=now, product=product.id
            )
    return {"hidden": True}


def _said(phrase: Phrase) -> str:
    return gettext(phrase.key, **phrase.values)


def _text(one: Recommended) -> str:
    """Words to copy: an opening that tells nothing of looking, and the product."""
    return f"{_said(one.opening)}\n{product_text(one.product)}"


def _json(one: Recommended, reasons: list[str], text: str) -> dict[str, Any]:
    return product_json(one.product) | {"reasons": reasons, "text": text}
