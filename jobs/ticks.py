"""What is due is begun, once: whoever inserts the row of a slot runs it, on whichever machine."""

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from crm import job_runs, workers
from crm.job_runs import AT_ONCE, Claim, Slot
from crm.timings import Plan, due_slots
from jobs.schedule import PLANS, Job
from models.schedule import JobRun
from runtime import Runtime, utc_now

log = logging.getLogger("huitou.jobs")


class Ticks:
    """The schedule as one worker sees it. `tick` claims what is due; nobody else runs what it returns."""

    def __init__(self, runtime: Runtime, worker: str, plans: Mapping[str, Plan] = PLANS) -> None:
        self._runtime = runtime
        self._worker = worker
        self._plans = plans
        self._seen: dict[str, datetime] = {}  # slots known to have a row: most seconds there is nothing to ask about

    def tick(self, *, in_hand: Collection[int] = (), room: int = AT_ONCE) -> list[Claim]:
        """The runs that are ours now, at most `room`; `in_hand` are those this process is still busy with."""
        now = self._runtime.now()
        with self._runtime.reading() as session:
            opened, alive = job_runs.open_runs(session), workers.beats(session)
        lost = [run for run in opened if self._is_lost(run, alive, in_hand)]
        latest = {name: plan.timing.latest(self._runtime.zone, now) for name, plan in self._plans.items()}
        busy = {run.job for run in opened}
        new = [name for name, slot in latest.items() if self._seen.get(name) != slot and name not in busy]
        won = self._take_over(in_hand, room, now) if lost and room > 0 else []
        for slots in self._due(new, now):
            won += self._take(slots, room - len(won), in_hand, now)
        return won

    def _is_lost(self, run: JobRun, alive: Collection[str], in_hand: Collection[int]) -> bool:
        """Waiting for a worker; or its worker is dead, or is us and we know nothing of it."""
        if run.state == "waiting":
            return True
        return run.id not in in_hand if run.worker == self._worker else run.worker not in alive

    def _take_over(self, in_hand: Collection[int], room: int, now: datetime) -> list[Claim]:
        won: list[Claim] = []
        with self._runtime.transaction() as session:
            job_runs.take_turn(session)
            workers.beat(session, self._worker, at=utc_now())
            opened, alive = job_runs.open_runs(session), workers.beats(session)
            lost = [run for run in opened if self._is_lost(run, alive, in_hand)]
            busy = {run.job for run in opened if run not in lost}
            for run in lost:
                plan = self._plans.get(run.job)
                if plan is None:
                    job_runs.give_up(session, run, now=now)
                elif run.job not in busy and len(won) < room:
                    claim = job_runs.take_over(
                        session, run, worker=self._worker, most_seconds=plan.most_seconds, now=now
                    )
                    won += [claim] if claim else []
                    busy |= {run.job} if claim else set()
        return won

    def _due(self, names: list[str], now: datetime) -> Iterator[list[Slot]]:
        """The newest due slot of each job, some hundred at a time."""
        if not names:
            return
        with self._runtime.reading() as session:
            newest = job_runs.newest_slots(session, names, now=now)
        slots = [slot for name in names if (slot := self._slot(name, newest, now))]
        for start in range(0, len(slots), AT_ONCE):
            yield slots[start : start + AT_ONCE]

    def _slot(self, name: str, newest: Mapping[str, datetime | None], now: datetime) -> Slot | None:
        plan, zone = self._plans[name], self._runtime.zone
        since = newest.get(name)
        if since is None:  # the first time: it begins with its next slot
            return Slot(name, plan.timing.latest(zone, now), runs=False, reason="new")
        due = due_slots(plan.timing, since, now, zone)
        if not due:
            self._seen[name] = plan.timing.latest(zone, now)
            return None
        runs = plan.takes(due[-1], now)
        return Slot(name, due[-1], runs, "" if runs else "missed", plan.most_seconds)

    def _take(self, slots: list[Slot], room: int, in_hand: Collection[int], now: datetime) -> list[Claim]:
        with self._runtime.transaction() as session:
            job_runs.take_turn(session)
            workers.beat(session, self._worker, at=utc_now())
            busy = job_runs.busy_among(session, [slot.job for slot in slots])
            free = [slot for slot in slots if not slot.runs or slot.job not in busy]
            running = [slot for slot in free if slot.runs][: max(room, 0)]
            taken = [slot for slot in free if not slot.runs] + running
            won = job_runs.take_slots(session, taken, worker=self._worker, now=now)
        self._seen |= {slot.job: slot.at for slot in taken}
        return won


def run(runtime: Runtime, claim: Claim, job: Job) -> None:
    """Run what was claimed, and say how it went. An error is kept by its kind: its text may quote anything."""
    began, did, state, reason = time.monotonic(), None, "done", ""
    try:
        did = job(runtime)
    except Exception as problem:
        state, reason = "failed", type(problem).__name__
        log.error("job %s failed: %s", claim.job, reason)
    runtime.metrics.jobs.labels(claim.job, state).inc()
    runtime.metrics.job_seconds.labels(claim.job).observe(time.monotonic() - began)
    with runtime.transaction() as session:
        settled = job_runs.settle(session, claim, state, did=did, reason=reason, now=runtime.now())
    if not settled:
        log.warning("run %s of %s was taken over by another worker", claim.id, claim.job)
