"""create_app puts the doors on the program; `python app.py` is the command line."""

import logging
import sys
import traceback
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

try:
    from flask import Flask, Response, g, jsonify, redirect, render_template, request, session
    from flask.sessions import SecureCookieSessionInterface
    from flask_babel import Babel
    from flask_wtf.csrf import CSRFError, CSRFProtect
except ModuleNotFoundError:  # somebody's own Python, not the checkout's
    sys.exit(
        "请先运行 python3 bootstrap.py，再用 .venv/bin/python app.py …\n"
        "Run python3 bootstrap.py first, then .venv/bin/python app.py …"
    )
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, RequestRedirect

import bot.callback
import console
import console.health
import console.verification
import landing
import mall
import mall.connect
import mall.coupons
import mall.customers
import mall.events
import mall.identities
import mall.orders
import mall.parcel_links
import mall.products
import mall.track
import pages
import sidebar
import words
from callers import anyone, refuse_undeclared
from crm import audits, media
from crm.errors import BadInput, Refused, RuleError, TooMany
from jobs.schedule import PLANS
from runtime import ROOT, Runtime

log = logging.getLogger("huitou")
LARGEST_BODY = 8 * 1024 * 1024
FORM_AROUND = 64 * 1024  # what a form adds to the file in it


def create_app(runtime: Runtime, *, bridge_origin: str | None = None) -> Flask:
    """The web program on this runtime.

    `bridge_origin` is the demo's: the sandbox that frames the sidebar and plays the WeCom client. No setting sets it.
    """
    app = Program("huitou", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.extensions["huitou"] = runtime
    app.extensions["huitou_plans"] = PLANS  # for the page 任务: doors do not know each other
    app.config.update(
        SECRET_KEY=runtime.vault.session_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=runtime.settings.server.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=runtime.settings.security.session_hours * 3600,
        MAX_CONTENT_LENGTH=LARGEST_BODY + 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        BRIDGE_ORIGIN=bridge_origin,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.session_interface = DoorSessions()
    app.url_map.converters["int"] = RowNumber
    Babel(app, locale_selector=lambda: g.get("language") or runtime.settings.business.language)
    words.install(app)
    app.before_request(_let_uploads_in)
    csrf = CSRFProtect(app)
    csrf.exempt(bot.blueprint)
    csrf.exempt(mall.blueprint)
    for view in (landing.coupons.claim_coupon, landing.coupons.coupon_opened):
        csrf.exempt(view)  # they look at the token themselves: their pages send no referrer
    refuse_undeclared(app)
    doors = (bot.blueprint, sidebar.blueprint, console.blueprint, mall.blueprint, console.health.blueprint)
    for blueprint in (*doors, landing.blueprint, console.verification.root):
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "front", anyone(lambda: redirect("/console/")))
    app.add_url_rule("/static/joined/<name>", "joined", anyone(pages.joined))
    app.jinja_env.globals.update(asset=pages.asset)
    pages.register(app)
    _answer_errors(app, runtime)
    app.before_request(_refuse_nul)
    app.after_request(pages.set_headers)
    pages.serve_static(app)
    if runtime.settings.server.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


class Program(Flask):
    def handle_http_exception(self, e: HTTPException) -> Any:
        """A missing slash leads on without a host: Werkzeug would name the caller's, which anybody can make up."""
        if isinstance(e, RequestRedirect):
            to = urlsplit(e.new_url)
            return redirect(f"/{to.path.lstrip('/')}" + (f"?{to.query}" if to.query else ""), e.code)
        return super().handle_http_exception(e)

    def log_exception(self, exc_info: Any) -> None:
        """Nothing here: what went wrong is logged where it is answered, without its text, which may quote anything."""


class RowNumber(IntegerConverter):
    """A number in a path that a database can look up; a longer one is no page of ours."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": 2**63 - 1} | kwargs)  # type: ignore[arg-type]


def _is_for_customers() -> bool:
    """By the address: a session is opened before its view is known."""
    return request.path in landing.PAGES or request.path.startswith(landing.FOLDERS)


class DoorSessions(SecureCookieSessionInterface):
    """Staff in the sidebar, users in the console and customers are known apart: a cookie each, for its door alone."""

    def get_cookie_name(self, app: Flask) -> str:
        if _is_for_customers():
            return "huitou_visitor"
        return "huitou_staff" if request.path.startswith("/sidebar") else "huitou_console"

    def get_cookie_secure(self, app: Flask) -> bool:
        """The customers' pages may have a domain of their own, and that may be the one with a certificate."""
        if _is_for_customers():
            url: str = app.extensions["huitou"].settings.landing_url
            return url.startswith("https://")
        return super().get_cookie_secure(app)

    def get_cookie_path(self, app: Flask) -> str:
        if _is_for_customers():
            return "/"  # short addresses, printed on cards, have no folder in common
        return "/sidebar" if request.path.startswith("/sidebar") else "/console"


def _let_uploads_in() -> None:
    """Larger bodies where files come in, and only from somebody signed in. Before the forgery check reads the form."""
    if request.endpoint == "console.upload" and "user_id" in session:
        request.max_content_length = media.LARGEST + FORM_AROUND
    if request.endpoint == "console.add_codes" and "user_id" in session:
        request.max_form_memory_size = LARGEST_BODY


def _refuse_nul() -> None:
    if "\0" in request.path or any("\0" in part for pair in request.args.items(multi=True) for part in pair):
        raise BadInput("地址里有不能保存的字符")


def _answer_errors(app: Flask, runtime: Runtime) -> None:
    @app.errorhandler(RuleError)
    def rule_said_no(error: RuleError) -> tuple[Response | str, int] | tuple[Response | str, int, dict[str, str]]:
        if isinstance(error, Refused) and "actor" in g:
            try:
                _audit_refusal(runtime, error)
            except Exception as problem:
                return bug(problem)
        reply = _reply(error.code, words.gettext(error.key, **error.values), error.status, error.field)
        if isinstance(error, TooMany) and error.wait_seconds is not None:
            return *reply, {"Retry-After": str(error.wait_seconds)}
        return reply

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> tuple[Response | str, int]:
        return _reply("csrf", words.gettext("页面放得太久了。刷新一下再试"), 400)

    @app.errorhandler(HTTPException)
    def http_said_no(error: HTTPException) -> Any:
        code = error.code or 500
        if isinstance(error, InternalServerError):  # an error handler or a header of ours went wrong
            return bug(error.original_exception or error)
        if code < 400:
            return error
        return _reply(HTTPStatus(code).name.lower(), _words(code), code)

    @app.errorhandler(Exception)
    def bug(error: BaseException) -> tuple[Response | str, int]:
        number = runtime.new_code(6)
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        log.error("error %s at %s: %s\n%s", number, request.endpoint, type(error).__name__, frames)
        return _reply(
            "server_error",
            words.gettext("没办成，是我们这边的问题。再试一次，或记下编号 %(number)s", number=number),
            500,
        )


def _audit_refusal(runtime: Runtime, error: Refused) -> None:
    """In a transaction of its own: the one that refused was rolled back."""
    subject = ",".join(f"{name}:{value}" for name, value in (request.view_args or {}).items())
    with runtime.transaction() as session:
        audits.note(
            session,
            actor=g.actor,
            action=request.endpoint or "",
            subject=subject,
            outcome=error.code,
            now=runtime.now(),
        )


def _words(code: int) -> str:
    return {
        404: words.gettext("没有这个页面"),
        405: words.gettext("这个地址不接受这种请求"),
        413: words.gettext("内容太大了"),
        415: words.gettext("内容的格式不对"),
    }.get(code, words.gettext("没办成，请求不对"))


def _reply(code: str, message: str, status: int, field: str | None = None) -> tuple[Response | str, int]:
    wants_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    if wants_page and (request.path.startswith(("/console", "/sidebar")) or _is_for_customers()):
        g.pop("user", None)  # whose menu would be read from the database, and that may be what is out of order
        page = "landing/error.html" if _is_for_customers() else "error.html"
        if request.path.startswith("/console"):
            page = "console/error.html"
        return render_template(page, message=message, code=code, status=status), status
    body = {"error": code, "message": message} | ({"field": field} if field else {})
    return jsonify(body), status


if __name__ == "__main__":
    import commands

    commands.main(create_app)
