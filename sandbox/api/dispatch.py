"""How a call of the API is answered: switches, method, token, limits, then the call itself.

Every answer but an unknown path is HTTP 200 with an envelope; the token is looked at before any parameter.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from sandbox.corp import Corp, corp
from sandbox.errors import OK, Refused, refusal
from sandbox.faults import Fault
from sandbox.limits import PER_API, PER_TICKET_API, UNCOUNTED
from sandbox.rules import rule
from sandbox.transfers import settle

blueprint = Blueprint("api", __name__, url_prefix="/cgi-bin")
MAINTENANCE = "<html><head><title>System busy</title></head><body>The system is being maintained.</body></html>"


@dataclass(frozen=True)
class Call:
    """One request: its corp, whose token it came with, its parameters."""

    corp: Corp
    app: str
    caller: str
    query: dict[str, str]
    body: dict[str, Any]

    def text(self, name: str, missing: int = 40058, most: int = 10**6) -> str:
        """A required string. Raises `Refused(missing)` when it is absent, empty or something else."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value or len(value) > most:
            raise Refused(missing)
        return value

    def optional_text(self, name: str, most: int = 10**6) -> str | None:
        value = self.body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise Refused(40058)
        return value

    def number(self, name: str, default: int, least: int = 0, most: int = 2**32 - 1) -> int:
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Refused(40058)
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise Refused(40058)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings; absent counts as empty. Raises 40035 when it is no list of strings."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Refused(40035)
        return value


Run = Callable[[Call], Any]  # what it returns goes into the envelope; a `Response` goes out as it is


@dataclass(frozen=True)
class Api:
    path: str
    method: str
    run: Run
    empty: dict[str, Any] = field(default_factory=dict)
    apps: tuple[str, ...] = ("agent",)
    on_get: int = 40058  # what a POST call answers to a GET
    needs_token: bool = True


APIS: dict[str, Api] = {}


def api(
    path: str,
    method: str = "GET",
    *,
    empty: dict[str, Any] | None = None,
    apps: Iterable[str] = ("agent",),
    on_get: int = 40058,
    needs_token: bool = True,
) -> Callable[[Run], Run]:
    """Make a function answer at `/cgi-bin/<path>`; `empty` is what a failure still carries."""

    def keep(run: Run) -> Run:
        APIS[path] = Api(path, method, run, empty or {}, tuple(apps), on_get, needs_token)
        return run

    return keep


@blueprint.route("/<path:path>", methods=["GET", "POST"])
def answer(path: str) -> ResponseReturnValue:
    return Response(status=404) if path.startswith("sns/") else serve(path)


def serve(path: str) -> ResponseReturnValue:
    mine = corp()
    if mine.faults.redirects_to_https():
        return redirect(request.url.replace("http://", "https://", 1), 301)
    found = APIS.get(path)
    if found is None:
        return Response(status=404)
    fault = mine.faults.take_call(path, ("http", "html", "timeout"))
    if fault and "timeout" in fault.spec:
        return _hang(mine, found, fault)
    if fault and "http" in fault.spec:
        return Response(MAINTENANCE, fault.spec["http"], mimetype="text/html")
    if fault:
        return Response(MAINTENANCE, 200, mimetype="text/html")
    return _answer(mine, found)


def _hang(mine: Corp, found: Api, fault: Fault) -> ResponseReturnValue:
    """Nobody should be there any more when this answers."""
    if fault.spec["timeout"] == "after":
        _answer(mine, found)
    mine.limits.enter(found.path)
    try:
        mine.faults.hang(fault.spec.get("seconds", 30))
    finally:
        mine.limits.leave(found.path)
    return Response(status=504)


def _answer(mine: Corp, found: Api) -> Response:
    caller = request.remote_addr or "127.0.0.1"
    running = mine.limits.enter(found.path)
    try:
        if running > rule(mine, "concurrent_calls"):
            raise Refused(45033)
        told = _run(mine, found, caller, running)
        return told if isinstance(told, Response) else jsonify({**OK, **told})
    except Refused as refused:
        return jsonify(refusal(refused, found.empty, caller))
    finally:
        mine.limits.leave(found.path)


def _run(mine: Corp, found: Api, caller: str, running: int) -> Any:
    app = _app_of_token(mine) if found.needs_token else ""
    if found.needs_token and app not in found.apps:
        raise Refused(48002)
    if found.path not in UNCOUNTED:
        mine.limits.count(found.path, PER_TICKET_API.get(found.path, ()) + PER_API)
    fault = mine.faults.take_call(found.path, ("errcode",), running)
    if fault:
        raise Refused(fault.spec["errcode"])
    if found.method == "POST" and request.method == "GET":
        raise Refused(found.on_get)
    call = Call(mine, app, caller, request.args.to_dict(), _json_body() if found.method == "POST" else {})
    if not _is_text(json.dumps([call.query, call.body], ensure_ascii=False)):
        raise Refused(40058)
    with mine.state.writing():
        settle(mine)
        return found.run(call)


def _app_of_token(mine: Corp) -> str:
    """Whose token the query carries. A token anywhere else does not count."""
    value = request.args.get("access_token")
    if not value:
        raise Refused(41001)
    token = mine.state.pass_("token", value)
    if token is None or token.withdrawn:
        raise Refused(40014)
    if mine.clock.now() >= token.expires_at:
        raise Refused(42001)
    return str(token.holder["app"])


def _is_text(shown: str) -> bool:
    """No NUL, and no half of a surrogate pair."""
    return "\\u0000" not in shown and not any("\ud800" <= character <= "\udfff" for character in shown)


def _json_body() -> dict[str, Any]:
    """The body when it is a JSON object. Raises 40058: parameters that cannot be read are missing."""
    if request.mimetype == "multipart/form-data":
        return {}
    try:
        body = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        raise Refused(40058, "invalid parameter, Warning: wrong json format") from None
    if not isinstance(body, dict):
        raise Refused(40058, "invalid parameter, Warning: wrong json format")
    return body
