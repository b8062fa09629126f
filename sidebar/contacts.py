"""The customer in the open chat: their card, as the page shows it and as JSON."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from crm import calendars, glances, quotas
from runtime import runtime
from sidebar import cards
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import card_json

SHOWN, TOLD = 2, 10  # of the last orders: on the page, in the JSON


@blueprint.get("/contacts/<external_userid>")
@staff_only
def contact_card(external_userid: str) -> ResponseReturnValue:
    """`{customer, followers, channel, tags, spend_fen, order_count, last_order_at, orders, coupons, todos, …}`.

    The page's own requests (`HX-Request`) get what the first paint holds as HTML; the sections below load the rest.
    Two statements either way, with the session's. 403 for a contact the staff member does not follow.
    """
    now, zone = runtime().now(), runtime().zone
    if not wants_part():
        with runtime().reading() as session:
            told = glances.tell(session, g.staff, external_userid, latest=TOLD, now=now, zone=zone)
        tonight = cards.tonight_of(now, zone)
        return answer(None, card_json(told, tonight=tonight, now=now, left=_left(told.taken)))
    with runtime().reading() as session:
        card = cards.read(session, g.staff, external_userid, latest=SHOWN, now=now, zone=zone)
    return answer(render_template("sidebar/card.html", card=card, now=now, quota_left=_left(card.who.taken)))


def _left(taken: int) -> int:
    """How many mass messages they may still receive this month."""
    month = calendars.month_of(runtime().now(), runtime().zone)
    return max(quotas.limit_of(month, runtime().settings.quota.per_month) - taken, 0)
