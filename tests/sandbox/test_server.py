"""A sandbox that is started again, and its clock."""

import time

import pytest

from sandbox.server import Running, start
from tests.sandbox.conftest import SHOP, Client
from tests.sandbox.receivers import receiving


@pytest.fixture
def begin(tmp_path):
    """Starts sandboxes on one file, one after the other."""
    started: list[Running] = []

    def begin(seed=7):
        while started:
            started.pop().close()
        started.append(start(seed=seed, state_path=tmp_path / "var" / "sandbox.sqlite3"))
        return Client(started[-1])

    yield begin
    for running in started:
        running.close()


def test_a_restarted_sandbox_is_the_same_corp(begin):
    before = begin(seed=3)
    before.ask("POST", "load", **SHOP)
    before.sign_in()
    before.ask("PUT", "clock", now=1_700_000_000.0, frozen=True)
    made = before.add(name="苏婉清")
    pair = {"userid": "Lan", "external_userid": made["external_userid"]}
    before.ask("POST", "messages", status=201, **pair, **{"from": "customer", "text": "在吗 🌷"})

    after = begin(seed=4)

    after.sign_in()
    assert after.credentials == before.credentials
    assert after.ask("GET", "clock") == {
        "now": 1_700_000_000.0,
        "frozen": True,
        "offset": pytest.approx(1_700_000_000.0 - time.time(), abs=60),
    }
    assert after.ask("GET", "conversations?userid=lan")["conversations"][0]["name"] == "苏婉清"
    assert after.ask("GET", "messages")["messages"][0]["content"] == {"content": "在吗 🌷"}
    assert after.add()["external_userid"] != made["external_userid"]
    welcome = {"welcome_code": made["welcome_code"], "text": {"content": "好"}}
    assert after.post("externalcontact/send_welcome_msg", **welcome)["errcode"] == 41051


def test_events_that_were_on_their_way_go_out_after_a_restart(begin):
    before = begin()
    before.ask("POST", "load", **SHOP)
    with receiving(before.credentials) as receiver:
        before.ask("PUT", "callback", url=receiver.url)
        before.faults({"on": "callback", "do": "delay", "seconds": 3600})
        made = before.add()

        begin()

        (pushed,) = receiver.wait_for(1)
        assert pushed.fields["ExternalUserID"] == made["external_userid"]


def test_a_reset_empties_the_file_too(begin):
    before = begin()
    before.ask("POST", "load", **SHOP)
    before.ask("POST", "reset")

    after = begin()

    assert after.ask("GET", "staff")["staff"] == []
    assert after.credentials == before.credentials


def test_a_frozen_clock_stands_still_and_goes_on_from_there(wecom):
    wecom.ask("PUT", "clock", now=2_000_000_000.0, frozen=True)
    time.sleep(0.02)
    assert wecom.ask("GET", "clock")["now"] == 2_000_000_000.0

    wecom.advance(15 * 86400)
    assert wecom.ask("GET", "clock")["now"] == 2_001_296_000.0
    wecom.ask("PUT", "clock", frozen=False)

    assert 2_001_296_000.0 <= wecom.ask("GET", "clock")["now"] < 2_001_296_060.0


@pytest.mark.parametrize("body", [{"now": -1}, {"now": 1e300}, {"advance": "1"}, {"frozen": 1}, {"later": 1}])
def test_a_moment_that_cannot_be_is_refused(wecom, body):
    wecom.ask("PUT", "clock", status=400, **body)


def test_the_same_seed_is_the_same_corp_and_another_is_another():
    running = [start(seed=seed) for seed in (1, 1, 2)]
    first, same, other = (Client(one).credentials for one in running)
    for one in running:
        one.close()

    assert first == same
    assert first["secret"] != other["secret"]
