"""How the page's own sendings went."""

from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_form
from crm import todos, touches
from crm.touches import Outcome
from models.touch import Touch
from runtime import runtime
from sidebar.door import blueprint, staff_only


class Told(Form):
    outcome: Outcome
    reason: str = Field("", max_length=200)  # the SDK's own words; kept short, shown to nobody but us


@blueprint.post("/touches/<int:touch_id>/outcome")
@staff_only
def touch_outcome(touch_id: int) -> ResponseReturnValue:
    """How the page's sending went: `{"outcome": sent|failed|unknown|cancelled, "reason"?}`; the touch as it stands."""
    form = read_form(Told)
    with runtime().transaction() as session:
        touch = touches.settle(session, touch_id, g.staff, form.outcome, reason=form.reason, now=runtime().now())
        if touch.kind == "todo" and touch.state == "sent":
            todos.sent(session, touch, now=runtime().now())
        return {"touch": touch_json(touch)}


def touch_json(touch: Touch) -> dict[str, Any]:
    return {"id": touch.id, "state": touches.shown_state(touch, now=runtime().now()), "coupon_id": touch.coupon_id}
