"""One row that cannot be done holds nobody else up."""

from contextlib import suppress

import pytest
from sqlalchemy import update

from crm import pushes
from jobs.mass import create_tasks
from jobs.pushes import start_due_pushes
from jobs.quotas import import_others
from models import DropSeries, MassMessage, OtherMessage
from tests.drop_weeks import Weeks
from tests.masses import Masses


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


def test_a_push_whose_audience_nobody_understands_is_said_and_holds_no_other_up(runtime, make, clock):
    now = clock.freeze()
    broken = make.push(make.audience(conditions={"nonsense": 1}), state="scheduled", next_at=now)
    whole = make.push(state="scheduled", next_at=now)

    with suppress(Exception):
        start_due_pushes(runtime)

    made = {message.push_id: (message.state, message.reason) for message in make.rows(MassMessage)}
    assert made == {broken.id: ("missed", pushes.UNREADABLE), whole.id: ("planning", "")}


def test_a_message_of_others_that_wecom_will_not_show_holds_no_other_up(masses, runtime, sandbox, clock):
    masses.shop(lan=2)
    people = [f"wm{'lan':_<10}{number:020d}" for number in range(2)]
    for one in people:
        sandbox.post("/sandbox/mass-messages", {"userid": "lan", "external_userids": [one], "text": "到店有礼"})
    clock.tick(minutes=1)
    sandbox.faults({"on": "call", "path": "externalcontact/get_groupmsg_task", "errcode": 41093, "times": 1})

    with suppress(Exception):
        import_others(runtime)

    assert sorted(row.next_look_at is None for row in masses.make.rows(OtherMessage)) == [False, True]


def test_others_are_read_once_each_when_the_clock_is_put_back_meanwhile(masses, runtime, sandbox, clock):
    masses.shop(lan=1)
    made = runtime.wecom.create_mass_message(
        sender="lan", external_userids=[f"wm{'lan':_<10}{0:020d}"], text="别的应用发的"
    )
    clock.tick(minutes=1)
    reads = []

    def count(endpoint, errcode, seconds):
        if endpoint == "externalcontact/get_groupmsg_task":
            reads.append(made.msgid)
            clock.tick(hours=-2)
            assert len(reads) < 5

    runtime.wecom._api._on_call = count
    import_others(runtime)

    assert len(reads) == 1


def test_a_robot_whose_key_cannot_be_opened_is_said_and_holds_no_other_step_up(runtime, make, sandbox, clock):
    weeks = Weeks(runtime, make, sandbox, clock)
    broken = weeks.series()
    with runtime.transaction() as session:
        session.execute(update(DropSeries).where(DropSeries.id == broken.id).values(robot_key_sealed=b"of another key"))
    weeks.series(name="周六花市")
    weeks.to(weeks.edition().launch_at)

    with suppress(Exception):
        weeks.work()

    assert weeks.steps()["launch_robot"] == ("skipped", "robot_unopenable")
    assert len(weeks.robot_said()) == 1


def test_a_task_that_cannot_be_prepared_holds_no_other_up(masses, runtime):
    masses.shop(lan=1)
    broken, whole = masses.message("a"), masses.message("b")
    nonsense = update(MassMessage).where(MassMessage.id == broken.id).values(attachments=[{"kind": "nonsense"}])
    with runtime.transaction() as session:
        session.execute(nonsense)

    with suppress(Exception):
        create_tasks(runtime)

    assert {task.message_id: task.state for task in masses.tasks()} == {broken.id: "planned", whole.id: "created"}
    assert masses.again(whole).state == "waiting"
