"""A full sync: one run at a time, held by one process, gone on with where it was."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from crm.errors import Conflict
from models.contact import Follow
from models.database import changed, take_turns
from models.sync import SyncRun

HELD = timedelta(minutes=3)  # a process that says nothing for so long is dead
GOES_ON = timedelta(hours=20)  # a run broken off longer ago is left, and a new one begins
MOST_UNSEEN = 200
_run: Any = SyncRun.__table__
OURS = (
    update(_run)
    .where(_run.c.id == bindparam("run"), _run.c.state == "running", _run.c.holder == bindparam("by"))
    .values(held_until=bindparam("until"))
)
NOW = select(SyncRun).where(SyncRun.id == bindparam("run")).execution_options(populate_existing=True)


class Taken(Conflict):
    """Another process is at it."""


class HoldLost(Exception):
    """Another process took the run over: whatever was done for it must roll back."""


def begin(session: Session, *, holder: str, by: str, now: datetime) -> SyncRun:
    """The run to go on with, or a new one, held by us. Raises `Taken` while a living process is at one."""
    take_turns(session, "sync")
    newest = session.scalar(select(SyncRun).order_by(SyncRun.id.desc()).limit(1).with_for_update())
    if newest and newest.state == "running" and not _is_free(newest, holder, now):
        raise Taken("正在同步，等它跑完")
    if newest is None or newest.state == "done" or now - newest.seen_at > GOES_ON:
        if newest and newest.state == "running":
            newest.state, newest.ended_at, newest.reason = "failed", now, "broken_off"
        newest = _new(session, by=by, now=now)
    newest.state, newest.ended_at, newest.reason, newest.stop_asked_at = "running", None, "", None
    newest.holder, newest.held_until = holder, now + HELD
    session.flush()
    return newest


def _new(session: Session, *, by: str, now: datetime) -> SyncRun:
    was_done = select(SyncRun.id).where(SyncRun.state == "done").limit(1)
    run = SyncRun(
        state="running", started_by=by, started_at=now, seen_at=now, is_first=session.scalar(was_done) is None,
        expected=session.scalar(select(func.count()).select_from(Follow).where(Follow.ended_at.is_(None))) or 0,
        counts={}, unseen=[], members=[], left_out=[],
    )  # fmt: skip
    session.add(run)
    return run


def _is_free(run: SyncRun, holder: str, now: datetime) -> bool:
    """Nobody is at it any more: the hold is over, or its process on this machine is gone."""
    if run.held_until is None or run.held_until <= now or run.holder == holder:
        return True
    host, _, pid = run.holder.partition("|")
    return host == holder.partition("|")[0] and pid.isdecimal() and not _lives(int(pid))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def hold(session: Session, run: SyncRun, *, now: datetime) -> SyncRun:
    """The run as it is now, ours for another while. Raises `HoldLost`."""
    held = session.connection().execute(OURS, {"run": run.id, "by": run.holder, "until": now + HELD})
    if not held.rowcount:
        raise HoldLost
    return session.scalars(NOW, {"run": run.id}).one()


def count(run: SyncRun, tally: Mapping[str, int]) -> None:
    """Add figures; committed with what they count."""
    run.counts = run.counts | {
        name: run.counts.get(name, 0) + number for name, number in tally.items() if number or "." not in name
    }


def could_not_see(run: SyncRun, userid: str, errcode: int | None) -> None:
    """WeCom did not show us this member's customers or groups, and why; of many the first are named."""
    row = {"userid": userid, "errcode": errcode}
    if row not in run.unseen:
        run.unseen_count += 1
        run.unseen = [*run.unseen, row][:MOST_UNSEEN]


def end(run: SyncRun, state: str, *, reason: str = "", now: datetime) -> None:
    run.state, run.reason, run.ended_at, run.held_until = state, reason, now, None


def ask_to_stop(session: Session, *, now: datetime) -> bool:
    """Have the run that is going on stop after its page; False when none is."""
    running = update(SyncRun).where(SyncRun.state == "running", SyncRun.stop_asked_at.is_(None))
    return changed(session, running.values(stop_asked_at=now).execution_options(synchronize_session=False)) > 0


def newest(session: Session) -> SyncRun | None:
    return session.scalar(select(SyncRun).order_by(SyncRun.id.desc()).limit(1))
