"""The worker outlives what goes wrong, stops when told, and never does a row twice."""

import json
import threading
from datetime import timedelta

import pytest
from click.testing import CliRunner

import commands
from app import create_app
from commands import context
from crm import inbox
from jobs.inbox import apply_events
from jobs.retention import forget_old
from jobs.schedule import JOBS, QUEUES
from jobs.worker import LANES, Worker
from models import Audit, Follow, Inbox, Touch
from tests.apps import until
from tests.callbacks import Callbacks, event_xml


@pytest.fixture
def callbacks(client, sandbox):
    sandbox.post("/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}]})
    return Callbacks(client, sandbox.credentials)


def test_every_lane_names_jobs_that_can_be_run_by_hand():
    assert {name for lane in LANES for name in lane.jobs} == QUEUES.keys()


@pytest.mark.parametrize("name", sorted(JOBS))
def test_every_job_may_run_twice_on_an_empty_shop(name, runtime):
    assert [JOBS[name](runtime), JOBS[name](runtime)] == [0, 0]


def test_a_job_that_fails_is_counted_and_the_lane_goes_on(runtime, callbacks, make, clock, monkeypatch, caplog):
    broken = threading.Event()

    def breaks_once(outside):
        if not broken.is_set():
            broken.set()
            raise ValueError("secret words")
        return apply_events(outside)

    monkeypatch.setitem(QUEUES, "apply_events", breaks_once)
    callbacks.post(event_xml("brand_new_event", at=clock()))
    worker = Worker(runtime)
    worker.start()

    until(lambda: [row.state for row in make.rows(Inbox)] == ["unknown"])
    worker.stop()

    count = runtime.metrics.registry.get_sample_value("huitou_jobs_total", {"job": "apply_events", "outcome": "failed"})
    assert count == 1
    assert "secret words" not in caplog.text


def test_a_stopped_worker_leaves_no_thread(runtime):
    before = set(threading.enumerate())
    worker = Worker(runtime)
    worker.start()
    started = [thread for thread in threading.enumerate() if thread not in before]
    assert started

    worker.stop()

    assert [thread.name for thread in started if thread.is_alive()] == []


def test_many_workers_apply_each_event_once(runtime, callbacks, sandbox, make, clock):
    customers = [sandbox.post("/sandbox/scan", {"userid": "Lan"})["external_userid"] for _ in range(12)]
    for customer in customers:
        callbacks.contact("add_external_contact", "Lan", customer, at=clock())
    leased: list[int] = []

    def work():
        with runtime.transaction() as session:
            leased.extend(row.id for row in inbox.lease_due(session, limit=5, now=clock()))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(leased) == sorted(row.id for row in make.rows(Inbox))

    clock.tick(seconds=inbox.LEASE.total_seconds() + 1)
    threads = [threading.Thread(target=apply_events, args=(runtime,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: apply_events(runtime) == 0)
    clock.tick(minutes=5)
    while apply_events(runtime):
        pass

    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert len(make.rows(Follow)) == 12


def test_bodies_rows_and_audit_go_when_their_time_is_over_and_what_waits_stays(runtime, callbacks, make, clock):
    for name in ("one", "two"):
        callbacks.post(event_xml(name, at=clock()))
    waiting, settled = make.rows(Inbox)
    with runtime.transaction() as session:
        session.get_one(Inbox, settled.id).state = "applied"
        session.add(
            Touch(key="k", kind="welcome", state="sent", userid="Lan", external_userid="wm", inbox_id=settled.id,
                  text_sealed=b"", created_at=clock())
        )  # fmt: skip
        session.add(Audit(at=clock(), actor="system", action="x", outcome="done"))
    keep = runtime.settings.retention

    clock.tick(days=keep.inbox_body_days + 1)
    forget_old(runtime)
    assert {row.id: row.body_sealed is None for row in make.rows(Inbox)} == {waiting.id: False, settled.id: True}
    with pytest.raises(Exception, match="保留期"), runtime.transaction() as session:
        inbox.replay(session, settled.id, now=clock())

    clock.tick(days=keep.inbox_days)
    forget_old(runtime)
    assert [row.id for row in make.rows(Inbox)] == [waiting.id]
    assert make.rows(Touch)[0].inbox_id is None
    assert len(make.rows(Audit)) == 1

    clock.tick(days=keep.audit_days)
    forget_old(runtime)
    assert make.rows(Audit) == []


@pytest.fixture
def verb(settings, runtime, monkeypatch):
    """Runs a verb of the command line on this test's database and sandbox."""
    monkeypatch.setattr(context, "load", lambda path: settings)

    def run(*words):
        return CliRunner().invoke(commands.cli, words, obj={"create_app": create_app})

    return run


def test_replay_applies_again_and_says_how_it_went(verb, callbacks, make, clock):
    callbacks.post(event_xml("brand_new_event", at=clock() - timedelta(minutes=1)))

    answer = verb("replay", "1")
    refusal = verb("replay", "99")

    assert json.loads(answer.stdout.splitlines()[-1]) | {"reason": ""} == {
        "id": 1, "kind": "brand_new_event", "state": "unknown", "reason": "",
    }  # fmt: skip
    assert (refusal.exit_code, "99" in refusal.stderr) == (1, True)


def test_run_job_and_sync_print_their_figures_as_json(verb, sandbox):
    sandbox.post(
        "/sandbox/load", {"departments": [{"id": 1, "name": "小满"}], "staff": [{"userid": "Lan", "name": "林"}]}
    )

    job, sync, unknown = verb("run-job", "apply_events"), verb("sync"), verb("run-job", "nothing")

    assert json.loads(job.stdout) == {"job": "apply_events", "done": 0}
    assert json.loads(sync.stdout)["staff"] == 1
    assert unknown.exit_code == 2


def test_a_sync_that_wecom_refuses_ends_with_words_and_code_1(verb, sandbox):
    sandbox.faults({"on": "call", "path": "department/list", "errcode": 48002})

    answer = verb("sync")

    assert answer.exit_code == 1
    assert "48002" in answer.stderr


def test_a_job_with_much_to_do_lets_the_others_of_its_lane_in_between(runtime, monkeypatch):
    """A push to everybody is planned for minutes; a drop's step is due meanwhile."""
    order: list[str] = []

    def does(name, times):
        def job(_):
            order.append(name)
            return int(order.count(name) <= times)

        return job

    monkeypatch.setitem(QUEUES, "plan_messages", does("plan_messages", 5))
    monkeypatch.setitem(QUEUES, "run_steps", does("run_steps", 0))
    worker = Worker(runtime)
    worker.start()
    until(lambda: order.count("plan_messages") > 5)
    worker.stop()

    assert order.count("run_steps") >= 5
