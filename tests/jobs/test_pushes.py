"""Planning as a job: paused, cancelled, killed and shared between workers, everybody is planned once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from config import Quota
from crm import mass, quotas
from jobs.pushes import plan_messages, start_due_pushes
from models import MassMessage, MassRecipient, MassTask, Staff


@pytest.fixture
def due(make, runtime):
    """A push that is due, and how many customers it is for."""

    def write(customers=7, **more):
        staff = [make.staff(), make.staff()]
        contacts = [make.contact(followers=(staff[number % 2],)) for number in range(customers)]
        make.push(state="scheduled", next_at=runtime.now(), **more)
        return contacts

    return write


def state(make):
    [message] = make.rows(MassMessage)
    return message.state, message.planned, len(make.rows(MassRecipient))


def test_a_push_that_is_due_is_started_and_planned(due, runtime, make):
    due(text="我是{同事}，{店名}上新了")

    assert (start_due_pushes(runtime), start_due_pushes(runtime)) == (1, 0)
    assert plan_messages(runtime) > 0
    assert plan_messages(runtime) == 0

    assert state(make) == ("sending", 7, 7)
    assert sorted((task.size, task.state) for task in make.rows(MassTask)) == [(3, "planned"), (4, "planned")]
    assert {task.text for task in make.rows(MassTask)} == {
        f"我是{task.userid.replace('staff', '导购staff')}，我的小店上新了" for task in make.rows(MassTask)
    }
    [message] = make.rows(MassMessage)
    with runtime.reading() as session:
        assert quotas.check_ledger(session, message.month, zone=runtime.zone) == []


def test_an_audience_of_nobody_is_done_at_once_and_says_so(make, runtime):
    make.push(state="scheduled", next_at=runtime.now())

    start_due_pushes(runtime)
    plan_messages(runtime)

    [message] = make.rows(MassMessage)
    assert (message.state, message.matched, message.reason) == ("done", 0, mass.NOBODY)


def test_somebody_at_their_limit_and_somebody_without_sender_get_no_task(due, runtime, make):
    full, *_ = due(3)
    make.contact("wmalone")
    runtime.settings = runtime.settings.model_copy(update={"quota": Quota(per_month=1)})
    start_due_pushes(runtime)
    [message] = make.rows(MassMessage)
    with runtime.transaction() as session:
        quotas.reserve(session, [full.external_userid], message.month, limit=1)

    plan_messages(runtime)

    rows = {row.target: (row.state, row.reason, row.task_id is None) for row in make.rows(MassRecipient)}
    assert rows.pop(full.external_userid) == ("quota", mass.NO_QUOTA, True)
    assert rows.pop("wmalone") == ("unreachable", mass.NO_SENDER, True)
    assert set(rows.values()) == {("planned", "", False)}


def test_a_paused_message_waits_and_a_cancelled_one_is_not_planned(due, runtime, make):
    due()
    start_due_pushes(runtime)

    def switch(to):
        with runtime.transaction() as session:
            session.get_one(MassMessage, 1).state = to

    switch("paused")
    assert plan_messages(runtime) == 0
    switch("planning")
    with runtime.reading() as session:
        chunk = mass.next_chunk(session, 1, limit=3)
    assert chunk is not None
    switch("paused")  # between reading a chunk and writing it
    with runtime.transaction() as session:
        assert not mass.plan(session, chunk, limit=30, shop_name="", now=runtime.now())
    assert state(make) == ("paused", 0, 0)
    switch("planning")
    plan_messages(runtime)
    assert state(make) == ("sending", 7, 7)


def test_what_a_killed_worker_left_another_takes_up_when_its_lease_is_over(due, runtime, make, clock):
    due()
    start_due_pushes(runtime)
    with runtime.transaction() as session:
        assert mass.lease_planning(session, now=runtime.now()) == 1
    with runtime.reading() as session:
        chunk = mass.next_chunk(session, 1, limit=3)
    assert chunk is not None
    with runtime.transaction() as session:
        assert mass.plan(session, chunk, limit=30, shop_name="", now=runtime.now())

    assert plan_messages(runtime) == 0
    clock.tick(minutes=1.1)
    assert plan_messages(runtime) > 0

    assert state(make) == ("sending", 7, 7)


def test_a_lease_from_the_future_is_nobodys(due, runtime, make, clock):
    due()
    start_due_pushes(runtime)
    with runtime.transaction() as session:
        mass.lease_planning(session, now=runtime.now())
    clock.tick(hours=-1)

    assert plan_messages(runtime) > 0


def test_workers_at_the_same_moment_start_and_plan_once(due, runtime, make):
    due(20)

    def work(_):
        start_due_pushes(runtime)
        while plan_messages(runtime):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert state(make) == ("sending", 20, 20)
    assert sum(task.size for task in make.rows(MassTask)) == 20


def test_a_task_is_filled_up_and_then_the_next_one_opened(due, runtime, make):
    contacts = due(5)
    start_due_pushes(runtime)
    lan, mei = (row.id for row in make.rows(Staff))
    with runtime.transaction() as session:
        message = session.get_one(MassMessage, 1)
        session.add(MassTask(message_id=1, staff_id=lan, number=1, userid="staff1", text=message.text, size=9_999))

    plan_messages(runtime)

    assert len(contacts) == 5
    assert sorted((task.staff_id, task.number, task.size) for task in make.rows(MassTask)) == [
        (lan, 1, 10_000),
        (lan, 2, 2),
        (mei, 1, 2),
    ]
