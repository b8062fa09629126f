"""The page beside a chat: a shell that asks the SDK who is in the chat, then loads the card."""

from flask import render_template
from flask.typing import ResponseReturnValue

from runtime import runtime
from sidebar.door import blueprint, staff_only


@blueprint.get("/")
@staff_only
def show() -> ResponseReturnValue:
    """The shell: the same for every chat."""
    wecom = runtime().settings.wecom
    return render_template("sidebar/page.html", corp_id=wecom.corp_id, agent_id=wecom.agent_id)
