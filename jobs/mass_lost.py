"""Creations whose answer was lost: looked up among WeCom's own records before anything else happens to them."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import cast

from crm import mass_lost, mass_reasons, mass_recipients, mass_tasks, quotas
from crm.mass_lost import Candidate
from jobs.mass import follow_tasks
from jobs.mass_pages import pages
from models.mass import MassMessage, MassTask
from runtime import Runtime
from wecom.errors import MassCancelled, Throttled, WeComError
from wecom.mass_reads import ChatType
from wecom.mass_types import MassMessageShown

log = logging.getLogger("huitou.jobs")

AT_ONCE = 20
SOON = timedelta(seconds=10)


def resolve_lost(runtime: Runtime) -> int:
    """Look up what is lost and due; returns how many were looked at. It ends as created, or as unknown: never again.

    A look that fails, or sees a message still being handed out, is simply repeated.
    """
    looked = 0
    for _ in range(AT_ONCE):
        with runtime.transaction() as session:
            task = mass_lost.lease(session, now=runtime.now())
        if task is None:
            break
        looked += 1
        try:
            _resolve(runtime, task)
        except WeComError as problem:
            pause = timedelta(seconds=problem.retry_after_seconds) if isinstance(problem, Throttled) else SOON
            with runtime.transaction() as session:
                mass_lost.look_again(session, task, now=runtime.now(), pause=pause)
    if looked:
        follow_tasks(runtime)
    return looked


def _resolve(runtime: Runtime, task: MassTask) -> None:
    asked_at = runtime.now()
    with runtime.reading() as session:
        message = session.get_one(MassMessage, task.message_id)
        targets = mass_recipients.of_task(session, task)
    alike = [shown for shown in _listed(runtime, task, message) if mass_lost.is_like(task, message, shown)]
    with runtime.reading() as session:  # at one moment, after the list: what it shows was begun, or is known, by then
        known = mass_lost.known(session, [shown.msgid for shown in alike])
        rivalled = mass_lost.has_rivals(session, task, message)
    found = [_candidate(runtime, shown) for shown in alike if shown.msgid not in known]
    proven = mass_lost.proven(found, task, targets, chat_type=message.chat_type, rivalled=rivalled)
    with runtime.transaction() as session:
        if not proven and mass_lost.may_give_up(task, asked_at=asked_at):
            mass_tasks.end(session, task, "unknown", reason=mass_reasons.NOT_FOUND)
        elif not proven:
            mass_lost.look_again(session, task, now=runtime.now())
        elif len(proven) > 1:
            mass_lost.note(session, task, mass_reasons.TWICE)
    if not proven:
        return
    for younger in proven[1:]:
        _take_back(runtime, younger)
    reason = mass_reasons.TWICE if len(proven) > 1 else mass_reasons.FOUND
    with runtime.transaction() as session:
        mass_tasks.created(session, task, proven[0].msgid, now=runtime.now(), reason=reason)
    for each in proven:
        while runtime.in_transaction(partial(quotas.not_theirs, msgid=each.msgid, zone=runtime.zone)):
            pass


def _take_back(runtime: Runtime, younger: Candidate) -> None:
    """The same creation a second time. Noted before, and repeated until WeCom says that it is cancelled."""
    log.warning("one mass task was created twice: %s is cancelled", younger.msgid)
    with contextlib.suppress(MassCancelled):
        runtime.wecom.cancel_mass_message(younger.msgid)


def _listed(runtime: Runtime, task: MassTask, message: MassMessage) -> Iterator[MassMessageShown]:
    since, until = mass_lost.window(task)
    chat_type = cast(ChatType, message.chat_type)
    for page in pages(lambda cursor: runtime.wecom.mass_messages(chat_type, since, until, cursor)):
        yield from page.messages


def _candidate(runtime: Runtime, shown: MassMessageShown) -> Candidate:
    tasks = pages(partial(runtime.wecom.mass_tasks, shown.msgid))
    holders = frozenset(each.userid for page in tasks for each in page.tasks)
    recipients = frozenset(
        each.target
        for userid in holders
        for page in pages(partial(runtime.wecom.mass_results, shown.msgid, userid))
        for each in page.results
    )
    return Candidate(shown.msgid, shown.created_at, holders, recipients)
