"""A sandbox that is started again, and its clock."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
import requests

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


def test_groups_tasks_quotas_robots_and_pictures_outlive_a_restart(begin):
    before = begin()
    before.ask("POST", "load", **SHOP)
    before.sign_in()
    person = before.add()["external_userid"]
    people = [{"external_userid": person}]
    chat_id = before.ask("POST", "groups", status=201, name="群", owner="Lan", members=people)["chat_id"]
    robot = before.ask("POST", "robots", status=201, name="小助手")["url"]
    before.http.post(robot, json={"msgtype": "text", "text": {"content": "早"}})
    before.post("message/send", agentid=1000002, touser="lan", msgtype="text", text={"content": "早"})
    files, asked = {"media": ("a.txt", b"some bytes")}, {"access_token": before.token, "type": "file"}
    media_id = before.http.post(f"{before.url}/cgi-bin/media/upload", params=asked, files=files).json()["media_id"]
    before.ask("PUT", "mass-rules", quota="day", dispatch_seconds=0.0)
    ask = {"sender": "Lan", "external_userid": [person], "text": {"content": "开抢"}}
    msgids = [before.post("externalcontact/add_msg_template", **ask)["msgid"] for _ in range(2)]
    before.ask("POST", "mass-messages/confirm", msgid=msgids[0], userid="Lan")

    after = begin()

    assert after.ask("POST", "mass-messages/confirm", msgid=msgids[1], userid="Lan")["quota"] == 1
    assert after.ask("GET", f"mass-messages/{msgids[0]}")["tasks"][0]["sent"] == 1
    assert after.ask("GET", "messages")["messages"][0]["msgid"] == msgids[0]
    assert after.ask("GET", f"groups/{chat_id}")["customers"] == 1
    assert len(after.ask("GET", "app-messages")["messages"]) == 1
    assert after.http.get(f"{after.url}/sandbox/media/{media_id}").content == b"some bytes"
    (key,) = [one["key"] for one in after.ask("GET", "robots")["robots"]]
    assert len(after.ask("GET", f"robots/{key}/messages")["messages"]) == 1


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


@pytest.mark.parametrize(
    ("to", "days", "clock"),
    [
        ({"weekday": 5, "time": "19:55"}, 3, "19:55"),
        ({"weekday": 2, "time": "11:59"}, 7, "11:59"),
        ({"weekday": 2, "time": "12:00"}, 7, "12:00"),
        ({"weekday": 2, "time": "12:01"}, 0, "12:01"),
        ({"time": "00:30"}, 1, "00:30"),
    ],
)
def test_the_clock_goes_to_the_next_such_moment_in_shanghai(wecom, to, days, clock):
    noon = datetime(2026, 11, 10, 12, tzinfo=timezone(timedelta(hours=8)))  # a Tuesday
    wecom.ask("PUT", "clock", now=noon.timestamp(), frozen=True)

    now = datetime.fromtimestamp(wecom.ask("PUT", "clock", to=to)["now"], noon.tzinfo)

    assert (now.date() - noon.date(), now.strftime("%H:%M:%S")) == (timedelta(days=days), f"{clock}:00")


TO = [{"time": "24:00"}, {"time": "7:55"}, {"weekday": 0, "time": "07:55"}, {"weekday": 1}]


@pytest.mark.parametrize(
    "body", [*({"to": to} for to in TO), {"now": -1}, {"now": 1e300}, {"advance": "1"}, {"frozen": 1}, {"later": 1}]
)
def test_a_moment_that_cannot_be_is_refused(wecom, body):
    wecom.ask("PUT", "clock", status=400, **body)


@pytest.mark.parametrize("advance", [10**10, -(10**10)])
def test_the_clock_cannot_be_pushed_out_of_the_calendar_step_by_step(wecom, advance):
    wecom.ask("PUT", "clock", now=249_000_000_000.0 if advance > 0 else 5.0, frozen=True)

    wecom.ask("PUT", "clock", status=400, advance=advance)
    wecom.ask("PUT", "clock", status=400, advance=advance, now=249_000_000_000.0 if advance > 0 else 5.0)


def test_the_same_seed_is_the_same_corp_and_another_is_another():
    running = [start(seed=seed) for seed in (1, 1, 2)]
    first, same, other = (Client(one).credentials for one in running)
    for one in running:
        one.close()

    assert first == same
    assert first["secret"] != other["secret"]


def test_ten_thousand_recipients_are_taken_and_two_thousand_sent_in_a_moment(begin):
    """A record a recipient and statement would take several times as long."""
    wecom = begin()
    people = [f"wm{number:030d}" for number in range(10_000)]
    follows = [{"userid": f"m{n % 5}", "external_userid": one, "createtime": 1} for n, one in enumerate(people)]
    staff = [{"userid": f"m{n}", "name": f"店员{n}"} for n in range(5)]
    customers = [{"external_userid": one, "name": "客户", "unionid": None} for one in people]
    wecom.ask("POST", "load", staff=staff, customers=customers, follows=follows)
    wecom.ask("PUT", "mass-rules", routing="last_talker", dispatch_seconds=0.0)
    wecom.sign_in()

    began = time.monotonic()
    made = wecom.post("externalcontact/add_msg_template", external_userid=people, text={"content": "开抢"})
    accepted = time.monotonic()
    counts = wecom.ask("POST", "mass-messages/confirm", msgid=made["msgid"], userid="m0")
    sent = time.monotonic()

    assert (made["errcode"], counts["sent"]) == (0, 2000)
    assert accepted - began < 1
    assert sent - accepted < 1


def test_a_member_who_taps_twice_at_once_sends_once(wecom):
    person = wecom.add()["external_userid"]
    wecom.ask("PUT", "mass-rules", dispatch_seconds=0.0)
    ask = {"sender": "Lan", "external_userid": [person], "text": {"content": "开抢"}}
    tap = {"msgid": wecom.post("externalcontact/add_msg_template", **ask)["msgid"], "userid": "Lan"}
    address = f"{wecom.url}/sandbox/mass-messages/confirm"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.post(address, json=tap, timeout=20).status_code, range(8)))

    assert sorted(answers) == [200] + [409] * 7
    assert len(wecom.ask("GET", "messages")["messages"]) == 1
