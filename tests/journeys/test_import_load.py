"""An import as a process of its own beside the served program, and adds all the while.

Five a second for ten seconds in CI, which shares its processors; `SOAK=full` makes it fifty, takes the whole
file in, goes on until that is done, and holds to a second for the slowest answer and five for the latest welcome.
"""

import os
import socket
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import Inbox, Order
from tests.apps import until
from tests.files.exports import REAL, first_lines, generate
from tests.processes import processes

FULL = os.environ.get("SOAK") == "full"
LINES = 20_000
LEAST_SECONDS, A_STEP, STEP_SECONDS = 10, (5 if FULL else 1), (0.1 if FULL else 0.2)
MEMBERS = 10
ANSWER_SECONDS, WELCOME_SECONDS = (1, 5) if FULL else (5, 20)  # else what WeCom asks: docs/wecom.md 2.2 and 6.1


@pytest.fixture
def file(tmp_path) -> Path:
    if not REAL.exists():
        return generate(tmp_path / "orders.csv.gz", 1_300)
    return REAL if FULL else first_lines(REAL, tmp_path / "orders.csv.gz", LINES)


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Welcomes:
    """How long each took from the scan to the sandbox, by its own record, which is read as it grows."""

    def __init__(self, sandbox):
        self.sandbox, self.last, self.waited = sandbox, 0, []

    def read(self):
        while found := self.sandbox.get("/sandbox/events", after=self.last, limit=10_000)["events"]:
            self.last = found[0]["id"]
            self.waited += [each["detail"]["after_seconds"] for each in found if each["kind"] == "api_welcome"]
        return self.waited


def add_until(sandbox, is_over):
    """Customers nobody knows scan the codes of the members; how many did, in how many seconds."""
    begun, steps, welcomes = time.monotonic(), 0, Welcomes(sandbox)
    while not is_over() or time.monotonic() < begun + LEAST_SECONDS:
        scans = [{"path": "scan", "body": {"userid": f"s{number % MEMBERS}"}} for number in range(A_STEP)]
        answers = sandbox.post("/sandbox/many", {"calls": scans})["answers"]
        assert {answer["status"] for answer in answers} == {200}
        steps += 1
        if steps % 200 == 0:
            welcomes.read()
        threading.Event().wait(max(0.0, begun + steps * STEP_SECONDS - time.monotonic()))
    return steps * A_STEP, time.monotonic() - begun, welcomes


def count(runtime, query):
    with runtime.reading() as session:
        return session.scalar(query)


@pytest.mark.slow
@pytest.mark.timeout(3600 if FULL else 180)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # of which one process at a time can write
def test_while_orders_are_imported_every_add_is_answered_and_welcomed(
    runtime, settings, make, sandbox, tmp_path, file, port
):
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "店"}],
            "staff": [{"userid": f"s{number}", "name": f"导购{number}"} for number in range(MEMBERS)],
        },
    )
    make.gate("live")
    report = tmp_path / "report.json"
    with processes(settings, sandbox.url, tmp_path / "witness") as started:
        url = started.serve(port)
        sandbox.put("/sandbox/callback", {"url": f"{url}/bot/callback"})
        started.import_orders(file, report)
        adds, seconds, welcomes = add_until(sandbox, report.exists)
        until(lambda: sandbox.get("/sandbox/callback")["pending"] == 0, seconds=60)
        until(lambda: not count(runtime, select(func.count()).where(Inbox.state == "received")), seconds=120)
        until(lambda: len(welcomes.read()) >= adds, seconds=30)
        pushes = sandbox.get("/sandbox/callback")
        sandbox.put("/sandbox/callback", {"url": None})

    waited = sorted(welcomes.waited)
    print(
        f"\n{adds} adds in {seconds:.0f} s; slowest answer {pushes['slowest_seconds']:.3f} s; "
        f"welcomes: median {waited[len(waited) // 2]:.2f} s, latest {waited[-1]:.2f} s",
        flush=True,
    )
    assert (pushes["delivered"], pushes["failed"], pushes["slowest_seconds"] < ANSWER_SECONDS) == (adds, 0, True)
    assert (len(waited), waited[-1] < WELCOME_SECONDS) == (adds, True)
    assert count(runtime, select(func.count()).select_from(Order)) > 0
