"""Welcomes: out within seconds, once, or a state that says why not."""

from datetime import timedelta

import pytest

from crm import touches, welcomes
from jobs.inbox import apply_events
from jobs.welcomes import send_welcomes
from models import Contact, Inbox, Touch
from tests.callbacks import Callbacks


@pytest.fixture
def callbacks(client, sandbox):
    sandbox.post("/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}]})
    return Callbacks(client, sandbox.credentials)


@pytest.fixture
def added(sandbox, callbacks, clock, make):
    """A customer who scans; their add, with its code, is in the inbox; everything goes out."""
    make.staff(userid="Lan", name="林晓雯")
    make.gate("live")

    def add():
        customer = sandbox.post("/sandbox/scan", {"userid": "Lan"})
        code = customer["welcome_code"]
        callbacks.contact("add_external_contact", "Lan", customer["external_userid"], at=clock(), WelcomeCode=code)
        return customer["external_userid"]

    return add


def texts(sandbox, external_userid):
    return [message["content"]["content"] for message in sandbox.messages("Lan", external_userid)]


def test_a_welcome_names_the_member_and_is_sent_once_however_often_the_job_runs(added, sandbox, runtime, make):
    customer = added()

    tried = [send_welcomes(runtime) for _ in range(3)]

    assert tried == [1, 0, 0]
    assert texts(sandbox, customer) == ["您好，我是林晓雯，很高兴认识您。有什么想问的，随时找我。"]
    [touch] = make.rows(Touch)
    assert (touch.kind, touch.state, touch.tries, touch.code_sealed) == ("welcome", "sent", 1, None)
    assert touch.inbox_id == make.rows(Inbox)[0].id
    assert touch.deadline_at == make.rows(Inbox)[0].received_at + timedelta(seconds=18)


def test_a_welcome_belongs_to_the_contact_whichever_lane_was_first(added, runtime, make):
    added()
    send_welcomes(runtime)
    assert make.rows(Touch)[0].identity_id is None
    apply_events(runtime)
    added()
    apply_events(runtime)
    send_welcomes(runtime)

    owners = {contact.external_userid: contact.customer_id for contact in make.rows(Contact)}
    assert [touch.customer_id for touch in make.rows(Touch)] == [
        owners[touch.external_userid] for touch in make.rows(Touch)
    ]


def test_a_member_the_directory_has_not_named_speaks_for_the_shop(sandbox, callbacks, clock, runtime, make):
    make.gate("live")
    customer = sandbox.post("/sandbox/scan", {"userid": "Lan"})
    callbacks.contact(
        "add_external_contact", "Lan", customer["external_userid"], at=clock(), WelcomeCode=customer["welcome_code"]
    )
    apply_events(runtime)

    send_welcomes(runtime)

    assert texts(sandbox, customer["external_userid"])[0].startswith("您好，我是我的小店的客服")


@pytest.mark.parametrize(("mode", "state"), [("rehearsal", "would_send"), ("stopped", "held")])
def test_the_gate_is_asked_and_its_word_is_recorded(mode, state, added, sandbox, runtime, make):
    make.gate(mode)
    customer = added()

    send_welcomes(runtime)

    assert texts(sandbox, customer) == []
    assert make.rows(Touch)[0].state == state


def test_without_any_gate_nothing_goes_out(sandbox, callbacks, clock, runtime, make):
    customer = sandbox.post("/sandbox/scan", {"userid": "Lan"})
    callbacks.contact(
        "add_external_contact", "Lan", customer["external_userid"], at=clock(), WelcomeCode=customer["welcome_code"]
    )

    send_welcomes(runtime)

    assert make.rows(Touch)[0].state == "would_send"


@pytest.mark.parametrize(
    ("errcode", "reason"), [(41050, "欢迎码已用过或已失效"), (41051, "已在聊天，没有再发"), (48002, "企业微信没有接受")]
)
def test_a_refusal_is_recorded_with_its_reason_and_not_repeated(errcode, reason, added, sandbox, runtime, make):
    sandbox.faults({"on": "call", "path": "externalcontact/send_welcome_msg", "errcode": errcode})
    added()

    send_welcomes(runtime)
    send_welcomes(runtime)

    [touch] = make.rows(Touch)
    assert (touch.state, touch.errcode, touch.reason, touch.tries) == ("failed", errcode, reason, 1)


@pytest.mark.parametrize("fault", [{"errcode": 41096}, {"errcode": -1}])
def test_a_busy_wecom_is_asked_again_after_a_second(fault, added, sandbox, runtime, make, clock):
    clock.freeze()
    sandbox.faults({"on": "call", "path": "externalcontact/send_welcome_msg", "times": 1} | fault)
    customer = added()

    assert send_welcomes(runtime) == 1
    assert send_welcomes(runtime) == 0
    clock.tick(seconds=1)
    assert send_welcomes(runtime) == 1

    assert len(texts(sandbox, customer)) == 1
    assert (make.rows(Touch)[0].state, make.rows(Touch)[0].tries) == ("sent", 2)


@pytest.mark.parametrize("fault", [{"http": 503}, {"html": True}])
def test_an_answer_nobody_can_read_is_unknown_and_never_repeated(fault, added, sandbox, runtime, make, clock):
    sandbox.faults({"on": "call", "path": "externalcontact/send_welcome_msg"} | fault)
    added()

    send_welcomes(runtime)
    sandbox.faults()
    clock.tick(seconds=2)
    send_welcomes(runtime)

    [touch] = make.rows(Touch)
    assert (touch.state, touch.tries) == ("unknown", 1)


def test_a_welcome_is_given_up_after_18_seconds(added, sandbox, runtime, make, clock):
    clock.freeze()
    customer = added()
    clock.tick(seconds=19)

    send_welcomes(runtime)

    assert make.rows(Touch)[0].state == "expired"
    assert texts(sandbox, customer) == []


def test_one_claimed_by_a_worker_that_died_is_unknown_after_a_while(added, sandbox, runtime, make, clock):
    clock.freeze()
    sandbox.faults({"on": "call", "path": "externalcontact/send_welcome_msg", "errcode": 41096, "times": 1})
    customer = added()
    send_welcomes(runtime)  # plans it, and is put off
    clock.tick(seconds=1)
    with runtime.transaction() as session:
        assert welcomes.claim(session, now=clock()) is not None
        assert welcomes.claim(session, now=clock()) is None

    clock.tick(seconds=touches.SILENCE.total_seconds() + 1)
    send_welcomes(runtime)

    assert make.rows(Touch)[0].state == "unknown"
    assert texts(sandbox, customer) == []


def test_the_text_stays_within_4000_bytes():
    text = welcomes.wording("好" * 1000 + "{staff}", "晓雯" * 300)

    assert len(text.encode()) <= 4000
    assert text.startswith("好" * 1000 + "晓雯")


def test_a_notice_sealed_with_another_key_does_not_hold_up_the_welcomes_behind_it(added, sandbox, runtime, make):
    make.notice(has_welcome=True, body_sealed=b"x" * 40)
    customer = added()

    send_welcomes(runtime)

    assert len(texts(sandbox, customer)) == 1
    assert [row.has_welcome for row in make.rows(Inbox)] == [False, False]


def test_a_welcome_sealed_with_another_key_has_failed_and_the_next_goes_out(added, sandbox, runtime, make):
    make.touch(
        "planned", code_sealed=b"x" * 40, next_try_at=runtime.now(), deadline_at=runtime.now() + welcomes.DEADLINE
    )
    customer = added()

    send_welcomes(runtime)

    assert len(texts(sandbox, customer)) == 1
    assert [row.state for row in make.rows(Touch)] == ["failed", "sent"]
