"""The fast lane: a welcome is out within seconds of the add, whatever else is going on."""

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy.orm import Session

from crm import inbox, staff, welcomes
from crm.welcomes import Claimed, Plan
from models.inbox import Inbox
from models.vault import Unopenable
from runtime import Runtime
from wecom.callbacks import BadCallback, parse
from wecom.errors import (
    ChatStarted,
    Rehearsed,
    Stopped,
    Temporary,
    Throttled,
    TokenInvalid,
    Unanswered,
    WeComError,
    WelcomeBusy,
    WelcomeSpent,
)

AT_ONCE = 50
OUTCOMES: dict[type[WeComError], tuple[str, str]] = {
    Rehearsed: ("would_send", "演练模式"),
    Stopped: ("held", "全部停发"),
    WelcomeSpent: ("failed", "欢迎码已用过或已失效"),
    ChatStarted: ("failed", "已在聊天，没有再发"),
    Unanswered: ("unknown", "发出去了，没有回音"),
}


def send_welcomes(runtime: Runtime) -> int:
    """Plan, then send what is due; returns how many were tried. Safe to run in many threads and processes.

    Each is on record before it is tried. One tried without an answer is `unknown` and not repeated.
    """
    with runtime.reading() as session:
        if not welcomes.has_due(session, now=runtime.now()):
            return 0
    runtime.in_transaction(partial(_plan, runtime))
    tried, claimed = 0, runtime.in_transaction(partial(welcomes.claim, now=runtime.now()))
    while claimed:
        claimed = _send(runtime, claimed)
        tried += 1
    with runtime.transaction() as session:
        given_up = welcomes.lapse(session, now=runtime.now())
    for deadline_at in given_up:
        _count(runtime, "expired", deadline_at - welcomes.DEADLINE)
    return tried


def _plan(runtime: Runtime, session: Session) -> None:
    notices = inbox.with_welcome(session, limit=AT_ONCE)
    if not notices:
        return
    names = staff.names_of(session, [notice.userid or "" for notice in notices])
    plans = [_planned(runtime, notice, names.get((notice.userid or "").lower())) for notice in notices]
    welcomes.plan(session, plans, now=runtime.now())


def _planned(runtime: Runtime, notice: Inbox, name: str | None) -> Plan:
    code = _code(runtime, notice)
    if code is None:
        return Plan(notice)
    by = name or f"{runtime.settings.business.name}的客服"
    text = welcomes.wording(runtime.settings.welcome.text, by, f"{runtime.settings.landing_url}/bind")
    vault = runtime.vault
    return Plan(notice, f"welcome:{vault.digest(code)}", vault.seal(text), vault.seal(code))


def _code(runtime: Runtime, notice: Inbox) -> str | None:
    try:
        return parse(runtime.vault.open(notice.body_sealed)).welcome_code if notice.body_sealed else None
    except (BadCallback, Unopenable):
        return None


def _send(runtime: Runtime, claimed: Claimed) -> Claimed | None:
    """Send one; the next. What came of it and the next claim are one commit: with many adds a second that counts."""
    how = _tried(runtime, claimed)

    def settle(session: Session) -> Claimed | None:
        now = runtime.now()
        if how.pause is None:
            welcomes.record(session, claimed, how.state, now=now, errcode=how.errcode, reason=how.reason)
        else:
            welcomes.put_off(session, claimed, how.pause, now=now, errcode=how.errcode)
        return welcomes.claim(session, now=now)

    following = runtime.in_transaction(settle)
    if how.pause is None:
        _count(runtime, how.state, claimed.deadline_at - welcomes.DEADLINE)
    return following


class _Outcome(NamedTuple):
    """How a try went; with a pause it surely was not sent and is to be tried again after it."""

    state: str
    errcode: int | None = None
    reason: str = ""
    pause: timedelta | None = None


def _tried(runtime: Runtime, claimed: Claimed) -> _Outcome:
    assert claimed.code_sealed is not None
    try:
        code, text = runtime.vault.open_text(claimed.code_sealed), runtime.vault.open_text(claimed.text_sealed)
        runtime.wecom.send_welcome(code, text, userid=claimed.userid, external_userid=claimed.external_userid)
    except (WelcomeBusy, Temporary, Throttled, TokenInvalid) as problem:
        pause = timedelta(seconds=problem.retry_after_seconds) if isinstance(problem, Throttled) else welcomes.PAUSE
        return _Outcome("planned", problem.errcode, pause=pause)
    except WeComError as problem:
        state, reason = OUTCOMES.get(type(problem), ("failed", "企业微信没有接受"))
        return _Outcome(state, problem.errcode, reason)
    except Unopenable:
        return _Outcome("failed", reason="原文打不开")
    return _Outcome("sent")


def _count(runtime: Runtime, outcome: str, received_at: datetime) -> None:
    delay = (runtime.now() - received_at).total_seconds()
    runtime.metrics.welcome_seconds.labels(outcome).observe(max(0.0, delay))
