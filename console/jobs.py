"""The jobs: what happens by itself, when next, how the last runs went; and having one run now."""

from collections.abc import Mapping
from datetime import datetime

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from console import job_words, notices
from console.door import JOBS, RUN_JOBS, blueprint, user_only
from console.inbox import to_the_second
from crm import audits, job_reports, job_runs, workers
from crm.errors import NotFound
from crm.timings import Plan
from models.schedule import JobRun
from runtime import runtime, utc_now

FILTERS = ("all", *job_reports.RESULTS)


def plans() -> Mapping[str, Plan]:
    """The schedule, as `create_app` was given it: this door does not know the other one."""
    found: Mapping[str, Plan] = current_app.extensions["huitou_plans"]
    return found


def _took(run: JobRun | None, now: datetime) -> str:
    if run is None or run.state in ("waiting", "skipped"):
        return "–"
    return notices.seconds(max(((run.ended_at or now) - run.started_at).total_seconds(), 0))


def _job(name: str, plan: Plan, opened: Mapping[str, JobRun], ran: Mapping[str, JobRun], now: datetime) -> object:
    """A line of the table above: what runs now, else how the last run went."""
    zone, last = runtime().zone, opened.get(name) or ran.get(name)
    overruns = last is not None and job_reports.is_overrunning(last, now=now)
    title, deed = job_words.name_and_deed(name)
    return {
        "job": name,
        "title": title,
        "deed": deed,
        "often": job_words.how_often(plan.timing),
        "next": job_words.when(plan.timing.following(zone, now), now, zone),
        "last": ran.get(name),
        "took": _took(ran.get(name), now),
        "is_open": name in opened,
        "pill": job_words.pill(last, overruns=overruns),
        "advice": job_words.what_to_do(last, overruns=overruns),
    }


def _run(run: JobRun, now: datetime) -> object:
    """A line of the list of runs."""
    overruns = job_reports.is_overrunning(run, now=now)
    return {
        "title": job_words.name_and_deed(run.job)[0],
        "at": to_the_second(run.slot),
        "took": _took(run, now),
        "pill": job_words.pill(run, overruns=overruns),
        "remark": job_words.remark(run, overruns=overruns),
    }


@blueprint.get("/jobs")
@user_only(*JOBS)
def jobs_page() -> ResponseReturnValue:
    """Every job, and the last 50 runs: of one `job`, with one `result`."""
    job, result = request.args.get("job") or None, request.args.get("result", "all")
    if result not in FILTERS or (job is not None and job not in plans()):
        raise NoSuchPage
    now = runtime().now()
    with runtime().reading() as session:
        opened = {run.job: run for run in reversed(job_runs.open_runs(session))}
        ran = job_reports.newest(session, *job_reports.RAN)
        counts = job_reports.counts(session)
        runs = job_reports.page(session, job=job, result=None if result == "all" else result)
        beats, is_any_alive = workers.beats(session), workers.is_any_alive(session, real_now=utc_now())
    shown = {
        state: sum(n for (of, each), n in counts.items() if each == state and job in (None, of)) for _, state in counts
    }
    return render_template(
        "console/jobs.html",
        here="jobs",
        jobs=[_job(name, plan, opened, ran, now) for name, plan in plans().items()],
        runs=[_run(run, now) for run in runs],
        totals={name: sum(shown.get(state, 0) for state in states) for name, states in job_reports.RESULTS.items()},
        total=sum(shown.values()),
        names=[(name, job_words.name_and_deed(name)[0]) for name in plans()],
        job=job,
        result=result,
        workers=len(beats) if is_any_alive else 0,
    )


@blueprint.post("/jobs/<job>/run")
@user_only(*RUN_JOBS)
def run_now(job: str) -> ResponseReturnValue:
    """Have a job run within a second or so, by whichever worker. 409 while it runs or waits already."""
    if job not in plans():
        raise NotFound("没有这个任务")
    now = runtime().now()
    with runtime().transaction() as session:
        job_runs.ask(session, job, now=now)
        audits.note(session, actor=g.actor, action="job.run", subject=f"job:{job}", now=now)
    return redirect(url_for("console.jobs_page"), 303)
