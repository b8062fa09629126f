"""What we keep of a customer and why, and the switch that turns recommendations off: linked on every page."""

from typing import Literal

from flask import render_template
from flask.typing import ResponseReturnValue

from bodies import Form, read_fields
from crm import audits, consents, events, identities
from crm.identities import Key
from landing.back import not_yet
from landing.door import blueprint, count, customer, visitor
from landing.ladder import ask_who_it_is
from landing.privacy_text import privacy_text
from models.customer import Identity
from runtime import runtime


class Switch(Form):
    personalisation: Literal["on", "off"]


@blueprint.get("/privacy")
@customer
def privacy() -> ResponseReturnValue:
    """The text for everybody; the switch for a visitor in WeChat."""
    away = ask_who_it_is()
    if away is not None:
        return away
    who = visitor()
    return _page(who.key if who else None)


@blueprint.post("/privacy")
@customer
def choose() -> ResponseReturnValue:
    """Field `personalisation`, on or off: 关闭个性化推荐, for all that is known of this person."""
    form = read_fields(Switch)
    who = visitor()
    key = who.key if who else None
    if key is None:
        return not_yet("spent", "/privacy", 400)
    now = runtime().now()
    set_to = consents.give if form.personalisation == "on" else consents.withdraw
    with runtime().transaction() as session:
        identity = identities.ensure_many(session, [key], now=now)[key]
        set_to(session, identity, "personalisation", source="privacy page", now=now)
        audits.note(
            session, actor="customer", action=f"personalisation.{form.personalisation}",
            subject=f"identity:{identity.id}", now=now,
        )  # fmt: skip
    count("privacy", form.personalisation)
    return _page(key, form.personalisation)


def _page(key: Key | None, done: str = "") -> ResponseReturnValue:
    is_off = False
    if key is not None:
        with runtime().reading() as session:
            known = events.known(session, [key])
            identity = session.get(Identity, known[key]) if key in known else None
            is_off = identity is not None and consents.personalisation_off(session, identity.customer_id)
    return render_template(
        "landing/privacy.html", text=privacy_text(), is_known=key is not None, is_off=is_off, done=done
    )
