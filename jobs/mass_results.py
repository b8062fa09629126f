"""What became of mass messages, read page by page; taking them back; reminding who has not confirmed."""

import contextlib
import logging
from datetime import timedelta
from functools import partial

from crm import mass_control, mass_members, mass_reasons, mass_recipients, mass_results
from jobs.mass_pages import pages
from models.mass import MassMessage, MassTask, MassTaskMember
from runtime import Runtime
from wecom.errors import (
    Dispatching,
    MassCancelled,
    Permanent,
    RemindedEnough,
    Temporary,
    Throttled,
    TokenInvalid,
    Unanswered,
    WeComError,
)
from wecom.mass_types import MassResultShown

log = logging.getLogger("huitou.jobs")

AT_ONCE = 20
SOON, LATER = timedelta(seconds=10), timedelta(minutes=1)


def read_results(runtime: Runtime) -> int:
    """Read the results of the messages that are due; returns how many. Killed, it goes on at the page it was at."""
    read = 0
    for _ in range(AT_ONCE):
        with runtime.transaction() as session:
            message = mass_results.lease(session, now=runtime.now())
        if message is None:
            break
        read += 1
        pause = _read(runtime, message)
        with runtime.transaction() as session:
            mass_results.look_again(session, message.id, now=runtime.now(), pause=pause)
    if read:
        with runtime.transaction() as session:
            mass_control.advance(session, now=runtime.now())
    return read


def _read(runtime: Runtime, message: MassMessage) -> timedelta | None:
    """Read all tasks of a message; a pause when WeCom wants one before the rest."""
    with runtime.reading() as session:
        tasks = mass_results.open_tasks(session, message.id)
    pause: timedelta | None = None
    for task in tasks:
        try:
            _read_task(runtime, message, task)
        except Throttled as problem:
            return timedelta(seconds=problem.retry_after_seconds)
        except Dispatching:
            pause = SOON
        except (Temporary, TokenInvalid, Unanswered):
            pause = pause or LATER
        except WeComError as problem:  # this one only: the others' results are still wanted
            log.error("results of mass task %s: errcode %s", task.id, problem.errcode)
    return pause


def _read_task(runtime: Runtime, message: MassMessage, task: MassTask) -> None:
    while runtime.in_transaction(partial(mass_recipients.follow, task=task, now=runtime.now())):
        pass
    assert task.msgid is not None
    if task.state == "cancelling":
        with contextlib.suppress(MassCancelled):
            runtime.wecom.cancel_mass_message(task.msgid)
    _learn_members(runtime, task, task.msgid)
    with runtime.reading() as session:
        members = mass_members.to_read(session, task.id)
    for member in members:
        try:
            _read_member(runtime, message, task, member)
        except Permanent:  # a cursor may be too old: from the first page, next time
            with runtime.transaction() as session:
                mass_members.turn_page(session, member.id, "")
            raise
    with runtime.reading() as session:
        is_all_read = mass_members.are_all_read(session, task.id)
    if is_all_read:
        while runtime.in_transaction(partial(mass_results.leave_unlisted, task=task, message=message)):
            pass
        with runtime.transaction() as session:
            mass_results.settle(session, task, now=runtime.now())
    elif task.state == "cancelling":
        with runtime.transaction() as session:
            mass_results.withdrawn(session, task)


def _learn_members(runtime: Runtime, task: MassTask, msgid: str) -> None:
    for page in pages(partial(runtime.wecom.mass_tasks, msgid)):
        for start in range(0, len(page.tasks), mass_recipients.AT_ONCE):
            some = page.tasks[start : start + mass_recipients.AT_ONCE]
            with runtime.transaction() as session:
                mass_members.learn(session, task.id, some)


def _read_member(runtime: Runtime, message: MassMessage, task: MassTask, member: MassTaskMember) -> None:
    """Every page from where the last reader came to. Results that lag behind are read anew at the next look."""
    assert task.msgid is not None
    lagging = False
    for page in pages(partial(runtime.wecom.mass_results, task.msgid, member.userid), member.cursor):
        lagging = lagging or any(each.status not in mass_results.STATES for each in page.results)
        _record(runtime, message, task, page.results)
        with runtime.transaction() as session:
            if page.next_cursor or lagging:
                mass_members.turn_page(session, member.id, "" if lagging else page.next_cursor)
            else:
                mass_members.all_read(session, member.id, now=runtime.now())


def _record(runtime: Runtime, message: MassMessage, task: MassTask, results: tuple[MassResultShown, ...]) -> None:
    for start in range(0, len(results), mass_results.AT_ONCE):
        some = results[start : start + mass_results.AT_ONCE]
        runtime.in_transaction(
            partial(mass_results.apply, task=task, month=message.month, results=some, zone=runtime.zone)
        )


def send_reminders(runtime: Runtime) -> int:
    """Have WeCom nudge staff where somebody asked for it; returns how many tries. None is repeated by itself."""
    tried = 0
    for _ in range(AT_ONCE):
        with runtime.transaction() as session:
            task = mass_control.begin_reminder(session, now=runtime.now())
        if task is None:
            break
        tried += 1
        assert task.msgid is not None
        with runtime.reading() as session:
            waiting = mass_control.who_waits(session, task)
        try:
            runtime.wecom.remind_mass_message(task.msgid, waiting)
            reason = ""
        except RemindedEnough:
            reason = mass_reasons.REMINDED_ENOUGH
        except WeComError as problem:
            reason = mass_reasons.NOT_REMINDED
            log.warning("mass task %s was not reminded: %s", task.id, type(problem).__name__)
        with runtime.transaction() as session:
            mass_control.reminded(session, task, reason)
    return tried
