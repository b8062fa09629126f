"""A creation whose answer was lost is looked up among WeCom's own records, and taken for nothing else's."""

import pytest

from crm import mass_control, mass_reasons
from jobs.mass import create_tasks
from jobs.mass_lost import resolve_lost
from jobs.mass_results import read_results
from jobs.quotas import import_others
from models import MassTask, OtherMessage, Quota
from tests.checks import everything_received_is_on_record
from tests.masses import CREATE, Masses

LOST = {"on": "call", "path": CREATE, "timeout": "after", "seconds": 0.05, "times": 1}
NEVER_MADE = {"on": "call", "path": CREATE, "timeout": "before", "seconds": 0.05, "times": 1}
LIST, TASKS = "externalcontact/get_groupmsg_list_v2", "externalcontact/get_groupmsg_task"


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


@pytest.fixture
def wait(runtime, clock):
    """Minutes pass, and whatever is due in them is looked up and created."""

    def pass_by(minutes=2):
        for _ in range(minutes):
            clock.tick(minutes=1)
            resolve_lost(runtime)
            create_tasks(runtime)

    return pass_by


def by_an_app(runtime, targets, text, sender="lan"):
    """Another app of the corp makes a mass message: nothing of ours knows it."""
    return runtime.wecom.create_mass_message(sender=sender, external_userids=targets, text=text).msgid


def test_one_that_was_made_is_found_and_goes_on(masses, runtime, wait, sandbox):
    masses.shop(lan=3)
    message = masses.message()
    sandbox.faults(LOST)
    create_tasks(runtime)
    resolve_lost(runtime)
    assert masses.tasks()[0].state == "lost"  # not before the grace time

    wait()

    [task], [made] = masses.tasks(), masses.at_wecom()
    assert (task.state, task.msgid, task.reason, task.tries) == ("created", made["msgid"], mass_reasons.FOUND, 1)
    assert set(masses.states().values()) == {"created"}
    masses.confirm()
    read_results(runtime)
    create_tasks(runtime)
    assert masses.again(message).state == "done"
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_one_that_was_never_made_ends_unknown_and_is_not_tried_again(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    message = masses.message()
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)

    wait(14)
    assert masses.tasks()[0].state == "lost"
    wait(3)
    wait(60)

    [task] = masses.tasks()
    assert (task.state, task.reason, task.tries) == ("unknown", mass_reasons.NOT_FOUND, 1)
    assert set(masses.states().values()) == {"unknown"}
    assert {row.reserved for row in masses.make.rows(Quota)} == {1}  # it may have arrived after all
    assert (masses.again(message).state, masses.at_wecom()) == ("done", [])
    masses.ledger_adds_up()


def test_when_nobody_can_be_asked_nothing_is_given_up(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    masses.message()
    sandbox.faults(LOST, {"on": "call", "path": LIST, "errcode": 45009, "window_seconds": 3600, "times": 1})
    create_tasks(runtime)

    wait(59)
    assert masses.tasks()[0].state == "lost"
    wait(5)

    assert masses.tasks()[0].state == "created"


def test_with_half_of_the_people_out_of_reach_it_is_still_found(masses, runtime, wait, sandbox):
    masses.shop(lan=4)
    masses.message()
    for name in list(masses.states())[:2]:
        sandbox.post("/sandbox/follows/delete", {"userid": "lan", "external_userid": name, "by": "staff"})
    sandbox.faults(LOST)
    create_tasks(runtime)

    wait()
    masses.confirm()
    read_results(runtime)

    assert masses.tasks()[0].state == "created"
    assert sorted(masses.states().values()) == ["sent", "sent", "unreachable", "unreachable"]
    everything_received_is_on_record(masses.make, sandbox)
    masses.ledger_adds_up()


def test_other_recipients_are_another_message(masses, runtime, wait, sandbox):
    masses.shop(lan=3)
    masses.message("周五见")
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)
    sandbox.post("/sandbox/customers", {"external_userid": f"wm{'x':_<30}"})
    sandbox.post("/sandbox/scan", {"external_userid": f"wm{'x':_<30}", "userid": "lan"})
    by_an_app(runtime, [*masses.states(), f"wm{'x':_<30}"], "周五见")

    wait(20)

    assert masses.tasks()[0].state == "unknown"


@pytest.mark.parametrize("text", ["周五见！", "周五不见"])
def test_other_words_are_another_message(masses, runtime, wait, sandbox, text):
    masses.shop(lan=3)
    masses.message("周五见")
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)
    by_an_app(runtime, list(masses.states()), text)

    wait(20)

    assert masses.tasks()[0].state == "unknown"


def test_other_attachments_are_another_message(masses, runtime, wait, sandbox):
    masses.shop(lan=3)
    masses.message("周五见", attachments=[{"kind": "link", "title": "茶", "url": "https://shop.example/tea"}])
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)
    link = {"msgtype": "link", "link": {"title": "茶", "url": "https://shop.example/coffee"}}
    runtime.wecom.create_mass_message(
        sender="lan", external_userids=list(masses.states()), text="周五见", attachments=[link]
    )

    wait(20)

    assert masses.tasks()[0].state == "unknown"


def test_the_same_words_last_week_are_not_mistaken_for_it(masses, runtime, clock, wait, sandbox):
    masses.shop(lan=2)
    masses.message("周五见")
    create_tasks(runtime)
    by_an_app(runtime, list(masses.states()), "周五见")  # last week, and not ours
    clock.tick(days=7)
    masses.message("周五见")
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)

    wait(20)

    assert [task.state for task in masses.tasks()] == ["created", "unknown"]


def test_what_a_colleague_sent_by_hand_is_not_mistaken_for_it(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    masses.message("周五见")
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)
    everybody = list(masses.states())
    sandbox.post("/sandbox/mass-messages", {"userid": "lan", "external_userids": everybody, "text": "周五见"})

    wait(20)

    assert masses.tasks()[0].state == "unknown"


def test_of_two_that_are_proven_the_older_stays_and_the_younger_is_taken_back(masses, runtime, clock, wait, sandbox):
    masses.shop(lan=2)
    masses.message("周五见")
    sandbox.faults(LOST)
    create_tasks(runtime)
    clock.tick(seconds=3)
    younger = by_an_app(runtime, list(masses.states()), "周五见")  # whatever stands between us did it twice

    sandbox.faults({"on": "call", "path": "externalcontact/cancel_groupmsg_send", "errcode": -1, "times": 1})
    wait(1)
    assert (masses.tasks()[0].state, masses.tasks()[0].reason) == ("lost", mass_reasons.TWICE)
    wait(2)

    [task] = masses.tasks()
    assert (task.state, task.reason) == ("created", mass_reasons.TWICE)
    assert task.msgid != younger
    assert {each["msgid"]: each["cancelled"] for each in masses.at_wecom()} == {task.msgid: False, younger: True}
    masses.confirm()
    read_results(runtime)
    everything_received_is_on_record(masses.make, sandbox)


def test_two_pushes_of_the_same_words_in_doubt_each_find_their_own(masses, runtime, clock, wait, sandbox):
    masses.shop(lan=2)
    masses.message("周五见")
    masses.message("周五见")
    sandbox.faults(LOST | {"times": 2})
    create_tasks(runtime)

    wait(3)

    assert [task.state for task in masses.tasks()] == ["created", "created"]
    assert {task.msgid for task in masses.tasks()} == {each["msgid"] for each in masses.at_wecom()}
    assert [each["cancelled"] for each in masses.at_wecom()] == [False, False]


def test_another_push_in_doubt_to_fewer_people_is_not_mistaken_for_it(masses, runtime, wait, sandbox):
    masses.shop(lan=3)
    first = masses.message("周五见")
    sandbox.faults(NEVER_MADE)
    create_tasks(runtime)
    names = list(masses.states())
    with runtime.transaction() as session:
        session.query(Quota).filter_by(target=names[0]).update({"others": 31})
    second = masses.message("周五见")
    sandbox.faults(LOST)
    create_tasks(runtime)

    wait(20)

    assert {task.message_id: task.state for task in masses.tasks()} == {first.id: "unknown", second.id: "created"}


def test_pictures_have_other_names_at_wecom_and_are_still_the_same(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    attached = [
        {"kind": "image", "media": masses.picture()},
        {"kind": "link", "title": "茶", "url": "https://shop.example", "desc": "新茶"},
        {"kind": "miniprogram", "title": "茶", "appid": "wx1", "page": "p.html", "media": masses.picture()},
    ]
    masses.message(attachments=attached)
    sandbox.faults(LOST)
    create_tasks(runtime)

    wait()

    assert masses.tasks()[0].state == "created"


def test_with_other_members_holding_it_the_recipients_prove_it(masses, runtime, wait, sandbox):
    masses.shop(lan=2, mei=0)
    moved = f"wm{'lan':_<10}{0:020d}"
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
    sandbox.faults(LOST)
    create_tasks(runtime)

    wait()

    assert masses.tasks()[0].state == "created"


def test_a_group_task_is_proven_by_owner_words_and_moment(masses, runtime, wait, sandbox):
    masses.shop(lan=0, mei=0)
    masses.group("lan"), masses.group("mei")
    masses.message(chat_type="group")
    sandbox.faults(LOST | {"times": 2})
    create_tasks(runtime)

    wait()

    made = {each["tasks"][0]["userid"]: each["msgid"] for each in masses.at_wecom()}
    assert {task.userid: task.msgid for task in masses.tasks()} == made


def test_two_group_tasks_that_look_alike_stay_unknown(masses, runtime, wait, sandbox):
    masses.shop(lan=0)
    chat_id = masses.group("lan")
    masses.message("周五见", chat_type="group")
    sandbox.faults(LOST)
    create_tasks(runtime)
    runtime.wecom.create_mass_message(sender="lan", chat_ids=[chat_id], text="周五见")

    wait(20)

    assert masses.tasks()[0].state == "unknown"
    assert [each["cancelled"] for each in masses.at_wecom()] == [False, False]


def test_one_found_after_the_message_was_cancelled_is_taken_back(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    message = masses.message()
    sandbox.faults(LOST)
    create_tasks(runtime)
    with runtime.transaction() as session:
        mass_control.cancel(session, message.id, by="user:1", now=runtime.now())

    wait(2)
    read_results(runtime)
    wait(1)

    assert masses.tasks()[0].state == "cancelled"
    assert [each["cancelled"] for each in masses.at_wecom()] == [True]
    assert set(masses.states().values()) == {"cancelled"}
    masses.ledger_adds_up()


def test_what_had_been_counted_as_somebody_elses_is_ours_again(masses, runtime, clock, wait, sandbox):
    masses.shop(lan=2)
    masses.message("周五见")
    sandbox.faults(LOST)
    create_tasks(runtime)
    with runtime.transaction() as session:  # as if the import had come first
        session.query(MassTask).update({"state": "created"})
    clock.tick(seconds=10)
    masses.confirm()
    clock.tick(minutes=20)
    import_others(runtime)
    assert len(masses.make.rows(OtherMessage)) == 1
    with runtime.transaction() as session:
        session.query(MassTask).update({"state": "lost"})

    wait()
    read_results(runtime)

    assert masses.make.rows(OtherMessage) == []
    assert {(row.reserved, row.used, row.others) for row in masses.make.rows(Quota)} == {(0, 1, 0)}
    masses.ledger_adds_up()


def test_a_look_while_wecom_hands_it_out_is_repeated(masses, runtime, wait, sandbox):
    masses.shop(lan=2)
    masses.message()
    sandbox.faults(LOST, {"on": "call", "path": TASKS, "errcode": 41063, "times": 1})
    create_tasks(runtime)

    wait(1)
    assert masses.tasks()[0].state == "lost"
    wait(1)

    assert masses.tasks()[0].state == "created"
