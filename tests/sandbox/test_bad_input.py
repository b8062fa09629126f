"""Junk at every call: a clear no, never a crash."""

import json

import pytest
import requests

from sandbox.api.dispatch import APIS

JUNK = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"[" * 100_000,
    b'{"unknown": 1}',
    b"\xff\xfe",
    json.dumps({"userid": {"a": 1}, "external_userid": [1], "config_id": 7, "tag": [7], "name": None}).encode(),
    json.dumps(
        {"userid": "Lan\x00", "group_name": "\x00", "welcome_code": "\x00", "text": {"content": "\x00"}}
    ).encode(),
    b'{"userid": "\\ud800", "url": "\\ud800", "q": "\\ud800", "group": "\\ud800", "name": "\\ud800"}',
    json.dumps(
        {"type": -1, "scene": 10**30, "limit": 1e308, "order": True, "advance": 10**30, "now": -(10**30)}
    ).encode(),
    json.dumps({"userid": "𓀀‮مرحبا", "external_userid": "wm" + "é" * 30, "text": "🌷", "from": "staff"}).encode(),
]
LARGE = b'{"name": "' + b"a" * 10_000_000 + b'"}'
CALLS = [
    ("PUT", "callback"),
    ("PUT", "client"),
    ("POST", "load"),
    ("PUT", "clock"),
    ("POST", "customers"),
    ("PATCH", "customers/wm" + "a" * 30),
    ("POST", "scan"),
    ("POST", "follows/edit"),
    ("POST", "follows/delete"),
    ("POST", "tags"),
    ("POST", "messages"),
    ("POST", "client/sign-in"),
    ("POST", "bridge"),
    ("PUT", "faults"),
    ("PATCH", "staff/Lan"),
    ("POST", "groups"),
    ("POST", "groups/wr" + "a" * 30 + "/join"),
    ("POST", "groups/wr" + "a" * 30 + "/leave"),
    ("POST", "groups/wr" + "a" * 30 + "/change"),
    ("POST", "group-messages"),
    ("POST", "mass-messages"),
    ("POST", "mass-messages/confirm"),
    ("PUT", "mass-rules"),
    ("POST", "robots"),
    ("POST", "client/customer"),
    ("POST", "mini-codes"),
    ("PUT", "wechat-rules"),
]
QUERIES = [
    "conversations?userid=%00",
    "conversations?userid=Lan&limit=" + "9" * 5000,
    "messages?after=-1",
    "events?limit=x",
    "customers?cursor=%F0%9F%8C%B7",
    "staff?x=%ff",
    "groups/%00",
    "group-messages?chat_id=%00&after=x",
    "mass-messages?userid=%ff&after=" + "9" * 5000,
    "mass-messages/%00",
    "quota?target=%00",
    "robots/%00/messages",
    "client/open?url=http%3A%2F%2F127.0.0.1%2F&external_userid=%00",
    "client/open?url=http://[/%00",
    "no/such/call",
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_call_of_the_page_answers_junk_with_400_or_404(wecom, method, path):
    for junk in [*JUNK, LARGE]:
        answer = requests.request(method, f"{wecom.url}/sandbox/{path}", data=junk)

        assert answer.status_code in (200, 201, 400, 404), (junk[:80], answer.status_code, answer.text[:200])
        assert answer.ok or set(answer.json()) == {"error", "message"}


@pytest.mark.parametrize("query", QUERIES)
def test_a_question_of_the_page_answers_junk_with_400_or_404(wecom, query):
    answer = requests.get(f"{wecom.url}/sandbox/{query}")

    assert answer.status_code in (200, 400, 404), answer.text[:200]


@pytest.mark.parametrize("path", sorted(APIS))
def test_an_api_answers_junk_in_an_envelope(wecom, path):
    queries = ["", "&userid=%00&code=%ff&department_id=" + "9" * 5000, "&external_userid=%F0%9F%8C%B7&id=-1&cursor=x"]
    for query in queries:
        for junk in [*JUNK, LARGE] if not query else JUNK:
            root = wecom.url if path.startswith("sns/") else f"{wecom.url}/cgi-bin"
            url = f"{root}/{path}?access_token={wecom.token}{query}"
            answer = requests.post(url, data=junk)

            assert answer.status_code == 200, (junk[:80], query[:40], answer.text[:200])
            assert isinstance(answer.json()["errcode"], int)
