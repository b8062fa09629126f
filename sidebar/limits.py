"""How often one member of staff writes or is refused, and one address comes back from WeCom's sign-in."""

from contextlib import suppress
from datetime import datetime, timedelta

from flask import current_app, g, request

from callers import Window, network_of
from crm import audits
from crm.errors import TooMany
from runtime import runtime

MINUTE = timedelta(minutes=1)
REFUSALS = 60  # a minute and member: who tries out ids is told no more
WRITES = 120  # a minute and member: two for everything sent, and nobody's thumb sends one a second
SIGN_INS = 600  # a minute and address, as on the customers' pages: a shop's whole staff may share one
READS = {"GET", "HEAD", "OPTIONS"}


def take_write() -> None:
    """Count this request of `g.staff` if it may change something. Raises `TooMany`, audited once a minute."""
    if request.method in READS:
        return
    _take("writes", WRITES)


def _take(name: str, most: int) -> None:
    now = runtime().now()
    try:
        _window(name, most).take(g.staff.id, now=now)
    except TooMany:
        _audit_once(now)
        raise


def _audit_once(now: datetime) -> None:
    """One row a minute: who hammers must not fill the record of what was done."""
    with suppress(TooMany):
        _window("told", 1).take(g.staff.id, now=now)
        with runtime().transaction() as session:
            audits.note(session, actor=g.actor, action=request.endpoint or "", outcome=TooMany.code, now=now)


def take_refusal() -> None:
    """Count one more customer, or whatever else, that is not theirs. Raises `TooMany`, audited once a minute."""
    _take("refusals", REFUSALS)


def take_sign_in() -> None:
    """Each is a call of WeCom's, and a code anybody made up costs one, too. Raises `TooMany`."""
    _window("sign_ins", SIGN_INS).take(network_of(request.remote_addr), now=runtime().now())


def _window(name: str, most: int) -> Window:
    window: Window = current_app.extensions.setdefault(f"huitou_sidebar_{name}", Window(most, MINUTE))
    return window
