"""Who is whom, decided by an operator: first what would move, then the button."""

from typing import Literal

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import identity_words
from console.door import IDENTITIES, blueprint, user_only
from crm import identity_decisions, identity_reports
from models.customer import IdentityLink
from runtime import runtime


class Decision(Form):
    deed: Literal["retract", "restore", "confirm"]


@blueprint.get("/identity-links/<int:link_id>")
@user_only(*IDENTITIES)
def link_page(link_id: int) -> ResponseReturnValue:
    """What `deed` would move, with the button that does it."""
    deed = request.args.get("deed", "retract")
    if deed not in ("retract", "restore", "confirm"):
        raise NoSuchPage
    with runtime().reading() as session:
        found = identity_reports.facts(session, IdentityLink.id == link_id, limit=1)
        if not found:
            raise NoSuchPage
        outcome = identity_decisions.foresee(session, link_id, deed, now=runtime().now())  # type: ignore[arg-type]
        names = identity_reports.names(session, [found[0].link.stated_by, found[0].link.decided_by])
    return render_template(
        "console/identity_link.html", here="customers", fact=found[0], outcome=outcome, deed=deed, names=names,
        iw=identity_words,
    )  # fmt: skip


@blueprint.post("/identity-links/<int:link_id>")
@user_only(*IDENTITIES)
def decide_link(link_id: int) -> ResponseReturnValue:
    """Take the fact back, let it count again, or say that its two ends are one person; on record by whom."""
    deed, now = read_fields(Decision).deed, runtime().now()
    with runtime().transaction() as session:
        customer_id = identity_decisions.decide(session, link_id, deed, by=g.actor, now=now)
    return redirect(url_for("console.customer_page", customer_id=customer_id, tab="identity"), 303)
