"""What can be switched to go wrong."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests


def raw(wecom, path, timeout=5.0):
    params = {"access_token": wecom.token}
    return requests.get(f"{wecom.url}/cgi-bin/{path}", params=params, timeout=timeout, allow_redirects=False)


@pytest.mark.parametrize("errcode", [-1, 40014, 45033, 48002, 60020, 84061, 41050, 41051, 41096])
def test_a_chosen_call_answers_a_chosen_code_so_many_times(wecom, errcode):
    wecom.faults({"on": "call", "path": "user/get", "errcode": errcode, "times": 2})

    answers = [wecom.get("user/get", userid="Lan")["errcode"] for _ in range(3)]

    assert answers == [errcode, errcode, 0]
    assert wecom.get("department/list")["errcode"] == 0
    assert wecom.ask("GET", "faults")["faults"][0]["fired"] == 2


def test_http_errors_and_html_bodies(wecom):
    wecom.faults(
        {"on": "call", "path": "*", "http": 503, "times": 1}, {"on": "call", "path": "*", "html": True, "times": 1}
    )

    first, second, third = (raw(wecom, "department/list") for _ in range(3))

    assert first.status_code == 503
    assert (second.status_code, second.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert third.json()["errcode"] == 0


@pytest.mark.parametrize(("when", "messages"), [("before", 0), ("after", 1)])
def test_a_call_hangs_before_or_after_its_effect(wecom, when, messages):
    made = wecom.add()
    wecom.faults({"on": "call", "path": "externalcontact/send_welcome_msg", "timeout": when})
    url = f"{wecom.url}/cgi-bin/externalcontact/send_welcome_msg?access_token={wecom.token}"

    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"welcome_code": made["welcome_code"], "text": {"content": "好"}}, timeout=0.3)
    wecom.ask("DELETE", "faults")

    assert len(wecom.ask("GET", "messages")["messages"]) == messages


def test_too_many_at_once_only_while_they_run(wecom):
    hanging = {"on": "call", "path": "user/get", "timeout": "before", "times": 3}
    wecom.faults(hanging, {"on": "call", "path": "user/get", "errcode": 45033, "threshold": 3})
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(raw, wecom, "user/get", 10) for _ in range(3)]
        deadline = time.monotonic() + 5
        while wecom.ask("GET", "faults")["faults"][0]["fired"] < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)

        assert wecom.get("user/get", userid="Lan")["errcode"] == 45033
        wecom.ask("DELETE", "faults")

    assert [one.result().status_code for one in waiting] == [504] * 3
    assert wecom.get("user/get", userid="Lan")["errcode"] == 0


def test_every_token_can_be_withdrawn(wecom):
    wecom.faults({"on": "token", "do": "expire"})
    assert wecom.get("department/list")["errcode"] == 40014

    wecom.sign_in()

    assert wecom.get("department/list")["errcode"] == 0


def test_plain_http_can_be_sent_to_https(wecom):
    wecom.faults({"on": "http", "do": "redirect_https", "times": 1})

    answer = raw(wecom, "department/list")

    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://127.0.0.1")


@pytest.mark.parametrize(
    "fault",
    [
        {"on": "call", "path": "*"},
        {"on": "call", "path": "*", "errcode": -1, "http": 503},
        {"on": "callback", "do": "delay"},
        {"on": "callback", "do": "sing"},
        {"on": "moon", "do": "rise"},
        {"on": "call", "path": "*", "errcode": -1, "often": True},
    ],
)
def test_a_switch_that_means_nothing_is_refused(wecom, fault):
    assert wecom.ask("PUT", "faults", status=400, faults=[fault])["error"] == "bad_request"
