"""Conflicts in who is whom: one row for each value that is claimed in vain, and whose it is, decided."""

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import identity_words
from console.door import IDENTITIES, blueprint, is_part, user_only
from console.inbox import number_asked
from crm import identity_conflicts, identity_decisions, identity_reports
from models.customer import Identity
from runtime import runtime

PAGE = 50


class Owner(Form):
    keep: str = Field(pattern=r"^[0-9]{0,18}$")  # the claim that stays; empty: none of them


@blueprint.get("/conflicts")
@user_only(*IDENTITIES)
def conflicts_page() -> ResponseReturnValue:
    """Fifty at a time, the newest first."""
    before = number_asked("before")
    with runtime().reading() as session:
        found = identity_conflicts.page(session, before=before, limit=PAGE + 1)
        ids = {end.customer_id for one in found for end in (one.newest.one, one.newest.other)}
        called = identity_conflicts.names(session, ids)
    return render_template(
        "console/conflict_rows.html" if is_part() and before else "console/conflicts.html", here="conflicts",
        conflicts=found[:PAGE], more=len(found) > PAGE, called=called, iw=identity_words,
    )  # fmt: skip


@blueprint.get("/conflicts/<int:value_id>")
@user_only(*IDENTITIES)
def conflict_page(value_id: int) -> ResponseReturnValue:
    """Everybody who claims one value, the earliest first."""
    with runtime().reading() as session:
        value = session.get(Identity, value_id)
        if value is None:
            raise NoSuchPage
        claims = identity_conflicts.claims(session, value_id)
        number = identity_conflicts.count(session, value_id)
        called = identity_conflicts.names(session, {fact.other_of(value_id).customer_id for fact in claims})
        names = identity_reports.names(session, [fact.link.stated_by for fact in claims])
    return render_template(
        "console/conflict.html", here="conflicts", value=value, claims=claims, number=number, called=called,
        names=names, crowd=identity_conflicts.is_crowd(number), iw=identity_words,
    )  # fmt: skip


@blueprint.post("/conflicts/<int:value_id>")
@user_only(*IDENTITIES)
def decide_conflict(value_id: int) -> ResponseReturnValue:
    """Take every other claim back, fifty at most a press; each is a decision of its own and on record."""
    keep = read_fields(Owner).keep
    with runtime().reading() as session:
        claims = [fact.link.id for fact in identity_conflicts.claims(session, value_id)]
    if keep and int(keep) not in claims:
        raise NoSuchPage
    for link_id in claims:
        if not keep or link_id != int(keep):
            with runtime().transaction() as session:
                identity_decisions.decide(session, link_id, "retract", by=g.actor, now=runtime().now())
    return redirect(url_for("console.conflicts_page"), 303)
