"""Staff sign in silently through WeCom's own OAuth."""

from hmac import compare_digest

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from callers import anyone, signs_in_again
from crm import audits, staff
from crm.errors import NotSignedIn
from models.staff import Staff
from runtime import runtime
from sidebar import limits
from sidebar.door import blueprint, sign_in_as, wants_part
from sidebar.page import asked_for
from wecom.errors import CodeSpent, Temporary, WeComError
from wecom.oauth import authorize_url
from wecom.types import Member
from words import gettext

MOST_STATES = 5  # chats opened side by side, each on its way through the sign-in
LONGEST_CODE = 512


@blueprint.errorhandler(NotSignedIn)
def ask_to_sign_in(error: NotSignedIn) -> ResponseReturnValue:
    """The page itself goes through WeCom's sign-in and comes back; whatever a page asks for is told so."""
    if request.endpoint == "sidebar.show" and not wants_part():
        return _to_wecom(asked_for())
    return {"error": error.code, "message": gettext(error.key, **error.values)}, error.status


def _to_wecom(to: str) -> ResponseReturnValue:
    """To WeCom's authorize page, with a state only this browser knows."""
    state = runtime().new_code(32)
    session["states"] = [*_states(), state][-MOST_STATES:]
    session["to"] = to
    settings = runtime().settings
    return redirect(
        authorize_url(
            settings.wecom.authorize_url,
            app_id=settings.wecom.corp_id,
            agent_id=settings.wecom.agent_id,
            redirect_uri=f"{settings.server.public_url}{url_for('sidebar.signed_in')}",
            state=state,
        )
    )


@blueprint.get("/signed-in")
@anyone
def signed_in() -> ResponseReturnValue:
    """Back from WeCom with `code` and `state`: 302 to the page, or a page that says why not. Raises `TooMany`."""
    code, state = request.args.get("code", ""), request.args.get("state", "")
    if not _take(state) or not 0 < len(code) <= LONGEST_CODE:
        return _not_yet("spent", 400)
    limits.take_sign_in()
    try:
        who = runtime().wecom.staff_by_code(code)
    except CodeSpent:
        return _not_yet("spent", 400)
    except WeComError as problem:
        if isinstance(problem, Temporary) and signs_in_again():
            return _to_wecom(session.get("to", ""))
        return _not_yet("slow", 503)
    if not isinstance(who, Member):
        return _not_yet("not_staff", 403)
    with runtime().transaction() as database:
        member = staff.named(database, who.userid)
        if member is not None and member.left_at is not None:
            member = None
        _audit(database, member)
    if member is None:
        return _not_yet("not_staff", 403)
    to = session.get("to")
    sign_in_as(member)
    return redirect(url_for("sidebar.show", **({"to": to} if to else {})))


def _audit(database: Session, member: Staff | None) -> None:
    actor, outcome = (f"staff:{member.userid}", "done") if member else ("anyone", "refused")
    audits.note(database, actor=actor, action="sidebar.sign_in", outcome=outcome, now=runtime().now())


def _not_yet(why: str, status: int) -> ResponseReturnValue:
    return render_template("sidebar/not_signed_in.html", why=why), status


def _states() -> list[str]:
    found = session.get("states")
    return [state for state in found if isinstance(state, str)] if isinstance(found, list) else []


def _take(state: str) -> bool:
    """Whether this browser was sent out with that state; it is good once."""
    known = [mine for mine in _states() if compare_digest(mine.encode(), state.encode())]
    session["states"] = [mine for mine in _states() if mine not in known]
    return bool(known)
