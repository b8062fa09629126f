"""Who opened the page, asked silently: there and back through WeCom's sign-in before a page shows."""

from datetime import timedelta
from hmac import compare_digest

from flask import current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from callers import Window, network_of
from landing.door import SETTLED, place, visitor
from runtime import runtime
from wecom.oauth import authorize_url

MOST_STATES = 5  # pages opened side by side, each on its way
LONGEST_CODE = 512
MINUTE = timedelta(minutes=1)
AN_ADDRESS = 600  # sign-ins a minute: each is a call of WeCom's, and a code anybody made up costs one, too


def ask_who_it_is() -> ResponseReturnValue | None:
    """Away to WeCom when this page is opened in WeChat and nobody was asked for it; None when it can show now.

    Who is no contact yet is asked with every page: they may have become one meanwhile.
    """
    if place() != "wechat" or session.pop("landed", None) or not runtime().settings.wecom.corp_id:
        return None
    before = visitor(within_seconds=SETTLED)
    is_asked_anew = session.pop("ask", None)
    if before is not None and before.external_userid and not is_asked_anew:
        return None
    return to_wecom(request.full_path)


def to_wecom(target: str) -> ResponseReturnValue:
    settings = runtime().settings
    return redirect(
        authorize_url(
            settings.wecom.authorize_url,
            app_id=settings.wecom.corp_id,
            agent_id=settings.wecom.agent_id,
            redirect_uri=f"{settings.landing_url}{url_for('landing.back')}",
            state=new_state(target),
        )
    )


def new_state(target: str) -> str:
    """A state only this browser knows, that leads back to the page."""
    state = runtime().new_code(32)
    session["states"] = dict([*_states().items(), (state, target)][-MOST_STATES:])
    return state


def came_back() -> tuple[str, str | None]:
    """The code a sign-in came back with, and the page it was for: None when this browser was not sent out with it.

    A state is good once. Raises `TooMany`.
    """
    code, state = request.args.get("code", ""), request.args.get("state", "")
    known = _states()
    mine = next((sent for sent in known if compare_digest(sent.encode(), state.encode())), None)
    target = known.pop(mine) if mine else None
    session["states"] = known
    if target is not None:
        addresses: Window = current_app.extensions.setdefault("huitou_sign_ins", Window(AN_ADDRESS, MINUTE))
        addresses.take(network_of(request.remote_addr), now=runtime().now())
    return code, target if 0 < len(code) <= LONGEST_CODE else None


def _states() -> dict[str, str]:
    found = session.get("states")
    return found if isinstance(found, dict) else {}
