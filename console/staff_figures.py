"""同事业绩: what each one's own hand sent and brought, a manager's own department."""

from datetime import timedelta

from flask import g, render_template
from flask.typing import ResponseReturnValue

from console.door import MESSAGES, blueprint, user_only
from crm import scopes, staff_figures
from runtime import runtime

DAYS = 30


@blueprint.get("/staff-figures")
@user_only(*MESSAGES)
def staff_figures_page() -> ResponseReturnValue:
    """Sent, opened, used and revenue of the last 30 days, by member; most revenue first."""
    since = runtime().now() - timedelta(days=DAYS)
    with runtime().reading() as session:
        scope = scopes.of(session, g.user)
        found = staff_figures.of(session, staff_figures.serving(session) if scope is None else scope, since=since)
    found.sort(key=lambda one: (-one.revenue_fen, -one.sent, one.name))
    return render_template("console/staff_figures.html", here="staff_figures", figures=found, days=DAYS)
