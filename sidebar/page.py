"""The page beside a chat: a shell that asks the SDK who is in the chat, then loads the card."""

import re

from flask import render_template, request
from flask.typing import ResponseReturnValue

from runtime import runtime
from sidebar import signatures
from sidebar.door import blueprint, staff_only

CONTACT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@blueprint.get("/")
@staff_only
def show() -> ResponseReturnValue:
    """The shell: the same for every chat. `?to=` names the customer a card of the app is about."""
    wecom, signed = runtime().settings.wecom, signatures.of_page(_address())
    facts = {"corp_id": wecom.corp_id, "agent_id": wecom.agent_id, "to": asked_for(), "signed": signed}
    return render_template("sidebar/page.html", **facts)


def _address() -> str:
    """As the browser has it: what WeCom checks the signatures against."""
    asked = request.query_string.decode("latin-1")
    return f"{runtime().settings.server.public_url.rstrip('/')}{request.path}" + (f"?{asked}" if asked else "")


def asked_for() -> str:
    """The contact the address names; anything that cannot be one is nobody."""
    to = request.args.get("to", "")
    return to if CONTACT.fullmatch(to) else ""
