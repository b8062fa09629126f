"""`python app.py demo`: one command, and the loop runs."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from runtime import ROOT
from tests.sandboxes import Sandbox

READY = re.compile(r"^ready app=(\S+) sandbox=(\S+) console=(\S+)$")


class Demo:
    """A running demo, and what its ready line said."""

    def __init__(self, folder: Path) -> None:
        port = free_ports()
        command = [sys.executable, "app.py", "demo", "--port", str(port), "--no-open", "--data", str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        found = READY.match(line)
        assert found, line
        self.app, self.sandbox_url, self.console = found.groups()
        self.sandbox = Sandbox(self.sandbox_url)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def free_ports() -> int:
    """A port whose neighbour is free, too."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return int(port)
    raise AssertionError("no two free ports side by side")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def demo(folder: Path) -> Iterator[Demo]:
    running = Demo(folder)
    yield running
    if running.process.poll() is None:
        running.stop()


def eventually(look: Callable[[], Any], within_seconds: float = 20) -> Any:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_a_newcomer_is_welcomed_and_recognised_by_unionid_with_one_command(demo: Demo) -> None:
    newcomer = next(customer for customer in customers(demo) if not customer["follows"])

    added = demo.sandbox.post("/sandbox/scan", {"external_userid": newcomer["external_userid"], "userid": "linxiaowen"})

    welcome = eventually(
        lambda: [m for m in demo.sandbox.messages("linxiaowen", added["external_userid"]) if m["source"] == "welcome"]
    )
    assert "林晓雯" in welcome[0]["content"]["content"]
    card = eventually(lambda: known(demo, added["external_userid"]))
    assert card["order_count"] >= 1
    assert card["spend_fen"] == sum(o["paid_fen"] - o["refunded_fen"] for o in card["orders"] if o["paid_at"])


def customers(demo: Demo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demo.sandbox.get("/sandbox/customers", limit=1000)["customers"]
    return found


def known(demo: Demo, external_userid: str) -> Any:
    """What staff see of a customer, once there are orders."""
    browser = requests.Session()
    browser.trust_env = False
    browser.post(f"{demo.sandbox_url}/sandbox/client/sign-in", json={"userid": "linxiaowen"}, timeout=10)
    browser.get(f"{demo.app}/sidebar/", timeout=10)
    card = browser.get(f"{demo.app}/sidebar/contacts/{external_userid}", timeout=10).json()
    return card if card.get("order_count") else None


def test_a_second_start_finds_everything_as_it_was(demo: Demo) -> None:
    followed = [customer for customer in customers(demo) if customer["follows"]]

    assert len(followed) >= 500
    assert requests.get(f"{demo.app}/readyz", timeout=10).status_code == 200
    assert requests.get(demo.console, timeout=10).status_code == 200


def test_an_app_that_is_killed_is_started_again(demo: Demo) -> None:
    before = set(children(demo))

    os.kill(max(before), signal.SIGKILL)

    eventually(lambda: set(children(demo)) - before)
    eventually(lambda: answers(f"{demo.app}/healthz") and answers(f"{demo.sandbox_url}/sandbox/clock"))


def test_both_processes_end_with_the_demo_however_it_ends(demo: Demo) -> None:
    demo.process.kill()
    demo.process.wait(timeout=10)

    eventually(lambda: not answers(f"{demo.app}/healthz") and not answers(f"{demo.sandbox_url}/sandbox/clock"))


def test_the_demo_ends_well_when_asked_to(demo: Demo) -> None:
    assert demo.stop() == 0

    assert not answers(f"{demo.app}/healthz")
    assert not answers(f"{demo.sandbox_url}/sandbox/clock")


def children(demo: Demo) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(demo.process.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
