"""Mass messages to many under everything that goes wrong, the whole worker killed again and again in the middle."""

import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from crm import mass_reasons
from models import MassMessage, MassRecipient, MassTask, MassTaskMember
from runtime import Runtime
from tests.checks import everything_received_is_on_record
from tests.factories import Make
from tests.masses import CREATE, Masses
from tests.processes import Processes
from tests.sandboxes import Sandbox

TASKS, RESULTS = "externalcontact/get_groupmsg_task", "externalcontact/get_groupmsg_send_result"
LIST = "externalcontact/get_groupmsg_list_v2"
FAULTS: list[dict[str, Any]] = [
    {"on": "call", "path": CREATE, "timeout": "after", "seconds": 0.1, "probability": 0.2},
    {"on": "call", "path": CREATE, "html": True, "probability": 0.04},
    {"on": "call", "path": CREATE, "http": 502, "probability": 0.04},
    {"on": "call", "path": CREATE, "errcode": 45009, "probability": 0.1},
    {"on": "call", "path": CREATE, "errcode": -1, "probability": 0.2},
    *({"on": "call", "path": path, "errcode": -1, "probability": 0.15} for path in (TASKS, RESULTS, LIST)),
    *({"on": "call", "path": path, "http": 503, "probability": 0.05} for path in (TASKS, RESULTS, LIST)),
    {"on": "call", "path": RESULTS, "errcode": 45009, "probability": 0.02},
]
PASSING = [timedelta(seconds=70)] * 4 + [timedelta(minutes=6)] + [timedelta(minutes=11)] * 60
"""The clock's steps while what was begun comes to its end."""


class Soak:
    """Some pushes to everybody; a worker that dies at random moments; staff who confirm; then everything is counted."""

    def __init__(self, runtime: Runtime, make: Make, sandbox: Sandbox, started: Processes, *, seed: int) -> None:
        self.runtime, self.make, self.sandbox, self.processes = runtime, make, sandbox, started
        self.masses = Masses(runtime, make, sandbox)
        self.random = random.Random(seed)
        self.customers = self.pushes = self.kills = 0

    def prepare(self, *, customers: int, staff: int, pushes: int) -> None:
        self.customers, self.pushes = customers, pushes
        self.make.gate("live")
        shares = [customers // staff + (number < customers % staff) for number in range(staff)]
        self.masses.shop(**{f"s{number:02d}": share for number, share in enumerate(shares)})
        audience = self.make.audience()
        for number in range(pushes):
            self.make.push(audience, state="scheduled", next_at=self.runtime.now(), text=f"第 {number} 封，{{同事}}")

    def run(self, *, kills: int) -> None:
        self.sandbox.faults(*FAULTS)
        worker = self.processes.work()
        while self.kills < kills or self._count(MassMessage) < self.pushes:
            time.sleep(self.random.uniform(0.05, 0.8))
            self.processes.kill(worker)
            self.kills += 1
            self._pass(timedelta(seconds=self.random.uniform(1, 40)))
            worker = self.processes.work()
            self._confirm_some()
        for step in PASSING:
            if self._is_over():
                break
            self._pass(step)
            self.masses.confirm()
            self._let_it_work()
        self.processes.kill(worker)

    def everything_adds_up(self) -> None:
        """In exactly one task each, nobody twice, every msgid known, each page read, both sides equal.

        An unknown task is one that WeCom has not: whatever it has was found again.
        """
        rows: list[MassRecipient] = self.make.rows(MassRecipient)
        places = Counter((row.message_id, row.target) for row in rows)
        assert set(places.values()) == {1}
        assert len(places) == self.customers * self.pushes
        assert all(row.task_id is not None for row in rows)
        tasks: list[MassTask] = self.masses.tasks()
        assert {task.state for task in tasks} <= {"created", "unknown"}
        known = {task.msgid for task in tasks if task.state == "created"}
        assert None not in known
        assert {shown["msgid"] for shown in self.masses.at_wecom() if not shown["cancelled"]} == known
        members: list[MassTaskMember] = self.make.rows(MassTaskMember)
        assert all(member.status == 2 and member.read_at is not None for member in members)
        assert {row.state for row in rows} <= {"sent", "unknown"}
        assert {message.state for message in self.make.rows(MassMessage)} == {"done"}
        self._nobody_heard_anything_twice()
        everything_received_is_on_record(self.make, self.sandbox)
        self.masses.ledger_adds_up()

    def figures(self) -> str:
        tasks, rows = self.masses.tasks(), self.make.rows(MassRecipient)
        found = sum(task.reason == mass_reasons.FOUND for task in tasks)
        fired = Counter(_name(fault) for fault in self._fired() for _ in range(fault["fired"]))
        return (
            f"{len(rows)} recipients in {len(tasks)} tasks, {sum(task.tries for task in tasks)} creations tried, "
            f"{found} found again, {sum(task.state == 'unknown' for task in tasks)} tasks unknown; "
            f"{dict(Counter(row.state for row in rows))}; {self.kills} kills, faults {dict(fired)}"
        )

    def _nobody_heard_anything_twice(self) -> None:
        lines = self.sandbox.get("/sandbox/messages")["messages"]
        heard = Counter(
            (line["external_userid"], line["content"]["content"]) for line in lines if line["source"] == "mass"
        )
        assert {key for key, times in heard.items() if times > 1} == set()

    def _confirm_some(self) -> None:
        for shown in self.masses.at_wecom():
            for task in shown["tasks"]:
                if self.random.random() < 0.1:
                    self.masses.confirm(task["userid"])

    def _pass(self, step: timedelta) -> None:
        self.sandbox.put("/sandbox/clock", {"advance": step.total_seconds()})
        self.runtime.now.refresh()  # type: ignore[attr-defined]

    def _let_it_work(self) -> None:
        """Until nothing has changed for a moment."""
        before, looks = None, 0
        while looks < 3:
            time.sleep(0.07)
            now = self._state()
            looks = looks + 1 if now == before else 0
            before = now

    def _state(self) -> object:
        with self.runtime.reading() as session:
            return [
                session.execute(select(MassTask.state, func.count()).group_by(MassTask.state)).all(),
                session.execute(select(MassRecipient.state, func.count()).group_by(MassRecipient.state)).all(),
                session.scalar(select(func.sum(MassTask.tries))),
            ]

    def _is_over(self) -> bool:
        with self.runtime.reading() as session:
            states = set(session.scalars(select(MassMessage.state)))
        return states == {"done"} and self._count(MassMessage) == self.pushes

    def _count(self, table: type[MassMessage]) -> int:
        with self.runtime.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def _fired(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.get("/sandbox/faults")["faults"]
        return found


def _name(fault: dict[str, Any]) -> str:
    what = fault.get("errcode") or fault.get("http") or ("html" if fault.get("html") else "silent")
    return f"{'create' if fault['path'] == CREATE else 'read'} {what}"
