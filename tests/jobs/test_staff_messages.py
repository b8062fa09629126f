"""Cards and robots' messages: sent once, held, shown only, given up in time; and a robot's key that nobody sees."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from crm import staff_messages
from jobs.staff_messages import send_staff_messages
from models import StaffMessage
from runtime import Runtime

KEY = "693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa"


@pytest.fixture
def live(make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    robots = [{"name": "运营群", "key": KEY}]
    sandbox.post("/sandbox/load", {"staff": [{"userid": "lan", "name": "林晓雯"}], "robots": robots})


@pytest.fixture
def card(runtime):
    def plan(key="drop:1:teaser_card:lan", userid="lan", hours=2):
        body = {
            "title": "周五花市 第 3 期 预热还没发",
            "description": "打开 群发助手 点发送。",
            "url": "http://localhost/sidebar/",
        }
        return plan_message(runtime, key, "card", body | {"button": "知道了"}, userid=userid, hours=hours)

    return plan


@pytest.fixture
def robot(runtime):
    def plan(key="drop:1:teaser_robot", hours=2):
        return plan_message(runtime, key, "robot", {"markdown": "**周五花市**", "key": KEY}, userid="", hours=hours)

    return plan


def plan_message(runtime, key, kind, body, *, userid, hours):
    now = runtime.now()
    with runtime.transaction() as session:
        return staff_messages.plan(
            session, key=key, kind=kind, userid=userid, body_sealed=runtime.vault.seal(json.dumps(body)),
            edition_id=None, deadline_at=now + timedelta(hours=hours), now=now,
        )  # fmt: skip


def states(make):
    return [(row.state, row.errcode, row.reason) for row in make.rows(StaffMessage)]


def cards(sandbox):
    return sandbox.get("/sandbox/app-messages")["messages"]


def said_by_robot(sandbox):
    return sandbox.get(f"/sandbox/robots/{KEY}/messages")["messages"]


def test_a_card_and_a_robots_message_go_out_once(live, runtime, make, sandbox, card, robot):
    assert (card(), card(), robot()) == (True, False, True)

    send_staff_messages(runtime)
    send_staff_messages(runtime)

    assert states(make) == [("sent", None, "")] * 2
    [message] = cards(sandbox)
    assert (message["userid"], message["msgtype"]) == ("lan", "textcard")
    assert "群发助手" in json.dumps(message["content"], ensure_ascii=False)
    assert len(said_by_robot(sandbox)) == 1


def test_two_workers_send_each_once(live, runtime, make, sandbox, card):
    for number in range(10):
        card(f"k{number}")

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(send_staff_messages, [runtime] * 2))

    assert len(cards(sandbox)) == 10
    assert {row.state for row in make.rows(StaffMessage)} == {"sent"}


@pytest.mark.parametrize(("mode", "state"), [("rehearsal", "would_send"), ("stopped", "held")])
def test_the_gate_keeps_them_back_and_they_are_not_sent_later(mode, state, live, runtime, make, sandbox, card, robot):
    make.gate(mode)
    card()
    robot()
    send_staff_messages(runtime)

    make.gate("live")
    send_staff_messages(runtime)

    assert [row.state for row in make.rows(StaffMessage)] == [state] * 2
    assert cards(sandbox) == said_by_robot(sandbox) == []


def test_a_robot_that_said_too_much_goes_on_later(live, runtime, make, sandbox, robot, clock):
    for number in range(22):
        robot(f"k{number}")

    send_staff_messages(runtime)
    assert len(said_by_robot(sandbox)) == 20
    clock.tick(seconds=61)
    send_staff_messages(runtime)

    assert len(said_by_robot(sandbox)) == 22
    assert {row.state for row in make.rows(StaffMessage)} == {"sent"}


def test_what_is_throttled_past_its_deadline_is_given_up(live, runtime, make, sandbox, card, clock):
    card(hours=1)
    sandbox.faults({"on": "call", "path": "message/send", "errcode": 45009, "window_seconds": 3600})

    for _ in range(8):
        send_staff_messages(runtime)
        clock.tick(minutes=10)

    assert states(make) == [("expired", 45009, "too_late")]
    assert cards(sandbox) == []


def test_no_answer_is_unknown_and_never_tried_again(live, runtime, make, sandbox, card, clock):
    card()
    sandbox.faults({"on": "call", "path": "message/send", "html": True, "times": 1})

    send_staff_messages(runtime)
    clock.tick(minutes=10)
    send_staff_messages(runtime)

    assert states(make) == [("unknown", None, "no_answer")]
    assert cards(sandbox) == []


def test_one_whose_process_died_is_unknown(live, runtime, make, card, clock):
    card()
    with runtime.transaction() as session:
        staff_messages.claim(session, now=runtime.now())

    clock.tick(minutes=2)
    send_staff_messages(runtime)

    assert states(make) == [("unknown", None, "no_answer")]


def test_a_pause_from_before_the_clock_went_back_holds_nothing_up(live, runtime, make, sandbox, card, clock):
    card()
    sandbox.faults({"on": "call", "path": "message/send", "errcode": -1, "times": 1})
    send_staff_messages(runtime)

    clock.tick(hours=-1)
    send_staff_messages(runtime)

    assert states(make)[0][0] == "sent"
    assert len(cards(sandbox)) == 1


def test_nobody_of_that_userid_and_a_robot_that_was_removed_have_failed(live, runtime, make, sandbox, card, robot):
    card(userid="nobody")
    robot()
    sandbox.request("DELETE", f"/sandbox/robots/{KEY}")

    send_staff_messages(runtime)

    assert [(state, reason) for state, _, reason in states(make)] == [("failed", "nobody"), ("failed", "robot_gone")]


@pytest.mark.parametrize("trouble", ["none", "removed", "throttled", "html", "no_connection"])
def test_a_robots_key_is_in_no_log_no_row_and_no_error(trouble, live, runtime, settings, make, sandbox, robot, caplog):
    caplog.set_level(logging.DEBUG)
    here = runtime
    if trouble == "removed":
        sandbox.request("DELETE", f"/sandbox/robots/{KEY}")
    elif trouble == "throttled":
        sandbox.faults({"on": "call", "path": "webhook/send", "errcode": 45009})
    elif trouble == "html":
        sandbox.faults({"on": "call", "path": "webhook/send", "html": True})
    elif trouble == "no_connection":
        nowhere = settings.wecom.model_copy(update={"base_url": "http://127.0.0.1:9"})
        here = Runtime(settings.model_copy(update={"wecom": nowhere}), clock=runtime.now)
    robot()

    send_staff_messages(here)

    [row] = make.rows(StaffMessage)
    assert row.state == {"none": "sent", "removed": "failed", "html": "unknown"}.get(trouble, "planned")
    kept = f"{row.reason} {row.errcode} {row.body_sealed!r} {caplog.text} {generate_latest(here.metrics.registry)!r}"
    assert KEY not in kept
    assert KEY[:8] not in kept
