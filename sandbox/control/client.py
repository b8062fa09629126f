"""What a member's client does: sign in, and carry the calls of a framed page to the bridge."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.bridge import answer
from sandbox.bridge_calls import Call
from sandbox.control.forms import BridgeForm, NextSendForm, SignInForm
from sandbox.control.reading import read_form
from sandbox.corp import corp
from sandbox.impossible import Impossible

blueprint = Blueprint("client", __name__)
MEMBER_COOKIE = "sandbox_member"
NEXT_SENDS: dict[str, dict[str, Any]] = {
    "normal": {},
    "cancelled": {"err_msg": "sendChatMessage:cancel"},
    "refused": {"err_msg": "sendChatMessage:fail no permission"},
    "slow": {},
    "never": {"hang": True},
}


@blueprint.post("/client/sign-in")
def sign_in() -> ResponseReturnValue:
    """This browser's client is now that member; the client the browser had loses its cookies."""
    form = read_form(SignInForm)
    mine = corp()
    with mine.state.lock:
        member = mine.state.member(form.userid)
        if member is None:
            raise Impossible("no_such_member", f"nobody is called {form.userid!r}", 404)
        client = mine.state.setting("client", {})
    response = jsonify(userid=member.userid, name=member.name)
    response.set_cookie(MEMBER_COOKIE, member.userid, httponly=True, samesite="Lax")
    if request.cookies.get(MEMBER_COOKIE) != member.userid:
        for cookie in client.get("forget_cookies", []):
            response.delete_cookie(cookie["name"], path=cookie["path"])
    return response


@blueprint.post("/bridge")
def bridge() -> ResponseReturnValue:
    """The object that the native bridge would call back with; `{"hang": true}`: it never calls back."""
    form = read_form(BridgeForm)
    mine = corp()
    with mine.state.writing():
        return answer(mine, Call(**form.model_dump()))


@blueprint.get("/client/next-send")
def next_send() -> ResponseReturnValue:
    return _next_send(corp().faults.next_bridge("sendChatMessage"))


@blueprint.put("/client/next-send")
def bend_next_send() -> ResponseReturnValue:
    """How the next `sendChatMessage` of any page is answered, once; other faults stay as they are."""
    form = read_form(NextSendForm)
    spec = {**NEXT_SENDS[form.answer], **({"seconds": form.seconds} if form.answer == "slow" else {})}
    corp().faults.bend_next_bridge("sendChatMessage", spec)
    return _next_send(corp().faults.next_bridge("sendChatMessage"))


def _next_send(spec: dict[str, Any]) -> dict[str, Any]:
    """The switch as it stands; `normal` again once it was used."""
    if "seconds" in spec:
        return {"answer": "slow", "seconds": spec["seconds"]}
    found = next((name for name, bent in NEXT_SENDS.items() if bent and bent.items() <= spec.items()), "normal")
    return {"answer": found, "seconds": None}
