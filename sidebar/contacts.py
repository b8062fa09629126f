"""The customer in the open chat: their card, as the page shows it and as JSON."""

from flask import g, make_response, render_template
from flask.typing import ResponseReturnValue

from crm import customers
from runtime import runtime
from sidebar import cards
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.shapes import card_json


@blueprint.get("/contacts/<external_userid>")
@staff_only
def contact_card(external_userid: str) -> ResponseReturnValue:
    """`{customer, followers, channel, tags, spend_fen, order_count, last_order_at, orders, coupons}`.

    The page's own requests (`HX-Request`) get the same as HTML. 403 for a contact the staff member does not follow.
    """
    now = runtime().now()
    with runtime().reading() as session:
        contact = customers.contact_followed(session, g.staff, external_userid)
        card = cards.read(session, contact, now=now)
    if wants_part():
        answer = make_response(render_template("sidebar/card.html", card=card, now=now))
    else:
        answer = make_response(card_json(card))
    answer.vary.add("HX-Request")
    return answer
