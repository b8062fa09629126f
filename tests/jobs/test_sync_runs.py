"""A sync that is broken off goes on at its last page, ends nobody unseen, and says whom it could not see and why."""

import os
import socket

import pytest
from sqlalchemy import update

from crm import sync_runs
from jobs.asking import Stopped
from jobs.sync import run_sync, sync
from models import Follow, SyncRun
from wecom.errors import Permanent

BATCH = "externalcontact/batch/get_by_user"


def wm(number):
    return f"wm{number:030d}"


@pytest.fixture
def shop(sandbox):
    """Lan has 250 customers, which is three pages, and Zhou thirty."""
    follows = [("Lan", n) for n in range(250)] + [("zhou", n) for n in range(250, 280)]
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}],
            "staff": [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}],
            "customers": [{"external_userid": wm(n), "unionid": f"o-{n}"} for n in range(280)],
            "follows": [{"userid": who, "external_userid": wm(n), "createtime": 1_700_000_000} for who, n in follows],
        },
    )
    return sandbox


@pytest.fixture
def pages(runtime):
    """How many pages of customers were asked for."""

    def asked():
        samples = runtime.metrics.wecom_calls.collect()[0].samples
        return sum(s.value for s in samples if s.name.endswith("_total") and s.labels["endpoint"] == BATCH)

    return asked


def stop_after(page):
    def progress(run):
        if run.counts.get("pages", 0) == page and run.stage == "customers":
            raise Stopped

    return progress


def killed(runtime, *, pid):
    """As kill -9 leaves a run: running, and held by a process that is no more."""
    values = {"state": "running", "ended_at": None, "holder": f"{socket.gethostname()}|{pid}"}
    with runtime.transaction() as session:
        session.execute(update(SyncRun).values(**values, held_until=runtime.now() + sync_runs.HELD))


def test_a_killed_sync_goes_on_at_the_last_committed_page(shop, runtime, make, pages):
    run_sync(runtime, stop_after(2))
    killed(runtime, pid=2**22 + 1)  # beyond the largest pid
    so_far = len(make.rows(Follow))

    run = run_sync(runtime)

    assert so_far == 200
    assert pages() <= 4  # the third may have been on its way when it was killed
    assert (run.id, run.state, run.counts["follows"], run.counts["new"]) == (1, "done", 280, 280)
    assert len(make.rows(Follow)) == 280


def test_a_run_broken_off_ends_nobody_and_its_old_cursor_is_not_believed(shop, runtime, make, clock, pages):
    sync(runtime)
    clock.tick(hours=1)
    shop.post("/sandbox/follows/delete", {"userid": "Lan", "external_userid": wm(0), "by": "staff"})
    run_sync(runtime, stop_after(2))
    still_open = [row.is_open() for row in make.rows(Follow)]
    clock.tick(minutes=30)
    before = pages()

    run = run_sync(runtime)

    assert all(still_open)
    assert pages() - before == 3  # from the first page again
    assert [row.contact_id for row in make.rows(Follow) if not row.is_open()] == [make.rows(Follow)[0].contact_id]
    assert run.repaired == {"follow_gone": 1}


def test_whom_we_may_not_see_is_named_and_keeps_their_customers(shop, sandbox, runtime, make):
    sync(runtime)
    sandbox.request("PATCH", "/sandbox/staff/zhou", {"licensed": False})
    sandbox.post("/sandbox/follows/delete", {"userid": "zhou", "external_userid": wm(250), "by": "staff"})
    unlicensed = run_sync(runtime)
    sandbox.faults({"on": "call", "path": BATCH, "errcode": 60011, "times": 2})  # both together, then Lan alone

    refused = run_sync(runtime)

    assert unlicensed.unseen == [{"userid": "zhou", "errcode": 701008}]
    assert refused.unseen == [{"userid": "Lan", "errcode": 60011}, {"userid": "zhou", "errcode": 701008}]
    assert all(row.is_open() for row in make.rows(Follow))


def test_a_limit_is_waited_for_and_the_sync_goes_on(shop, sandbox, runtime, clock):
    waited = []

    def pause(seconds):
        waited.append(seconds)
        clock.tick(seconds=seconds)

    sandbox.faults(
        {"on": "call", "path": BATCH, "errcode": 45033, "times": 1},
        {"on": "call", "path": BATCH, "errcode": 45009, "times": 1},
    )

    run = run_sync(runtime, pause=pause)

    assert (run.state, run.counts["follows"]) == ("done", 280)
    assert waited == [2.0, 60]


def test_a_person_can_stop_it_and_only_one_process_is_at_it(shop, runtime, make):
    def ask_to_stop(run):
        if run.stage == "customers":
            with runtime.transaction() as session:
                sync_runs.ask_to_stop(session, now=runtime.now())

    stopped = run_sync(runtime, ask_to_stop)
    killed(runtime, pid=os.getppid())  # one that lives
    with pytest.raises(sync_runs.Taken):
        run_sync(runtime)
    with runtime.transaction() as session:
        session.execute(update(SyncRun).values(held_until=runtime.now()))

    assert (stopped.state, len(make.rows(Follow)) < 280) == ("stopped", True)
    assert run_sync(runtime).state == "done"


def test_what_waiting_does_not_help_leaves_a_run_to_go_on_with(shop, sandbox, runtime, make):
    sandbox.faults({"on": "call", "path": "externalcontact/get_follow_user_list", "errcode": 48002, "times": 1})
    with pytest.raises(Permanent):
        run_sync(runtime)
    [failed] = make.rows(SyncRun)

    assert (failed.state, failed.stage, failed.reason) == ("failed", "serving", "Permanent")
    assert (run_sync(runtime).id, make.rows(SyncRun)[0].state) == (failed.id, "done")
