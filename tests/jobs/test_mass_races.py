"""What two workers and an operator do to one mass message in the same moment."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event

import config
from crm import calendars, mass_control, mass_recipients, mass_results, mass_tasks, other_messages
from jobs.mass import create_tasks, follow_tasks
from jobs.mass_lost import resolve_lost
from jobs.mass_results import read_results
from models import MassMessage, MassTask, OtherDelivery, OtherMessage, Quota
from models.database import is_sqlite
from tests.masses import CREATE, Masses
from wecom.mass_types import MassResultShown


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


def test_a_worker_that_comes_late_does_not_close_a_task_that_was_made_after_all(masses, runtime, clock):
    """One follows recipients of a task nobody could tell about, while its creation is answered at last."""
    masses.shop(lan=2)
    message = masses.message()
    begun = masses.begun()
    with runtime.transaction() as session:
        mass_tasks.lose(session, begun, "")
    with runtime.transaction() as session:
        mass_tasks.end(session, begun, "unknown", reason="")
    [seen] = masses.tasks()  # as the late worker saw it
    follow_tasks(runtime)
    made = runtime.wecom.create_mass_message(sender="lan", external_userids=list(masses.states()), text=message.text)
    with runtime.transaction() as session:
        mass_tasks.created(session, begun, made.msgid, now=runtime.now())
    follow_tasks(runtime)

    with runtime.transaction() as session:
        first = mass_recipients.follow(session, seen, now=runtime.now())
    with runtime.transaction() as session:
        mass_recipients.follow(session, seen, now=runtime.now())

    assert first == 0
    assert masses.tasks()[0].settled_at is None
    clock.tick(minutes=1)
    masses.confirm()
    read_results(runtime)
    assert set(masses.states().values()) == {"sent"}
    masses.ledger_adds_up()


def test_who_is_held_late_is_not_held_back_from_a_task_that_goes_on(masses, runtime):
    """One follows recipients of a held task while an operator resumes it and another creates it."""
    masses.shop(lan=2)
    message = masses.message()
    with runtime.transaction() as session:
        mass_control.hold(session, message.id)
    [seen] = masses.tasks()
    with runtime.transaction() as session:
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())
    create_tasks(runtime)

    with runtime.transaction() as session:
        mass_recipients.follow(session, seen, now=runtime.now())

    assert masses.tasks()[0].state == "created"
    assert set(masses.states().values()) == {"created"}
    masses.ledger_adds_up()


def test_a_message_resumed_after_a_month_is_still_followed(masses, runtime, clock):
    masses.shop(lan=2)
    message = masses.message()
    with runtime.transaction() as session:
        mass_control.pause(session, message.id, by="user:1", now=runtime.now())
    clock.tick(days=31)
    with runtime.transaction() as session:
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())
    create_tasks(runtime)
    clock.tick(minutes=1)
    read_results(runtime)

    assert masses.tasks()[0].settled_at is None
    masses.confirm()
    clock.tick(minutes=15)
    read_results(runtime)
    assert set(masses.states().values()) == {"sent"}
    masses.ledger_adds_up()


def test_the_same_words_begun_while_a_lost_one_is_looked_up_are_not_taken_for_it(masses, runtime, clock, sandbox):
    """Another push says the same to the same people: its creation is at WeCom, and its answer on the way."""
    masses.shop(lan=2)
    first = masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "timeout": "after", "seconds": 0.05, "times": 1})
    create_tasks(runtime)
    clock.tick(seconds=70)
    second = masses.message()
    under_way: list[tuple[MassTask, str]] = []

    listed = runtime.wecom.mass_messages

    def list_slowly(*asked):
        if not under_way:
            task, people = masses.begun(), list(masses.states())
            made = runtime.wecom.create_mass_message(sender="lan", external_userids=people, text=second.text)
            under_way.append((task, made.msgid))
            clock.tick(seconds=20)
        return listed(*asked)

    runtime.wecom.mass_messages = list_slowly
    resolve_lost(runtime)
    [(begun, msgid)] = under_way
    with runtime.transaction() as session:
        mass_tasks.created(session, begun, msgid, now=runtime.now())

    states = {task.message_id: (task.state, task.msgid) for task in masses.tasks()}
    assert states[second.id] == ("created", msgid)
    assert states[first.id][0] == "created"
    assert [each["cancelled"] for each in masses.at_wecom()] == [False, False]


def test_who_has_had_enough_this_month_gets_nothing_that_was_planned_in_the_last(masses, runtime, clock):
    """The shop allows two a month; a message of November is resumed in December."""
    masses.shop(lan=2)
    message = masses.message(limit=2)
    full, free = masses.states()
    with runtime.transaction() as session:
        mass_control.pause(session, message.id, by="user:1", now=runtime.now())
    clock.tick(days=31)
    month = calendars.month_of(runtime.now(), runtime.zone)
    with runtime.transaction() as session:
        session.add(Quota(target=full, month=month, reserved=0, used=0, others=2))
        session.add_all(
            OtherDelivery(msgid=f"other{number}", target=full, sent_at=runtime.now()) for number in range(2)
        )
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())

    runtime.settings = runtime.settings.model_copy(update={"quota": config.Quota(per_month=2)})
    create_tasks(runtime)

    assert masses.states() == {full: "quota", free: "created"}
    assert [each["tasks"][0]["recipients"] for each in masses.at_wecom()] == [1]
    masses.ledger_adds_up()


def test_a_colleague_on_the_allow_list_lets_none_of_their_customers_receive(masses, runtime, make):
    """演练时只有他们真的会收到: the colleague gets cards, nobody's customer gets a push."""
    masses.shop(lan=3)
    masses.message()
    make.gate("rehearsal", ("lan",))

    create_tasks(runtime)

    assert masses.at_wecom() == []
    assert set(masses.states().values()) == {"would_send"}


def test_who_received_it_from_one_of_two_members_has_received_it(masses, runtime, clock):
    """WeCom lists a customer with both: the one's message came, the other's was one too many."""
    masses.shop(lan=1)
    masses.message()
    create_tasks(runtime)
    [task], [target], [message] = masses.tasks(), masses.states(), masses.make.rows(MassMessage)
    for status in (3, 1):
        shown = MassResultShown(target=target, userid="lan", status=status, send_time=int(runtime.now().timestamp()))
        with runtime.transaction() as session:
            mass_results.apply(session, task, message.month, [shown], zone=runtime.zone)

    assert masses.states() == {target: "sent"}
    masses.ledger_adds_up()


def test_ours_that_is_answered_while_others_are_learned_is_not_somebody_elses(masses, runtime, clock):
    masses.shop(lan=2)
    message = masses.message()
    task = masses.begun()
    made = runtime.wecom.create_mass_message(sender="lan", external_userids=list(masses.states()), text=message.text)
    clock.tick(seconds=20)
    page = runtime.wecom.mass_messages("single", runtime.now() - timedelta(hours=1), runtime.now())
    answered = threading.Event()

    def answer():
        answered.set()
        with runtime.transaction() as session:
            mass_tasks.created(session, task, made.msgid, now=runtime.now())

    def meanwhile(connection, cursor, statement, *_):
        if "mass_task.msgid IN" in statement and not answered.is_set():
            other = threading.Thread(target=answer)
            other.start()
            other.join()

    if is_sqlite(runtime.engine):  # one writer at a time: it comes before or after
        answer()
    event.listen(runtime.engine, "after_cursor_execute", meanwhile)
    with runtime.transaction() as session:
        other_messages.learn(session, page.messages, "single", now=runtime.now())

    assert answered.is_set()
    assert masses.make.rows(OtherMessage) == []
