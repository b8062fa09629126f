"""The alarm clock of a worker: it rings whatever the machine's clock does, and a killed worker's run is found."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from crm.timings import Every, Plan
from jobs.alarm import Alarm, Rates
from models import JobRun, WorkerBeat
from runtime import utc_now
from tests.apps import until

ROOT = Path(__file__).resolve().parents[2]
FAST = Rates(tick_seconds=0.05, beat_seconds=0.2, dead_seconds=3.0)
SOON = Plan(Every(600), most_seconds=60)


@pytest.fixture
def alarm(runtime):
    """Starts a worker's alarm with these jobs; all are stopped at the end."""
    started: list[Alarm] = []

    def start(rates=FAST, **jobs):
        made = Alarm(runtime, {name: (job, SOON) for name, job in jobs.items()}, rates)
        made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        made.stop(5)


@pytest.fixture
def ten_minutes(clock, make):
    """Moves the clock over the next slot, once every job has begun."""

    def move(jobs=1):
        until(lambda: len({row.job for row in make.rows(JobRun)}) == jobs, seconds=40)
        clock.tick(minutes=10)

    clock.freeze()
    return move


def states(make, job):
    return [row.state for row in make.rows(JobRun) if row.job == job and row.reason != "new"]


def test_a_job_runs_when_its_slot_comes(alarm, ten_minutes, make):
    alarm(care=lambda outside: 7)

    ten_minutes()

    until(lambda: states(make, "care") == ["done"], seconds=40)
    assert [row.did for row in make.rows(JobRun)][1:] == [7]


def test_a_slow_job_holds_up_neither_the_tick_nor_the_others(alarm, ten_minutes, make):
    go_on = threading.Event()
    alarm(slow=lambda outside: int(go_on.wait(90)), quick=lambda outside: 0)
    ten_minutes(jobs=2)

    until(lambda: states(make, "quick") == ["done"], seconds=40)
    ten_minutes(jobs=2)
    until(lambda: states(make, "quick") == ["done", "done"], seconds=40)

    assert states(make, "slow") == ["running"]
    go_on.set()
    until(lambda: states(make, "slow") == ["done", "done"], seconds=40)


def test_an_alarm_that_the_machines_clock_put_to_sleep_is_woken(alarm, ten_minutes, make):
    made = alarm(care=lambda outside: 1)
    made._rings.modify_job("tick", next_run_time=utc_now() + timedelta(hours=1))  # as if put back an hour

    ten_minutes()

    until(lambda: states(make, "care") == ["done"], seconds=40)


def test_a_clock_that_jumps_a_day_kills_no_worker(alarm, clock, make):
    first, second = alarm(care=lambda outside: 1), alarm(care=lambda outside: 1)
    until(lambda: len(make.rows(WorkerBeat)) == 2, seconds=40)

    for _ in range(4):
        clock.tick(days=1)
        time.sleep(FAST.dead_seconds / 2)
        clock.tick(days=-2)

    assert {row.worker for row in make.rows(WorkerBeat)} == {first.worker, second.worker}


def test_a_worker_that_stops_leaves_its_place(alarm, make):
    made = alarm(care=lambda outside: 1)
    until(lambda: make.rows(WorkerBeat))

    made.stop(5)

    assert make.rows(WorkerBeat) == []


def test_a_killed_worker_is_seen_and_its_run_taken_over(alarm, ten_minutes, settings, sandbox, clock, make):
    words = [settings.database.url, settings.security.master_key_file, sandbox.url]
    command = [sys.executable, "-m", "tests.jobs.stuck", *words]
    other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert other.stdout
    ten_minutes()
    assert other.stdout.readline() == "began\n"
    alarm(care=lambda outside: 1)
    time.sleep(FAST.dead_seconds * 1.5)
    began = states(make, "care")

    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    other.stdout.close()

    until(lambda: states(make, "care") == ["done"], seconds=40)
    assert began == ["running"]
    assert [row.tries for row in make.rows(JobRun) if row.state == "done"] == [2]
    assert len(make.rows(WorkerBeat)) == 1
