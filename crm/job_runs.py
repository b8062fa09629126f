"""Which job runs now, and who runs it: one row for each job and slot, and the row count decides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crm.errors import Conflict
from models.database import changed, insert_if_absent, insert_many_if_absent, take_turns
from models.schedule import JobRun

TRIES = 3
AT_ONCE = 500
KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Slot:
    """A job that is due. `runs` is False when the slot is only noted: it was missed, or the job is new here."""

    job: str
    at: datetime
    runs: bool
    reason: str = ""
    most_seconds: int = 60


@dataclass(frozen=True)
class Claim:
    """A run that is ours until it is settled. Nobody else has these tries of it."""

    id: int
    job: str
    worker: str
    tries: int


def open_runs(session: Session) -> list[JobRun]:
    """Running, or asked for by hand and waiting for a worker."""
    return list(session.scalars(select(JobRun).where(JobRun.state.in_(("running", "waiting"))).order_by(JobRun.id)))


def take_turn(session: Session) -> None:
    """Until this transaction ends nobody else claims: a job is looked at and begun in one go."""
    take_turns(session, "schedule")


def busy_among(session: Session, jobs: Sequence[str]) -> set[str]:
    """Those of at most `AT_ONCE` jobs that run or wait already."""
    busy = select(JobRun.job).where(JobRun.state.in_(("running", "waiting")), JobRun.job.in_(jobs))
    return set(session.scalars(busy))


def newest_slots(session: Session, jobs: Collection[str], *, now: datetime) -> dict[str, datetime | None]:
    """Each job's newest slot that is not in the future; None: it has only those. A job that never ran is not in it.

    The future: the clock was put back. Those slots are passed over until they come again, and then they have a row.
    """
    newest = select(JobRun.job, func.max(JobRun.slot).filter(JobRun.slot <= now)).group_by(JobRun.job)
    if len(jobs) <= AT_ONCE:
        newest = newest.where(JobRun.job.in_(jobs))
    return dict(session.execute(newest).all())


def take_slots(session: Session, slots: Sequence[Slot], *, worker: str, now: datetime) -> list[Claim]:
    """Insert the rows; the runs that are ours. At most `AT_ONCE` slots a transaction."""
    rows = [
        {
            "job": slot.job,
            "slot": slot.at,
            "state": "running" if slot.runs else "skipped",
            "worker": worker,
            "tries": 1,
            "reason": slot.reason,
            "started_at": now,
            "expected_by": now + timedelta(seconds=slot.most_seconds),
            "ended_at": None if slot.runs else now,
        }
        for slot in slots
    ]
    won = insert_many_if_absent(session, JobRun, rows, JobRun.id, JobRun.job, JobRun.state)
    return [Claim(run_id, job, worker, 1) for run_id, job, state in won if state == "running"]


def take_over(session: Session, run: JobRun, *, worker: str, most_seconds: int, now: datetime) -> Claim | None:
    """Go on with a run whose worker died, or begin one that waits; None when somebody else did.

    After `TRIES` workers died of it the run is `killed`.
    """
    ours = update(JobRun).where(
        JobRun.id == run.id, JobRun.state == run.state, JobRun.worker == run.worker, JobRun.tries == run.tries
    )
    if run.tries >= TRIES:
        session.execute(ours.values(state="killed", ended_at=now))
        return None
    claim = Claim(run.id, run.job, worker, run.tries + 1)
    expected_by = now + timedelta(seconds=most_seconds)
    begun = ours.values(state="running", worker=worker, tries=claim.tries, started_at=now, expected_by=expected_by)
    return claim if changed(session, begun) else None


def give_up(session: Session, run: JobRun, *, now: datetime) -> None:
    """Nobody will ever run it: the program knows no such job any more."""
    gone = update(JobRun).where(JobRun.id == run.id, JobRun.state == run.state, JobRun.tries == run.tries)
    session.execute(gone.values(state="killed", reason="gone", ended_at=now))


def settle(session: Session, claim: Claim, state: str, *, did: int | None, reason: str, now: datetime) -> bool:
    """Say how a run went; False when it was taken over meanwhile."""
    ours = update(JobRun).where(
        JobRun.id == claim.id, JobRun.state == "running", JobRun.worker == claim.worker, JobRun.tries == claim.tries
    )
    return changed(session, ours.values(state=state, did=did, reason=reason, ended_at=now)) > 0


def ask(session: Session, job: str, *, now: datetime) -> None:
    """Have a job run soon, once. Raises `Conflict` while it runs or waits already."""
    take_turn(session)
    waiting = {"state": "waiting", "worker": "", "tries": 0, "reason": "", "started_at": now, "expected_by": now}
    if busy_among(session, [job]) or not insert_if_absent(session, JobRun, job=job, slot=now, **waiting):
        raise Conflict("这个任务正在跑，等它跑完")


def forget(session: Session, *, now: datetime) -> int:
    """Drop old runs, at most `AT_ONCE` a call; returns how many."""
    old = select(JobRun.id).where(JobRun.slot < now - KEPT, JobRun.ended_at.is_not(None)).limit(AT_ONCE)
    return changed(session, delete(JobRun).where(JobRun.id.in_(old.scalar_subquery())))
