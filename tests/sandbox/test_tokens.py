"""Tokens, tickets, limits, and the envelope every answer wears."""

import pytest
import requests


def test_a_repeated_gettoken_gives_the_same_token_until_its_last_minutes(wecom):
    first = wecom.token
    wecom.advance(6000)
    wecom.sign_in()
    assert wecom.token == first

    wecom.advance(1000)
    wecom.sign_in()

    second, wecom.token = wecom.token, first
    assert second != first
    assert wecom.get("department/list")["errcode"] == 0


def test_a_token_lasts_7200_seconds_of_the_sandboxs_clock(wecom):
    wecom.advance(7199)
    assert wecom.get("department/list")["errcode"] == 0

    wecom.advance(2)

    assert wecom.get("department/list")["errcode"] == 42001


@pytest.mark.parametrize(
    ("params", "errcode"),
    [
        ({}, 41004),
        ({"corpid": "ww0"}, 41004),
        ({"corpsecret": "x"}, 41002),
        ({"corpid": "ww0", "corpsecret": "x"}, 40013),
    ],
)
def test_gettoken_looks_for_the_secret_before_the_corp(wecom, params, errcode):
    assert wecom.gettoken(**params)["errcode"] == errcode


def test_wrong_secrets_block_the_caller_for_an_hour(wecom):
    corp = wecom.credentials
    wrong = {"corpid": corp["corp_id"], "corpsecret": "wrong"}
    right = {"corpid": corp["corp_id"], "corpsecret": corp["secret"]}
    assert [wecom.gettoken(**wrong)["errcode"] for _ in range(11)] == [40001] * 10 + [45009]

    assert wecom.gettoken(**right)["errcode"] == 45009
    wecom.advance(3601)
    assert wecom.gettoken(**right)["errcode"] == 0


def test_the_token_is_looked_at_before_anything_else(wecom):
    url = f"{wecom.url}/cgi-bin/externalcontact/mark_tag"
    body = {"access_token": wecom.token}

    in_body = requests.post(url, json=body, headers={"Authorization": f"Bearer {wecom.token}"}).json()
    made_up = requests.post(f"{url}?access_token=made-up", data=b"{").json()

    assert in_body["errcode"] == 41001
    assert made_up["errcode"] == 40014


def test_a_failure_is_http_200_with_a_hint_and_empty_fields(wecom):
    answer = requests.get(f"{wecom.url}/cgi-bin/externalcontact/list")

    body = answer.json()
    assert answer.status_code == 200
    assert body["external_userid"] == []
    assert "hint: [" in body["errmsg"]
    assert body["errmsg"].endswith("devtool/query?e=41001")


def test_an_unknown_path_is_404_and_empty(wecom):
    answer = requests.get(f"{wecom.url}/cgi-bin/no/such/thing")

    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "errcode"), [("externalcontact/mark_tag", 40003), ("externalcontact/add_contact_way", 40058)]
)
def test_a_get_on_a_post_api_is_an_error_about_parameters(wecom, path, errcode):
    assert wecom.get(path)["errcode"] == errcode


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"7", b"[" * 100_000, b'{"userid": "\\u0000"}', b'{"userid": "\\ud800"}']
)
def test_a_body_that_is_no_object_of_text_is_refused_in_an_envelope(wecom, body):
    url = f"{wecom.url}/cgi-bin/externalcontact/get_contact_way?access_token={wecom.token}"

    answer = requests.post(url, data=body)

    assert (answer.status_code, answer.json()["errcode"]) == (200, 40058)


def test_the_contacts_app_reads_the_directory_only(wecom):
    agent_token = wecom.token
    other = wecom.ask("GET", "credentials?app=contacts")
    wecom.token = wecom.gettoken(corpid=other["corp_id"], corpsecret=other["secret"])["access_token"]

    assert wecom.get("externalcontact/get_follow_user_list")["errcode"] == 48002
    assert wecom.post("user/list_id", limit=2)["dept_user"][0] == {"userid": "Lan", "department": 2}
    assert wecom.get("department/simplelist")["department_id"][0]["id"] == 1
    wecom.token = agent_token
    assert wecom.post("user/list_id")["errcode"] == 48002


def test_a_switched_on_45009_holds_for_its_window(wecom):
    wecom.faults({"on": "call", "path": "department/list", "errcode": 45009, "times": 1})

    assert wecom.get("department/list")["errcode"] == 45009
    wecom.advance(30)
    assert wecom.get("department/list")["errcode"] == 45009
    wecom.advance(31)
    assert wecom.get("department/list")["errcode"] == 0


def test_tickets_have_hourly_limits(wecom):
    answers = [wecom.get("ticket/get", type="agent_config")["errcode"] for _ in range(101)]
    assert answers == [0] * 100 + [45009]

    assert wecom.get("get_jsapi_ticket")["errcode"] == 0
    wecom.advance(3601)
    assert wecom.get("ticket/get", type="agent_config")["errcode"] == 0
    assert wecom.get("ticket/get", type="wx_card")["errcode"] == 91040


def test_strangers_are_refused_by_host_and_origin(wecom):
    def status(**headers):
        return requests.get(f"{wecom.url}/sandbox/staff", headers=headers).status_code

    wecom.ask("PUT", "client", sidebar_url="http://127.0.0.1:8000/sidebar")

    assert status(Host="evil.example") == 403
    assert status(Origin="http://evil.example") == 403
    assert status(Origin="null") == 403
    assert status(Origin=wecom.url) == 200
    assert status(Origin="http://127.0.0.1:8000") == 200
    assert status(Host="localhost") == 200
