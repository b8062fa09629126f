"""The sidebar's door: which staff member asks, and what somebody who is not signed in gets."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Response, g, make_response, request, session
from flask.typing import ResponseReturnValue

from callers import declare
from crm.errors import NotSignedIn, Refused
from models.staff import Staff
from runtime import runtime
from sidebar import limits

blueprint = Blueprint("sidebar", __name__, url_prefix="/sidebar")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def staff_only(view: View) -> View:
    """For signed-in staff who have not left: `g.staff` is who asks, `g.actor` their name in the audit.

    Whatever is no reading counts against how much one member writes a minute, a refusal against how often they ask.
    """

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        g.staff = _signed_in()
        g.actor = f"staff:{g.staff.userid}"
        limits.take_write()
        try:
            return view(*args, **kwargs)
        except Refused:
            limits.take_refusal()
            raise

    return declare("staff")(cast(View, checked))


def sign_in_as(staff: Staff) -> None:
    """A session of its own: nothing of the one before, its token against forged posts included, goes on."""
    session.clear()
    session.permanent = True
    session.update(staff_id=staff.id, at=runtime().now().timestamp())


def _signed_in() -> Staff:
    staff_id, at = session.get("staff_id"), session.get("at")
    lasts = runtime().settings.security.session_hours * 3600
    if not isinstance(staff_id, int) or not isinstance(at, int | float):
        raise NotSignedIn("还没登录，刷新一下页面就好")
    if runtime().now().timestamp() >= at + lasts:
        raise NotSignedIn("登录过期了，刷新一下页面就好")
    with runtime().reading() as database:
        staff = database.get(Staff, staff_id)
    if staff is None or staff.left_at is not None:
        raise NotSignedIn("登录过期了，刷新一下页面就好")
    return staff


def answer(page: str | None, machine: dict[str, Any] | str | None = None) -> Response:
    """The page's own piece of HTML, or the JSON (may be written already) when there is none; caches keep them apart."""
    if page is None and isinstance(machine, str):
        response = Response(machine, mimetype="application/json")
    else:
        response = make_response(machine if page is None else page)
    response.vary.add("HX-Request")
    return response


def wants_part() -> bool:
    """Whether the page itself asks, for a piece of HTML."""
    return request.headers.get("HX-Request") == "true"
