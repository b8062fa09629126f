"""What became of mass messages: read page by page into recipients and ledger, and taken back when asked."""

import pytest
from sqlalchemy import Engine, event

from crm import mass_control, mass_members, mass_reasons, mass_reports, mass_results
from crm.errors import Conflict
from jobs.mass import create_tasks
from jobs.mass_results import read_results, send_reminders
from models import MassMessage, MassRecipient, MassTaskMember, Quota, Staff
from tests.checks import everything_received_is_on_record
from tests.masses import Masses

RESULTS = "externalcontact/get_groupmsg_send_result"


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


@pytest.fixture
def look(runtime, clock):
    """Time passes, and whatever is due is read."""

    def pass_and_read(**time):
        clock.tick(**(time or {"minutes": 2}))
        return read_results(runtime)

    return pass_and_read


def test_what_staff_confirmed_is_delivered_and_counted(masses, runtime, look, sandbox):
    masses.shop(lan=3, mei=2)
    message = masses.message()
    create_tasks(runtime)
    look()
    assert set(masses.states().values()) == {"created"}

    masses.confirm("lan")
    look()

    states = masses.states()
    assert {state for name, state in states.items() if name.startswith("wmlan")} == {"sent"}
    assert {state for name, state in states.items() if name.startswith("wmmei")} == {"created"}
    assert masses.again(message).state == "waiting"
    masses.confirm()
    look()
    done = masses.again(message)
    assert (done.state, done.settled_at is not None, done.next_look_at) == ("done", True, None)
    assert {(row.reserved, row.used) for row in masses.make.rows(Quota)} == {(0, 1)}
    assert all(row.sent_at is not None and row.sent_by for row in masses.make.rows(MassRecipient))
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_who_left_or_is_full_did_not_get_it_and_keeps_the_quota(masses, runtime, look, sandbox):
    masses.shop(lan=3)
    masses.message()
    create_tasks(runtime)
    gone, full, _ = masses.states()
    sandbox.post("/sandbox/follows/delete", {"userid": "lan", "external_userid": gone, "by": "customer"})
    sandbox.put("/sandbox/mass-rules", {"quota": "day"})
    sandbox.post("/sandbox/mass-messages", {"userid": "lan", "external_userids": [full], "text": "自己发的"})
    look()

    masses.confirm()
    look()

    states = masses.states()
    assert (states[gone], states[full], sorted(states.values())) == (
        "not_friend", "quota", ["not_friend", "quota", "sent"],
    )  # fmt: skip
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_every_page_is_read_and_after_a_kill_only_those_that_are_left(masses, runtime, look):
    masses.shop(lan=2300)
    message = masses.message()
    create_tasks(runtime)
    look()
    masses.confirm()
    [task] = masses.tasks()
    page = runtime.wecom.mass_results(task.msgid, "lan")
    with runtime.transaction() as session:  # what a reader that was killed after the first page has left
        mass_results.apply(session, task, message.month, page.results, zone=runtime.zone)
        [member] = session.query(MassTaskMember).all()
        mass_members.turn_page(session, member.id, page.next_cursor)

    asked = calls(runtime, RESULTS)
    look()

    assert calls(runtime, RESULTS) - asked == 2
    assert set(masses.states().values()) == {"sent"}
    assert masses.make.rows(MassTaskMember)[0].read_at is not None
    masses.ledger_adds_up()


def test_a_cursor_that_wecom_knows_no_more_begins_anew(masses, runtime, look):
    masses.shop(lan=3)
    masses.message()
    create_tasks(runtime)
    look()
    masses.confirm()
    with runtime.transaction() as session:
        session.query(MassTaskMember).update({"cursor": "gone", "status": 2})

    look()
    look()

    assert set(masses.states().values()) == {"sent"}


def calls(runtime, endpoint):
    """How often WeCom was asked this so far."""
    [metric] = runtime.metrics.wecom_calls.collect()
    return sum(
        sample.value
        for sample in metric.samples
        if sample.labels.get("endpoint") == endpoint and sample.name.endswith("_total")
    )


def test_whoever_wecom_chose_is_the_sender_on_record(masses, runtime, look, sandbox):
    masses.shop(lan=2, mei=0)
    moved = "wmlan_______00000000000000000000"
    at = int(runtime.now().timestamp()) - 50
    sandbox.post(
        "/sandbox/load",
        {
            "follows": [{"userid": "mei", "external_userid": moved, "createtime": at}],
            "messages": [{"userid": "mei", "external_userid": moved, "from": "customer", "text": "在吗", "at": at + 1}],
        },
    )
    sandbox.put("/sandbox/mass-rules", {"routing": "last_talker"})
    masses.message()
    create_tasks(runtime)
    look()

    masses.confirm()
    look()

    assert {row.target: row.sent_by for row in masses.make.rows(MassRecipient)}[moved] == "mei"
    assert {member.userid for member in masses.make.rows(MassTaskMember)} == {"lan", "mei"}
    assert set(masses.states().values()) == {"sent"}
    everything_received_is_on_record(masses.make, sandbox)


def test_a_message_just_made_is_asked_about_a_moment_later(masses, runtime, look):
    masses.shop(lan=1)
    masses.message()
    create_tasks(runtime)
    with runtime.transaction() as session:
        session.query(MassMessage).update({"next_look_at": runtime.now()})

    assert read_results(runtime) == 1  # 41063
    look(seconds=11)

    assert len(masses.make.rows(MassTaskMember)) == 1


def test_looks_grow_rarer_and_end_after_thirty_days(masses, runtime, look, clock):
    masses.shop(lan=1)
    message = masses.message()
    create_tasks(runtime)
    pauses = []
    for time in ({"minutes": 2}, {"hours": 2}, {"days": 2}, {"days": 10}, {"days": 20}):
        look(**time)
        due = masses.again(message).next_look_at
        pauses.append(due and (due - runtime.now()).total_seconds())

    assert pauses == [60, 600, 3600, 86400, None]
    create_tasks(runtime)
    assert masses.again(message).state == "done"
    assert set(masses.states().values()) == {"created"}  # true: nobody sent it
    masses.ledger_adds_up()


def test_of_groups_only_those_that_got_it_are_delivered(masses, runtime, look, sandbox):
    masses.shop(lan=0)
    kept, gone = masses.group("lan"), masses.group("lan", name="散了的群")
    message = masses.message(chat_type="group")
    create_tasks(runtime)
    look()
    sandbox.post(f"/sandbox/groups/{gone}/dismiss")
    masses.confirm()

    look()

    assert masses.states() == {kept: "sent", gone: "failed"}
    reasons = {row.target: row.reason for row in masses.make.rows(MassRecipient)}
    assert reasons[gone] == mass_reasons.GROUP_NOT_LISTED
    assert masses.again(message).state == "done"
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_cancelled_midway_what_arrived_stays_and_the_rest_is_taken_back(masses, runtime, look, sandbox):
    masses.shop(lan=2, mei=2)
    message = masses.message()
    create_tasks(runtime)
    look()
    masses.confirm("lan")
    with runtime.transaction() as session:
        mass_control.cancel(session, message.id, by="user:1", now=runtime.now())

    create_tasks(runtime)
    read_results(runtime)
    create_tasks(runtime)

    assert sorted(masses.states().values()) == ["cancelled", "cancelled", "sent", "sent"]
    assert {each["tasks"][0]["userid"]: each["cancelled"] for each in masses.at_wecom()} == {"lan": True, "mei": True}
    assert masses.confirm() == 0
    over = masses.again(message)
    assert (over.state, over.settled_at is not None) == ("cancelled", True)
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_cancelling_goes_on_when_wecom_was_busy(masses, runtime, look, sandbox):
    masses.shop(lan=2)
    message = masses.message()
    create_tasks(runtime)
    look()
    with runtime.transaction() as session:
        mass_control.cancel(session, message.id, by="user:1", now=runtime.now())
    sandbox.faults({"on": "call", "path": "externalcontact/cancel_groupmsg_send", "errcode": -1, "times": 1})
    read_results(runtime)
    assert masses.tasks()[0].state == "cancelling"

    look()
    create_tasks(runtime)

    assert set(masses.states().values()) == {"cancelled"}
    masses.ledger_adds_up()


def test_staff_are_reminded_three_times_a_day_and_no_more(masses, runtime, look, clock):
    masses.shop(lan=1)
    masses.message()
    create_tasks(runtime)
    look()
    [task] = masses.tasks()
    for _ in range(3):
        with runtime.transaction() as session:
            mass_control.ask_reminder(session, task.id, by="user:1", now=runtime.now())
        assert send_reminders(runtime) == 1
    with runtime.transaction() as session, pytest.raises(Conflict):
        mass_control.ask_reminder(session, task.id, by="user:1", now=runtime.now())

    assert send_reminders(runtime) == 0
    assert masses.at_wecom()[0]["tasks"][0]["reminded"] == 3
    clock.tick(days=1, minutes=1)
    with runtime.transaction() as session:
        mass_control.ask_reminder(session, task.id, by="user:1", now=runtime.now())
    assert send_reminders(runtime) == 1


def test_the_report_says_where_everybody_is(masses, runtime, look, sandbox, make):
    masses.shop(lan=3, mei=2, bao=1)
    with runtime.transaction() as session:
        session.query(Staff).filter_by(userid="bao").update({"serves_customers": False})
    message = masses.message()
    create_tasks(runtime)
    look()
    masses.confirm("lan")
    look()

    message = masses.again(message)

    with runtime.reading() as session:
        shown = mass_reports.report(session, message)
        short = mass_reports.figures(session, [message.id])[message.id]
        people = mass_reports.people(session, message.id, ["sent"], limit=2)
        rest = mass_reports.people(session, message.id, ["sent"], after=people[-1].recipient.id)

    total = shown.figures
    assert (total.planned, total.created, total.sent, total.waiting, total.no_sender) == (5, 5, 3, 2, 1)
    assert short == total
    assert [(line.userid, line.figures.sent, line.is_confirmed) for line in shown.senders] == [
        ("lan", 3, True), ("mei", 0, False),
    ]  # fmt: skip
    assert len(people) == 2
    assert [person.sender for person in rest] == ["导购lan"]


def test_a_report_asks_as_often_for_many_senders_as_for_two(masses, runtime):
    masses.shop(lan=2, mei=2)
    few = asked(runtime, masses.message())
    masses.shop(**{f"s{number}": 2 for number in range(8)})

    assert asked(runtime, masses.message()) == few


def asked(runtime, message):
    """How many statements the report of a message takes."""
    counted = []
    count = lambda *_: counted.append(1)  # noqa: E731
    event.listen(Engine, "before_cursor_execute", count)
    try:
        with runtime.reading() as session:
            mass_reports.report(session, message)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(counted)
