"""The app is killed again and again while callbacks pour in twice and out of order: nothing said `success` is lost."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from crm import persons
from models import Contact, Follow, IdentityLink, Inbox, Order, Touch
from tests.apps import until

ROOT = Path(__file__).resolve().parents[2]
KILLS, ADDS = 10, 200
FAULTS = (
    {"on": "callback", "do": "duplicate", "copies": 3, "probability": 0.3},
    {"on": "callback", "do": "reorder", "window": 6, "probability": 0.5},
)
CHANGES = {"edit": "edit_external_contact", "staff": "del_external_contact", "customer": "del_follow_user"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Killable:
    """The app in a process of its own, started anew after every kill."""

    def __init__(self, port, settings, sandbox_url):
        self.url = f"http://127.0.0.1:{port}"
        words = [str(port), settings.database.url, settings.security.master_key_file, sandbox_url]
        self._process: Any = subprocess.Popen(
            [sys.executable, "-m", "tests.killable", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )  # fmt: skip
        self._app = 0

    def start(self):
        self._process.stdin.write("another\n")
        self._process.stdin.flush()
        self._app = int(self._process.stdout.readline())
        until(self._answers, seconds=20)

    def kill(self):
        os.kill(self._app, signal.SIGKILL)

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)

    def _answers(self):
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=1).ok
        return False


@pytest.fixture
def app_process(settings, sandbox, runtime):
    process = Killable(free_port(), settings, sandbox.url)
    process.start()
    yield process
    process.close()


class Crowd(threading.Thread):
    """500 things people do: all are added, most edited, most part again; one of a kind for each customer."""

    def __init__(self, sandbox, customers):
        super().__init__()
        self._sandbox, self._customers = sandbox, customers
        self.done = 0
        self.app_is_up = threading.Event()

    def run(self):
        for customer in self._customers:
            self._do("/sandbox/scan", customer)
        for number, customer in enumerate(self._customers):
            if number % 4:
                self._do("/sandbox/follows/edit", customer, remark=f"备注{number}")
            if number % 4 != 3:
                self._do("/sandbox/follows/delete", customer, by="staff" if number % 2 else "customer")

    def wait_for(self, so_many):
        until(lambda: self.done >= so_many, seconds=60)

    def _do(self, what, customer, **more):
        self._sandbox.post(what, {"userid": "Lan", "external_userid": customer} | more)
        self.done += 1
        time.sleep(0.01)
        self.app_is_up.wait(0.3)  # fewer come while it is down, so that not all of them use up their tries


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_ten_kills_lose_and_double_nothing(app_process, sandbox, clock, runtime, make):
    random_moments = random.Random(7)
    make.gate("live")
    make.staff(userid="Lan", name="林晓雯")
    customers = [f"wm{number:030d}" for number in range(ADDS)]
    people = [{"external_userid": name, "unionid": f"o-{name}"} for name in customers]
    sandbox.post("/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}], "customers": people})
    shop = make.shop()
    for name in customers[:50]:
        make.order(make.identity("unionid", f"o-{name}"), shop)
    sandbox.put("/sandbox/callback", {"url": f"{app_process.url}/bot/callback"})
    sandbox.faults(*FAULTS)

    crowd = Crowd(sandbox, customers)
    crowd.app_is_up.set()
    crowd.start()
    for so_many in sorted(random_moments.sample(range(20, 480), KILLS)):
        crowd.wait_for(so_many)
        crowd.app_is_up.clear()
        app_process.kill()
        app_process.start()
        crowd.app_is_up.set()
    crowd.join()
    until(lambda: sandbox.get("/sandbox/callback")["pending"] == 0, seconds=60)
    until(lambda: not open_count(runtime, Touch, "planned"), seconds=30)
    until(lambda: clock.tick(seconds=20) and settled(runtime), seconds=60)
    sandbox.put("/sandbox/callback", {"url": None})

    events = [one for one in sandbox.get("/sandbox/events", limit=5000)["events"] if one["delivery"]]
    assert len(events) == 500
    told = Counter(one["delivery"]["state"] for one in events)
    print(f"{dict(told)}, welcomes {dict(Counter(row.state for row in make.rows(Touch)))}", flush=True)
    every_success_took_effect_once(events, make)
    follows_are_what_the_stored_events_say(make)
    orders_are_with_their_people(customers, runtime, make)
    every_welcome_is_accounted_for(sandbox, make)


def open_count(runtime, table, *states):
    with runtime.reading() as session:
        return session.scalar(select(func.count()).where(table.state.in_(states)))


def settled(runtime):
    """Nothing waits for anybody any more."""
    waiting = open_count(runtime, Inbox, "received", "waiting")
    return not (waiting or open_count(runtime, Touch, "planned", "trying"))


def every_success_took_effect_once(events, make):
    stored = Counter((row.kind.partition(".")[2], row.external_userid) for row in make.rows(Inbox))
    said_success = {
        (one["kind"], one["detail"]["external_userid"]) for one in events if one["delivery"]["state"] == "delivered"
    }
    assert said_success <= stored.keys()
    assert set(stored.values()) == {1}
    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert len(said_success) > 250
    assert max(row.deliveries for row in make.rows(Inbox)) > 1


def follows_are_what_the_stored_events_say(make):
    happened: dict[str, set[str]] = {}
    for row in make.rows(Inbox):
        happened.setdefault(row.external_userid, set()).add(row.kind.partition(".")[2])
    names = {row.id: row.external_userid for row in make.rows(Contact)}
    ended = {names[row.contact_id]: row.ended_by for row in make.rows(Follow)}
    for external_userid, kinds in happened.items():
        by = {"del_external_contact": "staff", "del_follow_user": "customer"}
        expected: list[str | None] = [by[kind] for kind in kinds if kind in by]
        if kinds != {"edit_external_contact"}:
            assert [ended[external_userid]] == (expected or [None]), external_userid


def orders_are_with_their_people(customers, runtime, make):
    owners = {row.external_userid: row.customer_id for row in make.rows(Contact) if row.unionid}
    ours = dict(zip(customers[:50], make.rows(Order), strict=True))
    assert [name for name, order in ours.items() if name in owners and order.customer_id != owners[name]] == []
    assert len(make.rows(IdentityLink)) == len(owners)
    with runtime.transaction() as session:
        assert persons.rebuild(session, now=runtime.now()) == 0


def every_welcome_is_accounted_for(sandbox, make):
    messages = Counter(one["external_userid"] for one in sandbox.get("/sandbox/messages")["messages"])
    touches = {row.external_userid: row for row in make.rows(Touch)}
    added = {row.external_userid for row in make.rows(Inbox) if row.kind.endswith(".add_external_contact")}
    assert len(touches) == len(make.rows(Touch))
    assert touches.keys() == added
    assert set(messages.values()) <= {1}
    by_state: dict[str, set[str]] = {}
    for name, touch in touches.items():
        by_state.setdefault(touch.state, set()).add(name)
    unrecorded = messages.keys() - by_state.get("sent", set())
    assert by_state.get("sent", set()) <= messages.keys()
    assert unrecorded <= by_state.get("unknown", set())
