"""Whether we are alive, whether we are ready, and how it goes: for machines."""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callers import anyone
from crm import gates, inbox_reports, job_reports, job_runs, workers
from crm.errors import Refused
from migrations import current, newest
from models.gate import MODES
from models.inbox import STATES as INBOX_STATES
from models.schedule import STATES as RUN_STATES
from models.token import Token
from models.touch import STATES as TOUCH_STATES
from runtime import Runtime, runtime, utc_now

blueprint = Blueprint("health", __name__)

LAG_SECONDS = 60  # a worker looks every two seconds


@blueprint.get("/healthz")
@anyone
def healthz() -> tuple[dict[str, str], int]:
    """Alive: the process answers."""
    return {"status": "ok"}, 200


@blueprint.get("/readyz")
@anyone
def readyz() -> tuple[dict[str, object], int]:
    """Ready: 200, or 503 with `not_ready`, some of database, migrations, token, worker."""
    not_ready = list(_not_ready(runtime()))
    return {"ready": not not_ready, "not_ready": not_ready}, 503 if not_ready else 200


def _not_ready(runtime: Runtime) -> Iterator[str]:
    try:
        if current(runtime.engine) != newest():
            yield "migrations"
            return
        wecom, now = runtime.settings.wecom, runtime.now()
        with runtime.reading() as session:
            token = session.get(Token, f"wecom:{wecom.corp_id}:{wecom.agent_id}:access")
            lag = inbox_reports.lag_seconds(session, now=now)
            is_any_alive = workers.is_any_alive(session, real_now=utc_now())
    except SQLAlchemyError:
        yield "database"
        return
    if token is None or token.expires_at is None or token.expires_at <= now:
        yield "token"
    if lag > LAG_SECONDS or not is_any_alive:
        yield "worker"


@blueprint.get("/metrics")
@anyone
def metrics() -> Response:
    """Figures for Prometheus: to this machine alone, or with `server.metrics_token` to whoever bears it."""
    if not _may_measure(request.headers.get("Authorization", ""), request.remote_addr):
        raise Refused("figures are for this machine, or for whoever bears server.metrics_token")
    registry = CollectorRegistry()
    registry.register(Tables(runtime()))
    figures = generate_latest(runtime().metrics.registry) + generate_latest(registry)
    return Response(figures, content_type=CONTENT_TYPE_LATEST)


def _may_measure(authorization: str, address: str | None) -> bool:
    token = runtime().settings.server.metrics_token.get_secret_value()
    if token:
        return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    if "X-Forwarded-For" in request.headers and not runtime().settings.server.behind_proxy:
        return False  # a proxy on this machine that we were not told of: everybody comes from here
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


class Tables:
    """What is read from the tables when asked, the same from every process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._runtime.now()
        with self._runtime.reading() as session:
            notices = inbox_reports.by_state(session)
            touches = gates.touches_by_state(session)
            lag = inbox_reports.lag_seconds(session, now=now)
            mode = gates.mode(session)
            yield from _schedule(session, now)
        yield _by_label("huitou_inbox", "Callbacks on record, by state.", "state", INBOX_STATES, notices)
        yield GaugeMetricFamily("huitou_inbox_lag_seconds", "How long the oldest due callback has waited.", value=lag)
        yield _by_label("huitou_touches", "Touches on record, by state.", "state", TOUCH_STATES, touches)
        yield _by_label("huitou_gate", "Whether anything goes out: 1 at its mode.", "mode", MODES, {mode: 1})


def _schedule(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    counts, done = job_reports.counts(session), job_reports.last_done(session)
    running = [run for run in job_runs.open_runs(session) if run.state == "running"]
    yield GaugeMetricFamily("huitou_workers", "Workers that beat.", value=len(workers.beats(session)))
    runs = GaugeMetricFamily("huitou_job_runs", "Runs of the schedule on record.", labels=["job", "state"])
    age = GaugeMetricFamily("huitou_job_last_success_age_seconds", "Since a job last ended well.", labels=["job"])
    lasts = GaugeMetricFamily("huitou_job_running_seconds", "How long a job has been running.", labels=["job"])
    over = GaugeMetricFamily("huitou_job_overrunning", "1 while a job runs longer than it should.", labels=["job"])
    for job in sorted({job for job, _ in counts}):
        for state in RUN_STATES:
            runs.add_metric([job, state], counts.get((job, state), 0))
        lasts.add_metric([job], max((seconds(now - run.started_at) for run in running if run.job == job), default=0))
        over.add_metric([job], any(job_reports.is_overrunning(run, now=now) for run in running if run.job == job))
        if job in done:
            age.add_metric([job], seconds(now - done[job]))
    yield from (runs, lasts, over, age)


def seconds(lasting: timedelta) -> float:
    return max(lasting.total_seconds(), 0)


def _by_label(name: str, words: str, label: str, values: tuple[str, ...], counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
