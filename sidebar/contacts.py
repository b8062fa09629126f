"""The customer in the open chat: their card, as the page shows it and as JSON."""

from datetime import datetime

from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from crm import calendars, customers, quotas
from runtime import runtime
from sidebar import cards
from sidebar.cards import Card
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import Whole, card_json

SHOWN, TOLD = 2, 10  # of the last orders: on the page, in the JSON


@blueprint.get("/contacts/<external_userid>")
@staff_only
def contact_card(external_userid: str) -> ResponseReturnValue:
    """`{customer, followers, channel, tags, spend_fen, order_count, last_order_at, orders, coupons, todos, …}`.

    The page's own requests (`HX-Request`) get what the first paint holds as HTML, in four statements; the sections
    below load the rest. 403 for a contact the staff member does not follow.
    """
    now, zone = runtime().now(), runtime().zone
    latest = SHOWN if wants_part() else TOLD
    with runtime().reading() as session:
        card = cards.read(session, g.staff, external_userid, latest=latest, now=now, zone=zone)
        if not wants_part():
            return answer(None, card_json(_whole(session, card, now), _left(card)))
    page = render_template("sidebar/card.html", card=card, now=now, quota_left=_left(card))
    return answer(page)


def _whole(session: Session, card: Card, now: datetime) -> Whole:
    customer_id = card.contact.customer_id
    return Whole(
        card,
        customers.followers(session, customer_id),
        customers.tags(session, customer_id),
        cards.held(session, customer_id, now=now),
    )


def _left(card: Card) -> int:
    """How many mass messages they may still receive this month."""
    month = calendars.month_of(runtime().now(), runtime().zone)
    return max(quotas.limit_of(month, runtime().settings.quota.per_month) - card.who.taken, 0)
