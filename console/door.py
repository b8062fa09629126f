"""The console's door: who is signed in, what they may, and what every page of it shows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

import flask_babel
from flask import Blueprint, Response, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from callers import declare
from crm import gates, inbox_reports
from crm.errors import NotSignedIn, Refused, RuleError
from models.user import User
from runtime import runtime
from words import gettext, speak, with_commas

blueprint = Blueprint("console", __name__, url_prefix="/console")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
OWN_PATH = re.compile(r"/console(/[\w-]+)*/?(\?[\w=&%./-]*)?", re.ASCII)
LANGUAGES = ("zh", "en")

INBOX = ("operator", "developer")
COUPONS = ("operator", "finance")
AUDIT = ("developer",)
OUTBOUND = ("operator", "developer")
MESSAGES = ("operator", "manager")  # who reads audiences, pushes and drops; a manager changes none
IMPORTS: tuple[str, ...] = ("operator",)
JOBS = ("operator", "developer")
RUN_JOBS = ("developer",)
CUSTOMERS = ("operator", "manager")  # who sees customers; a manager those of their department
IDENTITIES = ("operator",)  # who decides who is whom
MATCHES = ("operator", "developer")
WORDS: tuple[str, ...] = ("operator",)  # who writes the shop's quick replies
OWNER: tuple[str, ...] = ("owner",)


def user_only(*roles: str) -> Callable[[View], View]:
    """A signed-in user with one of these roles, or with any when none is named; an owner may everything."""

    def mark(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            signed_in = _signed_in()
            g.user, g.actor = signed_in, f"user:{signed_in.id}"
            speak(signed_in.language)
            if roles and not may(*roles):
                raise Refused("你的角色看不了这一页。需要的话，请老板调整")
            return view(*args, **kwargs)

        return declare("user")(cast(View, checked))

    return mark


def may(*roles: str) -> bool:
    return g.user.role in (*roles, "owner")


def sees_customers() -> bool:
    """Whether customers' names may be shown to this user."""
    return may("operator")


def sign_in_as(user: User) -> None:
    """A session of its own: nothing of the one before, its token against forged posts included, goes on."""
    session.clear()
    session.permanent = True
    session.update(user_id=user.id, epoch=user.epoch, at=runtime().now().timestamp())


def _signed_in() -> User:
    """The user of this request's session. Raises `NotSignedIn` when it is over, ended, or not one."""
    user_id, epoch, at = session.get("user_id"), session.get("epoch"), session.get("at")
    if not isinstance(user_id, int) or not isinstance(at, int | float):
        raise NotSignedIn("请先登录")
    lasts = timedelta(hours=runtime().settings.security.session_hours)
    if runtime().now() >= datetime.fromtimestamp(at, UTC) + lasts:
        raise NotSignedIn("登录过期了。请重新登录")
    with runtime().reading() as database:
        user = database.get(User, user_id)
    if user is None or user.disabled_at is not None or user.epoch != epoch:
        raise NotSignedIn("登录过期了。请重新登录")
    return user


def own_path(path: str | None) -> str:
    """Where to go on: a page of the console, whatever was asked for."""
    return path if path and OWN_PATH.fullmatch(path) else "/console/"


@blueprint.before_request
def choose_language() -> None:
    chosen = request.cookies.get("huitou_language")
    if chosen in LANGUAGES:
        speak(chosen)


@blueprint.errorhandler(NotSignedIn)
def ask_to_sign_in(error: NotSignedIn) -> ResponseReturnValue:
    """A page sends to the sign-in and comes back; a part of a page has the whole page do so."""
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("console.sign_in_page")})
    if request.method == "GET" and request.accept_mimetypes.accept_html:
        return redirect(url_for("console.sign_in_page", next=own_path(request.full_path.rstrip("?"))), 303)
    return {"error": error.code, "message": said(error)}, error.status


def said(error: RuleError) -> str:
    """What a rule said, in the reader's language."""
    return gettext(error.key, **with_commas(error.values))


def is_part() -> bool:
    """Whether a part of a page is asked for, not the whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


@blueprint.app_context_processor
def shared() -> dict[str, object]:
    """What the frame around every page needs: only for somebody who is signed in."""
    if "user" not in g:
        return {"user": None, "language": str(flask_babel.get_locale()), "said": said}
    with runtime().reading() as database:
        failed = inbox_reports.count_failed(database) if may(*INBOX) else 0
        mode = gates.mode(database)
    return {"user": g.user, "language": g.user.language, "may": may, "mode": mode, "failed": failed, "said": said}
