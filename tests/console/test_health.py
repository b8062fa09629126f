"""What machines ask: alive, ready, and how it goes."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from app import create_app
from runtime import Runtime, utc_now
from tests.console.conftest import Browser

LOOPBACK = "127.0.0.1"


@pytest.fixture
def machine(browser):
    return browser(LOOPBACK)


def test_alive_asks_nothing_of_anybody(machine):
    assert machine.get("/healthz").json == {"status": "ok"}


def test_ready_waits_for_the_token(machine, runtime, make):
    make.worker()
    assert (machine.get("/readyz").status_code, machine.get("/readyz").json["not_ready"]) == (503, ["token"])

    runtime.wecom.warm()

    assert machine.get("/readyz").json == {"ready": True, "not_ready": []}


def test_ready_says_when_nobody_works_off_the_inbox(machine, runtime, make, clock):
    runtime.wecom.warm()
    make.worker()
    make.notice(state="received", applied_at=None)
    assert machine.get("/readyz").status_code == 200

    clock.tick(seconds=61)

    assert machine.get("/readyz").json["not_ready"] == ["worker"]


def test_ready_says_when_no_worker_is_alive_whatever_the_shops_clock_does(machine, runtime, make, clock):
    runtime.wecom.warm()
    make.worker("gone", beat_at=utc_now() - timedelta(seconds=61))
    assert machine.get("/readyz").json["not_ready"] == ["worker"]

    make.worker("here")
    clock.tick(days=1)
    runtime.wecom.warm()

    assert machine.get("/readyz").json["not_ready"] == []


def test_ready_says_when_the_database_is_older_than_the_program(machine, runtime):
    runtime.wecom.warm()
    with runtime.transaction() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    assert machine.get("/readyz").json["not_ready"] == ["migrations"]


def test_ready_says_when_the_database_is_away(settings, clock, tmp_path):
    away = settings.database.model_copy(update={"url": "postgresql+psycopg://nobody@/none?host=/nowhere"})
    runtime = Runtime(settings.model_copy(update={"database": away}), clock=clock)

    answer = Browser(create_app(runtime).test_client()).get("/readyz")

    assert answer.status_code == 503
    assert answer.json == {"ready": False, "not_ready": ["database"]}
    assert "nowhere" not in answer.get_data(as_text=True)


def test_figures_count_what_the_tables_hold(machine, make, runtime, clock):
    make.notice(state="failed")
    make.notice(state="received", applied_at=None)
    make.touch("unknown")
    make.gate("stopped")
    clock.freeze()
    clock.tick(seconds=30)
    runtime.metrics.count_call("gettoken", 0, 0.1)

    figures = machine.get("/metrics").get_data(as_text=True)

    assert 'huitou_inbox{state="failed"} 1.0' in figures
    assert 'huitou_inbox{state="unknown"} 0.0' in figures
    assert 'huitou_touches{state="unknown"} 1.0' in figures
    assert 'huitou_gate{mode="stopped"} 1.0' in figures
    assert 'huitou_wecom_calls_total{endpoint="gettoken",errcode="0"} 1.0' in figures
    lag = next(line for line in figures.splitlines() if line.startswith("huitou_inbox_lag_seconds "))
    assert 30 <= float(lag.split()[1]) < 40


def test_figures_tell_how_the_schedule_goes(machine, make, clock):
    clock.freeze()
    make.worker()
    make.run("sync", "done", ended_at=clock() - timedelta(hours=2))
    make.run("sync", "failed")
    make.run("sync", "running", started_at=clock() - timedelta(seconds=90), expected_by=clock() - timedelta(seconds=1))
    make.run("forget_old", "running", started_at=clock(), expected_by=clock() + timedelta(seconds=1))

    figures = machine.get("/metrics").get_data(as_text=True)

    for line in (
        "huitou_workers 1.0",
        'huitou_job_runs{job="sync",state="failed"} 1.0',
        'huitou_job_running_seconds{job="sync"} 90.0',
        'huitou_job_overrunning{job="sync"} 1.0',
        'huitou_job_overrunning{job="forget_old"} 0.0',
        'huitou_job_last_success_age_seconds{job="sync"} 7200.0',
    ):
        assert line in figures
    assert 'huitou_job_last_success_age_seconds{job="forget_old"}' not in figures


def test_figures_are_for_this_machine_alone(machine, browser):
    assert machine.get("/metrics").status_code == 200
    assert browser("203.0.113.7").get("/metrics").status_code == 403


def test_with_a_token_figures_are_for_its_bearer(settings, runtime):
    server = settings.server.model_copy(update={"metrics_token": SecretStr("s3cret")})
    runtime.settings = settings.model_copy(update={"server": server})
    client = create_app(runtime).test_client()

    answers = [
        client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": LOOPBACK}).status_code
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer s3cret"})
    ]

    assert answers == [403, 403, 200]
