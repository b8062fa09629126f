"""Questions about the schedule: what runs, how the last runs went, a page of them."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.schedule import JobRun

PAGE = 50
RAN = ("done", "failed", "killed")
RESULTS = {  # what the screen calls a result: the states it covers
    "open": ("waiting", "running"),
    "done": ("done",),
    "failed": ("failed",),
    "killed": ("killed",),
    "skipped": ("skipped",),
}


def is_overrunning(run: JobRun, *, now: datetime) -> bool:
    return run.state == "running" and run.expected_by < now


def newest(session: Session, *states: str) -> dict[str, JobRun]:
    """Each job's newest run in one of these states."""
    ids = select(func.max(JobRun.id)).where(JobRun.state.in_(states)).group_by(JobRun.job)
    return {run.job: run for run in session.scalars(select(JobRun).where(JobRun.id.in_(ids)))}


def counts(session: Session) -> dict[tuple[str, str], int]:
    """Runs on record by job and state."""
    counted = select(JobRun.job, JobRun.state, func.count()).group_by(JobRun.job, JobRun.state)
    return {(job, state): count for job, state, count in session.execute(counted)}


def last_done(session: Session) -> dict[str, datetime]:
    """When each job last ended well."""
    done = select(JobRun.job, func.max(JobRun.ended_at)).where(JobRun.state == "done").group_by(JobRun.job)
    return {job: at for job, at in session.execute(done) if at is not None}


def page(session: Session, *, job: str | None = None, result: str | None = None) -> list[JobRun]:
    """The last runs, newest first."""
    runs = select(JobRun).order_by(JobRun.id.desc()).limit(PAGE)
    if job is not None:
        runs = runs.where(JobRun.job == job)
    if result is not None:
        runs = runs.where(JobRun.state.in_(RESULTS[result]))
    return list(session.scalars(runs))
