"""What a member's client does: sign in, and carry the calls of a framed page to the bridge."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.bridge import Call, answer
from sandbox.control.forms import BridgeForm, SignInForm
from sandbox.control.reading import read_form
from sandbox.corp import corp
from sandbox.impossible import Impossible

blueprint = Blueprint("client", __name__)
MEMBER_COOKIE = "sandbox_member"


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
