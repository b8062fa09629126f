"""Creating mass tasks at WeCom: each once, whatever goes wrong, and nobody is left unaccounted for."""

from collections import Counter
from datetime import timedelta
from threading import Thread

import pytest

from crm import mass_control, mass_reasons, mass_tasks
from jobs.mass import create_tasks
from models import MassMessage, MassRecipient, MassTask, Media, Quota, Staff
from tests.masses import CREATE, Masses


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


def test_each_task_is_created_once_however_often_the_job_runs(masses, runtime):
    masses.shop(lan=3, mei=2)
    message = masses.message("您好，我是{同事}")

    create_tasks(runtime)
    create_tasks(runtime)

    made = {each["tasks"][0]["userid"]: each for each in masses.at_wecom()}
    assert {userid: each["tasks"][0]["recipients"] for userid, each in made.items()} == {"lan": 3, "mei": 2}
    assert made["lan"]["text"] == "您好，我是导购lan"
    assert {task.msgid for task in masses.tasks()} == {each["msgid"] for each in made.values()}
    assert {task.state for task in masses.tasks()} == {"created"}
    assert set(masses.states().values()) == {"created"}
    assert masses.again(message).state == "waiting"
    masses.ledger_adds_up()


def test_whom_wecom_cannot_reach_gives_the_quota_back(masses, runtime, sandbox):
    masses.shop(lan=4)
    masses.message()
    gone = list(masses.states())[:2]
    for name in gone:
        sandbox.post("/sandbox/follows/delete", {"userid": "lan", "external_userid": name, "by": "staff"})

    create_tasks(runtime)

    states = masses.states()
    assert sorted(name for name, state in states.items() if state == "unreachable") == sorted(gone)
    assert sorted(states.values()) == ["created", "created", "unreachable", "unreachable"]
    masses.ledger_adds_up()


def test_a_task_for_nobody_leaves_everybody_unreachable(masses, runtime, sandbox):
    masses.shop(lan=2)
    message = masses.message()
    for name in masses.states():
        sandbox.post("/sandbox/follows/delete", {"userid": "lan", "external_userid": name, "by": "staff"})

    create_tasks(runtime)

    [task] = masses.tasks()
    assert (task.state, task.errcode, task.reason) == ("failed", 41048, mass_reasons.NOBODY)
    assert set(masses.states().values()) == {"unreachable"}
    assert masses.again(message).state == "done"
    masses.ledger_adds_up()


def test_a_busy_wecom_is_asked_again_after_growing_pauses(masses, runtime, clock, sandbox):
    masses.shop(lan=2)
    masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "errcode": -1, "times": 2})

    create_tasks(runtime)
    [task] = masses.tasks()
    assert (task.state, task.tries, task.errcode) == ("planned", 1, -1)
    first_pause = task.next_try_at - runtime.now()
    create_tasks(runtime)
    assert masses.tasks()[0].tries == 1  # not before its time
    clock.tick(seconds=10)
    create_tasks(runtime)
    assert masses.tasks()[0].next_try_at - runtime.now() > first_pause
    clock.tick(seconds=30)
    create_tasks(runtime)

    assert (masses.tasks()[0].state, masses.tasks()[0].tries) == ("created", 3)
    assert len(masses.at_wecom()) == 1


def test_an_hour_of_45009_loses_nothing_and_asks_once_a_window(masses, runtime, clock, sandbox):
    masses.shop(lan=2, mei=2, bao=2)
    masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "errcode": 45009, "window_seconds": 3600, "times": 1})

    for _ in range(60):
        create_tasks(runtime)
        clock.tick(seconds=60)
    tries = sum(task.tries for task in masses.tasks())
    clock.tick(seconds=60)
    create_tasks(runtime)

    assert {task.state for task in masses.tasks()} == {"created"}
    assert tries <= 61  # one of them finds out for all
    assert len(masses.at_wecom()) == 3


def test_what_wecom_refuses_for_good_is_failed_with_its_code(masses, runtime, sandbox):
    masses.shop(lan=2, mei=1)
    message = masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "errcode": 40058, "times": 1})

    create_tasks(runtime)

    failed, made = sorted(masses.tasks(), key=lambda task: task.state, reverse=True)
    assert (failed.state, failed.errcode, made.state) == ("failed", 40058, "created")
    assert sorted(masses.states().values()) in (["created", "failed", "failed"], ["created", "created", "failed"])
    assert masses.again(message).state == "waiting"
    masses.ledger_adds_up()


def test_a_sender_who_left_since_the_plan_sends_nothing(masses, runtime):
    masses.shop(lan=2, mei=1)
    masses.message()
    with runtime.transaction() as session:
        lan = session.query(Staff).filter_by(userid="lan").one()
        lan.left_at = runtime.now()

    create_tasks(runtime)

    assert {task.userid: (task.state, task.tries) for task in masses.tasks()} == {
        "lan": ("failed", 0), "mei": ("created", 1),
    }  # fmt: skip
    assert sorted(masses.states().values()) == ["created", "unreachable", "unreachable"]
    masses.ledger_adds_up()


def test_an_unanswered_creation_is_lost_and_never_tried_again(masses, runtime, clock, sandbox):
    masses.shop(lan=2)
    masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "timeout": "after", "seconds": 0.1, "times": 1})

    create_tasks(runtime)
    for _ in range(5):
        clock.tick(minutes=5)
        create_tasks(runtime)

    [task] = masses.tasks()
    assert (task.state, task.tries, task.msgid) == ("lost", 1, None)
    assert len(masses.at_wecom()) == 1


@pytest.mark.parametrize("fault", [{"http": 503}, {"html": True}])
def test_a_page_in_place_of_an_answer_says_nothing(masses, runtime, sandbox, fault):
    masses.shop(lan=1)
    masses.message()
    sandbox.faults({"on": "call", "path": CREATE, "times": 1} | fault)

    create_tasks(runtime)

    assert masses.tasks()[0].state == "lost"


def test_a_process_that_died_while_it_tried_leaves_the_task_lost(masses, runtime, clock):
    masses.shop(lan=1)
    masses.message()
    masses.begun()

    create_tasks(runtime)
    assert masses.tasks()[0].state == "trying"
    clock.tick(seconds=61)
    create_tasks(runtime)

    assert (masses.tasks()[0].state, masses.tasks()[0].reason) == ("lost", mass_reasons.DIED)
    assert masses.at_wecom() == []


def test_a_process_that_died_before_it_tried_leaves_the_task_to_the_next(masses, runtime, clock):
    masses.shop(lan=1)
    masses.message()
    masses.leased()

    create_tasks(runtime)
    assert masses.at_wecom() == []
    clock.tick(minutes=3)
    create_tasks(runtime)

    assert len(masses.at_wecom()) == 1


def test_of_one_sender_only_one_task_is_in_doubt_at_a_time(masses, runtime, make, clock, sandbox):
    masses.shop(lan=3)
    message = masses.message()
    [task] = masses.tasks()
    with runtime.transaction() as session:
        second = MassTask(
            message_id=message.id, staff_id=task.staff_id, number=2, userid="lan", text=task.text, size=1,
            state="planned",
        )  # fmt: skip
        session.add(second)
        session.flush()
        move_one(session, task.id, second.id)
    sandbox.faults({"on": "call", "path": CREATE, "timeout": "after", "seconds": 0.1, "times": 1})

    for _ in range(4):
        create_tasks(runtime)
        clock.tick(minutes=1)

    assert [row.state for row in masses.tasks()] == ["lost", "planned"]
    assert len(masses.at_wecom()) == 1


def move_one(session, task_id, other_id):
    row = session.query(MassRecipient).filter_by(task_id=task_id).first()
    row.task_id = other_id


def test_two_workers_never_begin_one_task(masses, runtime):
    masses.shop(lan=1)
    masses.message()
    task, sender = masses.leased()

    with runtime.transaction() as session:
        assert mass_tasks.lease(session, now=runtime.now()) is None
    with runtime.transaction() as session:
        assert mass_tasks.begin(session, task, sender, now=runtime.now())
    with runtime.transaction() as session:
        assert mass_tasks.begin(session, task, sender, now=runtime.now()) is None
    assert masses.tasks()[0].tries == 1


def test_paused_it_begins_no_further_task_and_resumed_it_goes_on(masses, runtime):
    masses.shop(lan=1, mei=1)
    message = masses.message()
    with runtime.transaction() as session:
        mass_control.pause(session, message.id, by="user:1", now=runtime.now())

    create_tasks(runtime)
    assert masses.at_wecom() == []
    with runtime.transaction() as session:
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())
    create_tasks(runtime)

    assert len(masses.at_wecom()) == 2


def test_a_pause_between_preparing_and_trying_is_obeyed(masses, runtime):
    masses.shop(lan=1)
    message = masses.message()
    task, sender = masses.leased()
    with runtime.transaction() as session:
        mass_control.pause(session, message.id, by="user:1", now=runtime.now())

    with runtime.transaction() as session:
        assert mass_tasks.begin(session, task, sender, now=runtime.now()) is None

    assert masses.tasks()[0].state == "planned"


def test_cancelled_before_it_began_nothing_goes_out(masses, runtime):
    masses.shop(lan=2)
    message = masses.message()
    with runtime.transaction() as session:
        mass_control.cancel(session, message.id, by="user:1", now=runtime.now())

    create_tasks(runtime)

    assert masses.at_wecom() == []
    assert [task.state for task in masses.tasks()] == ["cancelled"]
    assert set(masses.states().values()) == {"cancelled"}
    assert masses.again(message).settled_at is not None
    masses.ledger_adds_up()


def test_stopped_it_holds_everything_until_somebody_resumes(masses, runtime, make, sandbox):
    masses.shop(lan=3, mei=2)
    message = masses.message()
    make.gate("stopped")

    create_tasks(runtime)

    assert masses.at_wecom() == []
    assert {task.state for task in masses.tasks()} == {"held"}
    assert set(masses.states().values()) == {"held"}
    held = masses.again(message)
    assert (held.state, held.paused_from, held.reason) == ("paused", "sending", mass_reasons.STOPPED)
    assert {row.reserved for row in make.rows(Quota)} == {0}

    make.gate("live")
    create_tasks(runtime)
    assert masses.at_wecom() == []  # only a person lets it go on

    with runtime.transaction() as session:
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())
    create_tasks(runtime)

    assert len(masses.at_wecom()) == 2
    assert set(masses.states().values()) == {"created"}
    masses.ledger_adds_up()


def test_what_was_held_asks_the_quota_anew(masses, runtime, make):
    masses.shop(lan=2)
    message = masses.message()
    full = next(iter(masses.states()))
    make.gate("stopped")
    create_tasks(runtime)
    with runtime.transaction() as session:
        session.query(Quota).filter_by(target=full).update({"others": 31})
        mass_control.resume(session, message.id, by="user:1", now=runtime.now())
    make.gate("live")

    create_tasks(runtime)

    assert masses.states()[full] == "quota"
    assert [each["tasks"][0]["recipients"] for each in masses.at_wecom()] == [1]


def test_in_rehearsal_only_the_allow_list_is_really_created(masses, runtime, make):
    masses.shop(lan=3, mei=2)
    message = masses.message()
    allowed = next(name for name in masses.states() if name.startswith("wmlan"))
    make.gate("rehearsal", (allowed,))

    create_tasks(runtime)

    assert [each["tasks"][0]["recipients"] for each in masses.at_wecom()] == [1]
    states = masses.states()
    assert states.pop(allowed) == "created"
    assert set(states.values()) == {"would_send"}
    assert {task.userid: task.state for task in masses.tasks()} == {"lan": "created", "mei": "would_send"}
    assert masses.again(message).state == "waiting"
    masses.ledger_adds_up()


def test_a_rehearsal_of_everybody_is_done_at_once(masses, runtime, make):
    masses.shop(lan=2)
    message = masses.message()
    make.gate("rehearsal")

    create_tasks(runtime)

    assert masses.at_wecom() == []
    assert masses.again(message).state == "done"
    assert set(masses.states().values()) == {"would_send"}


def test_groups_are_given_to_their_owner(masses, runtime):
    masses.shop(lan=0, mei=0)
    ours, other = masses.group("lan"), masses.group("mei")
    masses.message(chat_type="group")

    create_tasks(runtime)

    assert {each["tasks"][0]["userid"]: each["chat_type"] for each in masses.at_wecom()} == {
        "lan": "group", "mei": "group",
    }  # fmt: skip
    assert masses.states() == {ours: "created", other: "created"}


def test_a_group_dismissed_since_the_plan_is_out_of_reach(masses, runtime, sandbox):
    masses.shop(lan=0)
    kept, gone = masses.group("lan"), masses.group("lan", name="要散的群")
    masses.message(chat_type="group")
    sandbox.post(f"/sandbox/groups/{gone}/dismiss")

    create_tasks(runtime)

    assert masses.states() == {kept: "created", gone: "unreachable"}
    masses.ledger_adds_up()


def test_many_workers_at_once_create_each_task_once(masses, runtime):
    masses.shop(**{f"s{number}": 3 for number in range(12)})
    masses.message()
    workers = [Thread(target=create_tasks, args=(runtime,)) for _ in range(4)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    create_tasks(runtime)

    assert Counter(each["tasks"][0]["userid"] for each in masses.at_wecom()) == {f"s{n}": 1 for n in range(12)}
    assert {(task.state, task.tries) for task in masses.tasks()} == {("created", 1)}
    assert set(masses.states().values()) == {"created"}
    masses.ledger_adds_up()


def test_a_clock_put_back_an_hour_keeps_nothing_waiting(masses, runtime, clock, sandbox):
    masses.shop(lan=1, mei=1)
    masses.message()
    masses.leased()
    sandbox.faults({"on": "call", "path": CREATE, "errcode": -1, "times": 1})
    create_tasks(runtime)  # one is leased by a worker that died, the other waits for its next try

    clock.tick(hours=-1)
    create_tasks(runtime)

    assert {task.state for task in masses.tasks()} == {"created"}


def test_pictures_are_uploaded_once_and_used_again_while_they_are_good(masses, runtime, make, clock):
    masses.shop(lan=1, mei=1)
    picture = masses.picture()
    attached = [{"kind": "image", "media": picture}, {"kind": "link", "title": "茶", "url": "https://shop.example"}]

    masses.message(attachments=attached)
    create_tasks(runtime)

    first, second = (each["attachments"] for each in masses.at_wecom())
    assert first == second
    assert [each["msgtype"] for each in first] == ["image", "link"]
    [media] = make.rows(Media)
    assert first[0]["image"]["media_id"] == media.media_id
    assert media.media_id_until - runtime.now() > timedelta(days=2, hours=23)
    clock.tick(days=2, hours=23, minutes=30)
    masses.message("又来了", attachments=attached)
    create_tasks(runtime)
    assert make.rows(Media)[0].media_id != media.media_id


def test_a_failed_upload_begins_no_task(masses, runtime, clock, sandbox):
    masses.shop(lan=1)
    masses.message(attachments=[{"kind": "image", "media": masses.picture()}])
    sandbox.faults({"on": "call", "path": "media/upload", "timeout": "after", "seconds": 0.1, "times": 1})

    create_tasks(runtime)
    [task] = masses.tasks()
    assert (task.state, task.tries) == ("planned", 0)
    clock.tick(minutes=1)
    create_tasks(runtime)

    assert masses.tasks()[0].state == "created"


def test_late_news_of_a_creation_that_was_given_up_still_counts(masses, runtime, clock):
    masses.shop(lan=2)
    message = masses.message()
    task = masses.begun()
    clock.tick(minutes=2)
    create_tasks(runtime)
    with runtime.transaction() as session:
        lost = session.get_one(MassTask, task.id)
        mass_tasks.end(session, lost, "unknown", reason="")
    create_tasks(runtime)
    assert set(masses.states().values()) == {"unknown"}
    assert masses.again(message).state == "done"

    with runtime.transaction() as session:
        assert mass_tasks.created(session, task, "msglate", now=runtime.now())
    create_tasks(runtime)

    assert set(masses.states().values()) == {"created"}
    assert [row.state for row in masses.make.rows(MassMessage)] == ["waiting"]
    masses.ledger_adds_up()
