"""Sending the cards to members and the robots' messages that are due."""

import json
from datetime import timedelta

from crm import staff_messages
from models.drop import StaffMessage
from models.vault import Unopenable
from runtime import Runtime
from wecom.errors import (
    Rehearsed,
    RobotGone,
    Stopped,
    Temporary,
    Throttled,
    TokenInvalid,
    Unanswered,
    WeComError,
)

PAUSE = timedelta(seconds=10)
OUTCOMES: dict[type[WeComError], tuple[str, str]] = {
    Rehearsed: ("would_send", ""),
    Stopped: ("held", ""),
    RobotGone: ("failed", "robot_gone"),
    Unanswered: ("unknown", "no_answer"),
}


def send_staff_messages(runtime: Runtime) -> int:
    """Send what is due; returns how many were tried. Safe in many threads and processes.

    Each is on record before it is tried. One tried without an answer is `unknown` and not repeated.
    """
    with runtime.reading() as session:
        if not staff_messages.has_open(session):
            return 0
    tried = 0
    while message := _claim(runtime):
        _send(runtime, message)
        tried += 1
    with runtime.transaction() as session:
        staff_messages.lapse(session, now=runtime.now())
    return tried


def _claim(runtime: Runtime) -> StaffMessage | None:
    with runtime.transaction() as session:
        return staff_messages.claim(session, now=runtime.now())


def _send(runtime: Runtime, message: StaffMessage) -> None:
    state, errcode, reason = "sent", None, ""
    try:
        if not _say(runtime, message):
            state, reason = "failed", "nobody"
    except (Temporary, Throttled, TokenInvalid) as problem:
        pause = timedelta(seconds=problem.retry_after_seconds) if isinstance(problem, Throttled) else PAUSE
        with runtime.transaction() as session:
            staff_messages.put_off(
                session, message, pause, errcode=problem.errcode, reason=type(problem).__name__, now=runtime.now()
            )
        return
    except WeComError as problem:
        state, reason = OUTCOMES.get(type(problem), ("failed", "refused"))
        errcode = problem.errcode
    except Unopenable:
        state, reason = "failed", "unopenable"
    with runtime.transaction() as session:
        staff_messages.record(session, message, state, now=runtime.now(), errcode=errcode, reason=reason)


def _say(runtime: Runtime, message: StaffMessage) -> bool:
    """False when WeCom knows nobody of that userid. The key of a robot goes from its seal into the call."""
    body = json.loads(runtime.vault.open(message.body_sealed))
    if message.kind == "robot":
        runtime.wecom.send_robot(body["key"], markdown=body["markdown"])
        return True
    return not runtime.wecom.send_card(
        message.userid, title=body["title"], description=body["description"], url=body["url"], button=body["button"]
    ).invalid
