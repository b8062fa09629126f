"""A day with two web processes and two workers on one database: each slot runs once, each task is made once."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from crm.timings import due_slots
from jobs.schedule import PLANS
from models import JobRun, MassMessage, WorkerBeat
from tests.apps import until
from tests.journeys.test_kill import free_port
from tests.masses import Masses
from tests.processes import Processes, processes

STEP = timedelta(minutes=30)
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
STEPS = 48
PUSHES = 8  # every three hours
STAFF = ("Lan", "Zhou", "He")


class Day:
    """The processes, and the hand that moves their clock; after each step all that was due has been done."""

    def __init__(self, started: Processes, sandbox, runtime, make):
        self.processes, self._sandbox, self._runtime, self._make = started, sandbox, runtime, make
        self.due: set[tuple[str, datetime]] = set()
        self.webs = [started.serve_web(free_port()) for _ in range(2)]
        self.workers = [started.work() for _ in range(2)]
        until(lambda: len(make.rows(WorkerBeat)) == 2, seconds=40)
        until(lambda: {row.job for row in make.rows(JobRun)} == PLANS.keys(), seconds=20)

    def go_to(self, moment: datetime) -> None:
        before = self._runtime.now()
        self._sandbox.put("/sandbox/clock", {"now": moment.timestamp()})
        self._runtime.now.refresh()
        for job, plan in PLANS.items():
            self.due |= {(job, slot) for slot in due_slots(plan.timing, before, moment, self._runtime.zone)[-1:]}
        until(lambda: self.ended() >= self.due, seconds=30)

    def ended(self) -> set[tuple[str, datetime]]:
        return {(row.job, row.slot) for row in self._make.rows(JobRun) if row.state in ("done", "failed")}


@pytest.fixture
def day(settings, sandbox, clock, runtime, make, tmp_path) -> Iterator[Day]:
    sandbox.put("/sandbox/clock", {"now": NOON.timestamp(), "frozen": True})
    clock.refresh()
    with processes(settings, sandbox.url, tmp_path / "witness", hurry=2) as started:
        yield Day(started, sandbox, runtime, make)


@pytest.fixture
def masses(runtime, make, sandbox) -> Masses:
    return Masses(runtime, make, sandbox)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_webs_and_two_workers_do_each_slot_and_each_push_of_a_day_once(day, masses, make):
    make.gate("live")
    masses.shop(**dict.fromkeys(STAFF, 20))
    audience = make.audience()
    for number in range(PUSHES):
        due = NOON + (number + 1) * timedelta(hours=3)
        make.push(audience, state="scheduled", next_at=due, text=f"第 {number} 封")

    for step in range(1, STEPS + 1):
        day.go_to(NOON + step * STEP)
        if step == 12:  # 18:00: one of them dies, another takes its place
            day.processes.kill(day.workers[0])
            day.processes.work()
        if step == 24:  # midnight: the clock is put back an hour
            day.go_to(NOON + (step - 2) * STEP)

    slots_ran_once(day, make)
    each_push_made_one_task_a_sender(masses, make)
    assert [requests.get(f"{url}/healthz", timeout=5).status_code for url in day.webs] == [200, 200]


def slots_ran_once(day, make):
    runs = [row for row in make.rows(JobRun) if row.reason != "new"]
    assert {row.state for row in runs} == {"done"}
    assert {(row.job, row.slot) for row in runs} == day.due
    assert {row.tries for row in runs} == {1}
    assert len({row.worker for row in runs}) > 1
    assert Counter(day.processes.ran()) == Counter(row.job for row in runs)
    assert Counter(row.job for row in runs) >= Counter({"sync": 1, "forget_old": 1, "forget_nonces": 24})


def each_push_made_one_task_a_sender(masses, make):
    wanted = PUSHES * len(STAFF)
    until(lambda: [task.state for task in masses.tasks()].count("created") == wanted, seconds=30)
    shown = [(one["text"], task["userid"]) for one in masses.at_wecom() for task in one["tasks"]]
    assert len(shown) == len(set(shown)) == wanted
    assert {task.msgid for task in masses.tasks()} == {one["msgid"] for one in masses.at_wecom()}
    assert {task.tries for task in masses.tasks()} == {1}
    assert len(make.rows(MassMessage)) == PUSHES
