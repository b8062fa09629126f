"""What WeCom's answers mean: an errcode, an HTTP status or a broken connection, turned into one of our errors."""

import json
import ssl
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from wecom.errors import (
    ChatStarted,
    CodeSpent,
    Dispatching,
    GroupGone,
    MassCancelled,
    NobodyToSend,
    NotAContact,
    Permanent,
    RemindedEnough,
    RobotGone,
    Temporary,
    Throttled,
    Unanswered,
    WeComError,
    WelcomeBusy,
    WelcomeSpent,
)

TOKEN_REFUSED = frozenset({40014, 41001, 42001})  # one refresh and one more try (docs/wecom.md 1.6)
WRONG_SECRET = frozenset({40001, 40013, 41002, 41004})  # asking again gets the address blocked for an hour (1.2)

_BY_CODE: dict[int, type[WeComError]] = {
    -1: Temporary,
    6000: Temporary,
    40029: CodeSpent,
    40050: GroupGone,
    40096: NotAContact,
    40163: CodeSpent,  # the official account's
    41048: NobodyToSend,
    41050: WelcomeSpent,
    41051: ChatStarted,
    41063: Dispatching,
    41093: MassCancelled,
    41094: RemindedEnough,
    41096: WelcomeBusy,
    42003: CodeSpent,
    42022: CodeSpent,
    45009: Throttled,
    45011: Throttled,
    45033: Temporary,
    45035: Temporary,
    49008: GroupGone,
    84061: NotAContact,
    93000: RobotGone,
    93004: RobotGone,
    93008: RobotGone,
}


def error_for(endpoint: str, errcode: int) -> WeComError:
    """The error an errcode stands for; unknown ones are `Permanent`. `errmsg` is never kept: it quotes our address."""
    return _BY_CODE.get(errcode, Permanent)(endpoint, errcode)


def no_answer(endpoint: str, problem: requests.RequestException, *, effect: bool) -> WeComError:
    """A call that got no HTTP answer. Only when it surely never left is an effect `Temporary`."""
    if isinstance(problem, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return Permanent(endpoint, None, "the base URL is not valid")
    if effect and not _never_left(problem):
        return Unanswered(endpoint, None, problem.__class__.__name__)
    return Temporary(endpoint, None, problem.__class__.__name__)


def _never_left(problem: requests.RequestException) -> bool:
    if isinstance(problem, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(problem.args[0], "reason", None) if problem.args else None
    cause = reason.args[0] if isinstance(problem, requests.exceptions.SSLError) and reason and reason.args else None
    return isinstance(reason, NewConnectionError) or isinstance(cause, ssl.SSLCertVerificationError)


def decode(endpoint: str, status: int, body: bytes, *, effect: bool) -> dict[str, Any]:
    """The JSON object of an answer, whatever its errcode.

    A page instead of JSON, or a 5xx, comes from something between us and WeCom's code: it may have cut the answer as
    well as the question, so an effect is `Unanswered`. A redirect or a 4xx refused the question itself.
    """
    if 300 <= status < 400:
        raise Permanent(endpoint, None, f"HTTP {status}: redirected, the base URL must be the https one")
    if 400 <= status < 500 and status not in (408, 429):
        raise Permanent(endpoint, None, f"HTTP {status}")
    found = _json_object(body) if status == 200 else None
    if found is not None:
        return found
    reason = f"HTTP {status}" if status != 200 else "the answer is not JSON"
    if effect and status != 429:
        raise Unanswered(endpoint, None, reason)
    raise Temporary(endpoint, None, reason)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body.decode("utf-8", "replace"), strict=False)
        found = found if isinstance(found, dict) else None
        if found is not None and "errcode" in found:
            found["errcode"] = int(found["errcode"] or 0)
    except (ValueError, TypeError, RecursionError):
        return None
    return found
