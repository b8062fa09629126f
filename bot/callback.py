"""What WeCom pushes: verified, opened, stored once, and only then answered. Applying it is a job's work."""

import logging

from flask import request

from bodies import read_bytes
from bot import blueprint
from callers import declare
from crm import inbox
from crm.errors import RuleError, TooLarge
from runtime import Runtime, runtime
from wecom.callbacks import LARGEST_BODY, BadCallback, CallbackCrypto

log = logging.getLogger("huitou.callback")
wecom_only = declare("wecom")
STATUSES = {"too_large": 413, "bad_signature": 403, "wrong_corp": 403}


class NotForUs(RuleError):
    """Not a callback of our corp; the answer says no more than its status."""

    def __init__(self, reason_code: str) -> None:
        super().__init__("not a callback for us")
        self.code = reason_code
        self.status = STATUSES.get(reason_code, 400)


@blueprint.get("/callback")
@wecom_only
def verify() -> tuple[bytes, int, dict[str, str]]:
    """WeCom checks our address: answer the bare text inside `echostr`, within a second."""
    try:
        text = _crypto(runtime()).verify_url(**_signed(), echostr=request.args.get("echostr", ""))
    except BadCallback as problem:
        raise _refused("url_check", problem.reason_code) from None
    runtime().metrics.callbacks.labels("url_check", "answered").inc()
    return text, 200, {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.post("/callback")
@wecom_only
def receive() -> tuple[str, int]:
    """Store one event; `success` is said after the commit and never before."""
    outside = runtime()
    try:
        event = _crypto(outside).open(read_bytes(limit=LARGEST_BODY), **_signed())
    except TooLarge:
        raise _refused("push", "too_large") from None
    except BadCallback as problem:
        raise _refused("push", problem.reason_code) from None
    sealed, now = outside.vault.seal(event.xml), outside.now()
    outside.append(*inbox.receipt(event, body_sealed=sealed, now=now, dialect=outside.engine.dialect.name))
    outside.metrics.callbacks.labels(event.kind, "stored").inc()
    if event.welcome_code is not None:
        outside.wake("welcomes")
    outside.wake("inbox")
    return "success", 200


def _crypto(outside: Runtime) -> CallbackCrypto:
    if outside.callbacks is None:
        raise _refused("push", "not_configured")
    return outside.callbacks


def _signed() -> dict[str, str]:
    return {name: request.args.get(name, "") for name in ("msg_signature", "timestamp", "nonce")}


def _refused(kind: str, reason_code: str) -> NotForUs:
    """One line and one count, without a word of what came."""
    log.warning("callback refused: %s", reason_code)
    runtime().metrics.callbacks.labels(kind, reason_code).inc()
    return NotForUs(reason_code)
