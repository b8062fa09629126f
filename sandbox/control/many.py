"""Many calls in one: a busy month is made in seconds."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from sandbox.control.console_forms import ManyForm
from sandbox.control.reading import read_form

blueprint = Blueprint("many", __name__)


@blueprint.post("/many")
def many() -> ResponseReturnValue:
    """One after the other, each answered as if it had come alone; one that is refused stops nobody."""
    form, answers = read_form(ManyForm), []
    client = current_app.test_client(use_cookies=False)
    for call in form.calls:
        told = client.open(f"/sandbox/{call.path}", request.host_url, method=call.method, json=call.body)
        answers.append({"status": told.status_code, "body": told.get_json(silent=True)})
    return {"answers": answers}
