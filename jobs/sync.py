"""Learning the whole corp from WeCom: staff, tags, channel codes, every customer, every group. It can be broken off."""

import os
import platform
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from crm import channels, staff, sync_runs, tags
from jobs.asking import Asking, Pause, Stopped
from jobs.groups import learn_groups
from jobs.sync_customers import learn_customers
from models.sync import STAGES, SyncRun
from runtime import Runtime

Progress = Callable[[SyncRun], None]
"""Told after every committed page where the run is; may raise `Stopped`."""


def sync(runtime: Runtime, *, pause: Pause | None = None) -> dict[str, int]:
    """Bring everything up to date; returns the run's figures."""
    return dict(run_sync(runtime, pause=pause).counts)


def run_sync(
    runtime: Runtime, progress: Progress | None = None, *, pause: Pause | None = None, by: str = "cli"
) -> SyncRun:
    """Bring everything up to date, going on with a run that was broken off; returns it, done or stopped.

    A short transaction for a few customers, and none while WeCom answers. Raises `sync_runs.Taken` while another
    process is at it; an error of WeCom's that waiting does not help leaves the run `failed`, to be gone on with.
    """
    with runtime.transaction() as session:
        run = sync_runs.begin(session, holder=f"{platform.node()}|{os.getpid()}", by=by, now=runtime.now())
    work = _Work(runtime, run, progress, pause)
    try:
        return work.finish()
    except Stopped:
        return work.end("stopped")
    except sync_runs.HoldLost:
        return work.run
    except BaseException as problem:
        work.end("failed", type(problem).__name__)
        raise


def sync_all(runtime: Runtime) -> int:
    """Every night: what was never told, or told while we were away. Returns how many customers' follows were seen."""
    if not runtime.settings.wecom.corp_id:
        return 0
    return int(run_sync(runtime, by="schedule").counts.get("follows", 0))


def reconcile(runtime: Runtime) -> int:
    """The same, by hand; returns how much was put right."""
    return sum(run_sync(runtime, by="reconcile").repaired.values())


class _Work:
    """One process at one run."""

    def __init__(self, runtime: Runtime, run: SyncRun, progress: Progress | None, pause: Pause | None) -> None:
        self._runtime, self.run, self._progress = runtime, run, progress
        self._ask = Asking(runtime, pause or self._wait)

    def finish(self) -> SyncRun:
        stages: dict[str, Callable[[], None]] = {
            "directory": self._directory, "tags": self._tags, "channels": self._channels,
            "serving": self._serving, "customers": self._customers, "groups": self._groups,
        }  # fmt: skip
        for stage in STAGES[STAGES.index(self.run.stage) :]:
            stages[stage]()
            following = STAGES[STAGES.index(stage) + 1 :]
            if following:
                self._commit(stage=following[0])
        return self.end("done")

    def end(self, state: str, reason: str = "") -> SyncRun:
        with self._runtime.transaction() as session:
            self.run = sync_runs.hold(session, self.run, now=self._runtime.now())
            sync_runs.end(self.run, state, reason=reason, now=self._runtime.now())
        if self._progress and state == "done":
            self._progress(self.run)
        return self.run

    def _commit(self, tally: dict[str, int] | None = None, *, stage: str = "") -> None:
        with self._runtime.transaction() as session:
            self.run = sync_runs.hold(session, self.run, now=self._runtime.now())
            sync_runs.count(self.run, tally or {})
            self.run.stage = stage or self.run.stage
        self._after(self.run)

    def _after(self, run: SyncRun) -> None:
        self.run = run
        if run.stop_asked_at is not None:
            raise Stopped
        if self._progress:
            self._progress(run)

    def _wait(self, seconds: float) -> None:
        """Until so long from now, by the shop's clock; the run stays ours meanwhile."""
        until = self._runtime.now().timestamp() + seconds
        while (left := until - self._runtime.now().timestamp()) > 0:
            self._runtime.wait("sync", min(left, 1.0))

    def _directory(self) -> None:
        """All departments, and the members of each; who was shown before and is no longer has left."""
        began_at = self._runtime.now()
        departments = self._ask(self._runtime.wecom.departments)
        with self._runtime.transaction() as session:
            count = staff.learn_departments(session, departments)
        self._set("departments", count)
        known: set[str] = set()
        for department in departments:
            found = self._ask(lambda at=department.id: self._runtime.wecom.staff_of(at))  # type: ignore[misc]
            members = [member for member in found if member.userid.lower() not in known]
            known |= {member.userid.lower() for member in members}
            tally: Counter[str] = Counter()
            with self._runtime.transaction() as session:
                staff.learn(session, members, now=began_at, tally=tally)
            self._commit(dict(tally))
        with self._runtime.transaction() as session:
            gone = staff.leave_unshown(session, since=began_at)
        self._commit({"fixed.staff_left": gone})
        self._set("staff", len(known))

    def _set(self, what: str, number: int) -> None:
        self._commit({what: number - self.run.counts.get(what, 0)})

    def _tags(self) -> None:
        at = self._runtime.now()
        groups = self._ask(self._runtime.wecom.corp_tags)
        tally: Counter[str] = Counter()
        with self._runtime.transaction() as session:
            count = tags.learn(session, groups, now=at, tally=tally)
        self._commit(dict(tally))
        self._set("tags", count)

    def _channels(self) -> None:
        cursor, count = "", 0
        while True:
            page = self._ask(lambda at=cursor: self._runtime.wecom.contact_ways(at))  # type: ignore[misc]
            ways = [
                self._ask(lambda way=config_id: self._runtime.wecom.contact_way(way))  # type: ignore[misc]
                for config_id in page.config_ids
            ]
            with self._runtime.transaction() as session:
                count += channels.learn(session, ways, now=self._runtime.now())
            self._set("channels", count)
            if not (cursor := page.next_cursor):
                return

    def _serving(self) -> None:
        serving = self._ask(self._runtime.wecom.followers)
        with self._runtime.transaction() as session:
            count = staff.learn_who_serves(session, serving, now=self._runtime.now())
            self.run = sync_runs.hold(session, self.run, now=self._runtime.now())
            self.run.members, self.run.position = list(serving), 0
            for userid in staff.not_serving_with_customers(session, limit=sync_runs.MOST_UNSEEN):
                sync_runs.could_not_see(self.run, userid, None)
        self._set("serving", count)

    def _customers(self) -> None:
        self.run = learn_customers(self._runtime, self.run, self._ask, self._after)

    def _groups(self) -> None:
        """Those asked for since the run began are not asked for again."""
        began_at: datetime = self.run.started_at
        learn_groups(self._runtime, fresh=self._runtime.now() - began_at, ask=self._ask, after=self._group_done)

    def _group_done(self, tally: dict[str, int], unseen: tuple[str, int | None] | None) -> None:
        if unseen:
            with self._runtime.transaction() as session:
                self.run = sync_runs.hold(session, self.run, now=self._runtime.now())
                sync_runs.could_not_see(self.run, *unseen)
        self._commit(tally)
