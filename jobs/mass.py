"""Mass messages on their way to WeCom: a task is on record before it is tried, and tried with no transaction open."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy.orm import Session

from crm import calendars, drop_steps, mass_contents, mass_control, mass_reasons, mass_recipients, mass_tasks, quotas
from models.mass import MassMessage, MassTask
from models.staff import Staff
from runtime import Runtime
from wecom.errors import (
    NobodyToSend,
    Rehearsed,
    Stopped,
    Temporary,
    Throttled,
    TokenInvalid,
    Unanswered,
    WeComError,
)
from wecom.gates import GateNow, Verdict
from wecom.sends import MediaKind

log = logging.getLogger("huitou.jobs")

CREATES = "externalcontact/add_msg_template"
AT_ONCE = 20


@dataclass(frozen=True)
class Ready:
    """A task with everything its creation needs."""

    task: MassTask
    message: MassMessage
    sender: Staff
    targets: list[str]
    attachments: list[dict[str, Any]]


def create_tasks(runtime: Runtime) -> int:
    """Create at WeCom what is planned and due, then take the recipients along; returns how much was done.

    Safe to run in many threads and processes, and to kill: a task is begun by one, and one whose answer is not known
    is never begun again.
    """
    with runtime.reading() as session:
        if not mass_control.has_open(session):
            return 0
    did = runtime.in_transaction(partial(mass_tasks.lose_silent, now=runtime.now()))
    did += runtime.in_transaction(mass_control.withdraw_planned)
    for _ in range(AT_ONCE):
        with runtime.transaction() as session:
            task = mass_tasks.lease(session, now=runtime.now())
        if task is None:
            break
        did += 1
        try:
            _attempt(runtime, task)
        except Exception as problem:  # its lease, or the look-up, sees to it: the others do not wait for that
            log.error("mass task %s failed: %s", task.id, type(problem).__name__)
    did += follow_tasks(runtime)
    return did + runtime.in_transaction(partial(mass_control.advance, now=runtime.now()))


def follow_tasks(runtime: Runtime) -> int:
    """Take recipients to where their tasks are, a few hundred a transaction; returns how many there were."""
    followed = 0
    with runtime.reading() as session:
        behind = mass_recipients.behind(session)
    for task in behind:
        while some := runtime.in_transaction(partial(mass_recipients.follow, task=task, now=runtime.now())):
            followed += some
    return followed


def _attempt(runtime: Runtime, task: MassTask) -> None:
    ready = _prepare(runtime, task)
    if ready is not None:
        _create(runtime, ready)


def _prepare(runtime: Runtime, task: MassTask) -> Ready | None:
    """All that can be done beforehand; None when the task is not to be created now."""
    gate = runtime.gate_now()
    with runtime.transaction() as session:
        message = session.get_one(MassMessage, task.message_id)
        sender = mass_tasks.sender(session, task, chat_type=message.chat_type)
        if gate.mode is Verdict.LIVE and mass_tasks.is_rehearsal(session, message):
            gate = replace(gate, mode=Verdict.REHEARSAL)
        is_late = drop_steps.is_late(session, message, now=runtime.now())
        if sender is None or is_late:
            reason = mass_reasons.TOO_LATE if is_late else mass_reasons.SENDER_LEFT
            mass_tasks.end(session, task, "failed", reason=reason)
        elif gate.mode is Verdict.STOPPED:
            mass_control.hold(session, task.message_id)
    if sender is None or is_late or gate.mode is Verdict.STOPPED:
        return None
    _reserve_again(runtime, task, message)
    _leave_out_full(runtime, task, message)
    with runtime.reading() as session:
        targets = mass_recipients.planned(session, task)
    going_out = [target for target in targets if gate.lets_out("", target)]  # a sender on the list receives nothing
    if len(going_out) < len(targets):
        _would_send(runtime, task, message, targets, gate)
    if not going_out:
        with runtime.transaction() as session:
            state = "would_send" if targets else "failed"
            mass_tasks.end(session, task, state, reason=mass_reasons.REHEARSAL if targets else mass_reasons.NO_ONE_LEFT)
        return None
    try:
        shown = _attachments(runtime, message)
    except Stopped:
        with runtime.transaction() as session:
            mass_control.hold(session, task.message_id)
        return None
    except WeComError as problem:
        runtime.in_transaction(partial(_not_created, task, problem, runtime.now()))
        return None
    return Ready(task, message, sender, going_out, shown)


def _reserve_again(runtime: Runtime, task: MassTask, message: MassMessage) -> None:
    limit = quotas.limit_of(message.month, runtime.settings.quota.per_month)
    while runtime.in_transaction(partial(mass_recipients.reserve_again, task=task, message=message, limit=limit)):
        pass


def _leave_out_full(runtime: Runtime, task: MassTask, message: MassMessage) -> None:
    """What was planned last month is confirmed in this one: whoever has had enough in it gets nothing."""
    month = calendars.month_of(runtime.now(), runtime.zone)
    if month <= message.month:
        return
    limit = quotas.limit_of(month, runtime.settings.quota.per_month)
    with runtime.reading() as session:
        left = quotas.left(session, mass_recipients.planned(session, task), month, limit=limit)
    full = [target for target, places in left.items() if not places]
    for start in range(0, len(full), mass_recipients.AT_ONCE):
        some = full[start : start + mass_recipients.AT_ONCE]
        runtime.in_transaction(partial(mass_recipients.no_place, task=task, message=message, targets=some))


def _would_send(runtime: Runtime, task: MassTask, message: MassMessage, targets: Sequence[str], gate: GateNow) -> None:
    kept_in = [target for target in targets if not gate.lets_out("", target)]
    for start in range(0, len(kept_in), mass_recipients.AT_ONCE):
        some = kept_in[start : start + mass_recipients.AT_ONCE]
        runtime.in_transaction(partial(mass_recipients.would_send, task=task, message=message, targets=some))


def _attachments(runtime: Runtime, message: MassMessage) -> list[dict[str, Any]]:
    """What the message shows, its media uploaded. One that is uploaded twice is there twice, which harms nobody."""
    wanted = mass_contents.media_of(message.attachments)
    with runtime.reading() as session:
        names = mass_contents.uploads(session, wanted, now=runtime.now())
    for media_id in wanted:
        if media_id in names:
            continue
        with runtime.reading() as session:
            media = mass_contents.original(session, media_id)
        answer = runtime.wecom.upload_media(cast(MediaKind, media.kind), media.name, media.content)
        names[media_id] = answer.media_id
        with runtime.transaction() as session:
            mass_contents.uploaded(session, media_id, answer.media_id, at=runtime.now())
    return mass_contents.bodies(message.attachments, names)


def _create(runtime: Runtime, ready: Ready) -> None:
    with runtime.transaction() as session:
        task = mass_tasks.begin(session, ready.task, ready.sender, now=runtime.now())
    if task is None:  # paused or cancelled meanwhile, or somebody else's
        return
    customers = ready.message.chat_type == "single"
    try:
        made = runtime.wecom.create_mass_message(
            sender=task.userid,
            external_userids=ready.targets if customers else (),
            chat_ids=() if customers else ready.targets,
            text=task.text,
            attachments=ready.attachments,
        )
    except WeComError as problem:
        runtime.in_transaction(partial(_not_created, task, problem, runtime.now()))
        return
    with runtime.transaction() as session:
        mass_tasks.created(session, task, made.msgid, now=runtime.now())
    for start in range(0, len(made.fail_list), mass_recipients.AT_ONCE):
        some = made.fail_list[start : start + mass_recipients.AT_ONCE]
        runtime.in_transaction(partial(mass_recipients.not_reached, task=task, message=ready.message, targets=some))


def _not_created(task: MassTask, problem: WeComError, now: datetime, session: Session) -> None:
    """What an error of an upload or of the creation means for the task."""
    is_creation = problem.endpoint == CREATES
    if isinstance(problem, Stopped):
        mass_tasks.put_off(session, task, now=now)
        mass_control.hold(session, task.message_id)
    elif isinstance(problem, Throttled):
        pause = timedelta(seconds=problem.retry_after_seconds)
        mass_tasks.wait_for_window(session, task, pause, now=now, errcode=problem.errcode)
    elif isinstance(problem, Unanswered) and is_creation:
        mass_tasks.lose(session, task, mass_reasons.UNANSWERED)
    elif isinstance(problem, NobodyToSend):
        mass_tasks.end(session, task, "failed", reason=mass_reasons.NOBODY, errcode=problem.errcode)
    elif isinstance(problem, Temporary | TokenInvalid | Rehearsed | Unanswered):
        mass_tasks.put_off(session, task, now=now, errcode=problem.errcode, reason=mass_reasons.LATER)
    elif is_creation or problem.endpoint == "media/upload":
        mass_tasks.end(session, task, "failed", reason=mass_reasons.REFUSED, errcode=problem.errcode)
    else:  # no token to be had: nothing was tried
        mass_tasks.put_off(session, task, now=now, errcode=problem.errcode, reason=mass_reasons.NO_TOKEN)
