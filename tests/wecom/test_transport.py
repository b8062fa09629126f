"""What becomes of a call that goes wrong, and what no error may hold."""

import io
import json
import logging
import pickle
import socket
import time
import traceback
from datetime import UTC, datetime

import pytest
import requests

from tests.wecom.conftest import SECRET
from tests.wecom.wire import Drop, Hang, Page
from wecom import errors
from wecom.answers import no_answer
from wecom.errors import Permanent, Temporary, Throttled, Unanswered
from wecom.tokens import StoredToken
from wecom.transport import Transport

FOLLOWERS = "externalcontact/get_follow_user_list"
WELCOME = "externalcontact/send_welcome_msg"
LAN_AND_WM = {"userid": "lan", "external_userid": "wm1"}
ALL_ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.WeComError)]


def welcome(gateway):
    gateway.send_welcome("CODE", "欢迎", **LAN_AND_WM)


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (-1, Temporary),
        (6000, Temporary),
        (45033, Temporary),
        (45035, Temporary),
        (45009, Throttled),
        (41050, errors.WelcomeSpent),
        (41051, errors.ChatStarted),
        (41096, errors.WelcomeBusy),
        (84061, errors.NotAContact),
        (40096, errors.NotAContact),
        (48002, Permanent),
        (60020, Permanent),
        (99999, Permanent),
    ],
)
def test_an_errcode_becomes_what_to_do_about_it(gateway, wire, errcode, error):
    wire.says(WELCOME, {"errcode": errcode, "errmsg": "no, hint: [1], from ip: 203.0.113.9"})

    with pytest.raises(errors.WeComError) as caught:
        welcome(gateway)

    assert type(caught.value) is error
    assert caught.value.errcode == errcode
    assert caught.value.endpoint == WELCOME
    assert "203.0.113.9" not in str(caught.value)
    assert wire.times(WELCOME) == 1


def test_an_errcode_as_text_counts(gateway, wire):
    wire.says(WELCOME, {"errcode": "41050"})

    with pytest.raises(errors.WelcomeSpent):
        welcome(gateway)


def test_a_throttled_call_says_when_to_come_back(gateway, wire):
    wire.says(FOLLOWERS, {"errcode": 45009})

    with pytest.raises(Throttled) as caught:
        gateway.followers()

    assert caught.value.retry_after_seconds == 60


NO_JSON = [
    Page(),
    Page(body=b""),
    Page(body=b"[1]"),
    Page(body=b'"ok"'),
    Page(502),
    Page(500, b'{"errcode": 0}'),
    Drop(),
]
READ_TOO_LATE = [Hang()]


@pytest.mark.parametrize("answer", [*NO_JSON, *READ_TOO_LATE], ids=str)
def test_a_read_without_an_answer_is_temporary(gateway, wire, answer):
    wire.says(FOLLOWERS, answer)

    with pytest.raises(Temporary) as caught:
        gateway.followers()

    assert caught.value.errcode is None


@pytest.mark.parametrize("answer", [*NO_JSON, *READ_TOO_LATE], ids=str)
def test_an_effect_that_went_out_and_was_not_answered_is_unanswered(gateway, wire, answer):
    wire.says(WELCOME, answer)

    with pytest.raises(Unanswered):
        welcome(gateway)

    assert wire.times(WELCOME) == 1


def test_an_effect_that_never_left_is_temporary(connect, tokens, clock):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    gateway = connect(base_url=url)
    tokens.put("wecom:ww0123456789abcdef:1000002:access", StoredToken("t", clock().replace(year=2030)))

    with pytest.raises(Temporary):
        welcome(gateway)


def test_a_connection_that_was_closed_while_idle_does_not_make_an_effect_unanswered(gateway, wire):
    wire.says(WELCOME, Page(200, b'{"errcode": 0}', hangs_up=True))

    for _ in range(5):
        welcome(gateway)
        time.sleep(0.05)

    assert wire.times(WELCOME) == 5


@pytest.mark.parametrize("problem", [requests.exceptions.ConnectTimeout(), requests.exceptions.ProxyError()], ids=repr)
def test_a_connection_that_was_never_made_is_temporary(problem):
    assert isinstance(no_answer(WELCOME, problem, effect=True), Temporary)


@pytest.mark.parametrize("status", [301, 302, 400, 403, 404, 413])
def test_a_question_refused_by_the_server_is_permanent(gateway, wire, status):
    wire.says(WELCOME, Page(status, b"", (("Location", "https://elsewhere.invalid/"),)))

    with pytest.raises(Permanent):
        welcome(gateway)

    assert wire.times(WELCOME) == 1


def test_an_http_429_had_no_effect(gateway, wire):
    wire.says(WELCOME, Page(429, b""))

    with pytest.raises(Temporary):
        welcome(gateway)


def test_a_sign_in_takes_no_more_than_its_seconds_even_with_a_cold_token(connect, wire):
    gateway = connect(timeouts=(3.0, 10.0))
    wire.says("gettoken", Hang())
    started = time.monotonic()

    with pytest.raises(Temporary):
        gateway.staff_by_code("CODE", within_seconds=0.5)

    assert time.monotonic() - started < 0.8


def test_a_sign_in_does_not_wait_longer_for_somebody_elses_fetch(connect, tokens):
    gateway = connect(wait=time.sleep)
    tokens.lease("wecom:ww0123456789abcdef:1000002:access", seconds=99, unless_newer_than=None)
    started = time.monotonic()

    with pytest.raises(Temporary):
        gateway.staff_by_code("CODE", within_seconds=0.5)

    assert time.monotonic() - started < 0.8


def test_the_limit_of_a_sign_in_ends_with_it(gateway, wire):
    wire.says("auth/getuserinfo", {"userid": "lan"})
    wire.says(FOLLOWERS, {"follow_user": []})

    gateway.staff_by_code("CODE", within_seconds=0.2)
    time.sleep(0.25)

    assert gateway.followers() == []


def test_an_open_transaction_refuses_before_anything_is_asked(connect, wire, tokens):
    def refuse():
        raise RuntimeError("a transaction is open")

    gateway = connect(before_call=refuse)

    for call in (gateway.followers, gateway.access_token, gateway.agent_ticket, lambda: welcome(gateway)):
        with pytest.raises(RuntimeError):
            call()

    assert wire.asked == []
    assert len(tokens) == 0


def test_every_call_is_counted_with_its_errcode(gateway, wire, calls):
    wire.says(FOLLOWERS, {"follow_user": []}, {"errcode": -1}, Page(502))

    gateway.followers()
    for _ in range(2):
        with pytest.raises(Temporary):
            gateway.followers()

    assert [call[:2] for call in calls] == [("gettoken", 0), (FOLLOWERS, 0), (FOLLOWERS, -1), (FOLLOWERS, None)]
    assert all(0 < seconds < 5 for _, _, seconds in calls)


def test_a_second_try_sends_a_file_from_its_beginning(wire):
    issued = iter(["one", "two"])
    wire.says("media/upload", {"errcode": 40014}, {"media_id": "m"})
    transport = Transport(
        wire.url,
        before_call=lambda: None,
        on_call=lambda *call: None,
        token=lambda refused: StoredToken(next(issued), datetime.max.replace(tzinfo=UTC)),
        has_token=lambda: True,
        timeouts=(1, 1),
    )

    transport.post("media/upload", files={"media": io.BytesIO(b"x" * 5000)})

    assert [asked.body.count(b"x" * 5000) for asked in wire.asked] == [1, 1]


def test_the_environments_proxy_is_not_used_for_a_sandbox_on_this_machine(connect, wire, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    wire.says(FOLLOWERS, {"follow_user": ["lan"]})

    assert connect().followers() == ["lan"]


@pytest.mark.parametrize("kind", ALL_ERRORS, ids=lambda each: each.__name__)
def test_an_error_survives_a_pickle(kind):
    error = pickle.loads(pickle.dumps(kind("externalcontact/get", 45009, "why")))

    assert type(error) is kind
    assert (error.endpoint, error.errcode, error.reason) == ("externalcontact/get", 45009, "why")


def test_a_throttled_error_keeps_its_seconds_in_a_pickle():
    assert pickle.loads(pickle.dumps(Throttled("e", 45009, "", 3600))).retry_after_seconds == 3600


@pytest.mark.parametrize(
    "answers",
    [
        {"gettoken": Drop()},
        {"gettoken": Hang()},
        {"gettoken": Page(502)},
        {"gettoken": {"errcode": 40001, "errmsg": f"invalid {SECRET}"}},
        {WELCOME: Drop()},
        {WELCOME: Hang()},
        {WELCOME: {"errcode": 40014, "errmsg": "token-1"}},
        {WELCOME: {"errcode": 48002, "errmsg": "token-1"}},
    ],
    ids=str,
)
def test_no_secret_is_in_an_error_its_pickle_its_traceback_or_the_log(gateway, wire, caplog, answers):
    for endpoint, answer in answers.items():
        wire.says(endpoint, answer)

    with caplog.at_level(logging.DEBUG), pytest.raises(errors.WeComError) as caught:
        welcome(gateway)

    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    written = f"{error} {error!r} {vars(error)} {pickle.dumps(error)!r} {gateway!r}" + caplog.text
    for secret in (SECRET, "token-1", wire.url, "欢迎", "CODE"):
        assert secret not in written
    for secret in (SECRET, "token-1"):
        assert secret not in "".join(traceback.format_exception(caught.value))


def test_a_header_that_cannot_be_read_writes_no_url_to_the_log(gateway, wire, caplog):
    broken = (("no header at all", "x"),)
    wire.says("gettoken", Page(200, json.dumps(wire.new_token()).encode(), headers=broken, hangs_up=True))
    wire.says("externalcontact/get", Page(200, b'{"errcode": -1}', headers=broken, hangs_up=True))

    with caplog.at_level(logging.DEBUG), pytest.raises(errors.Temporary):
        gateway.customer("wm1")

    assert (wire.times("gettoken"), wire.times("externalcontact/get")) == (1, 1)
    assert not [record for record in caplog.records if SECRET in record.getMessage() or "token" in record.getMessage()]


def test_a_refused_connection_holds_no_url(connect):
    gateway = connect(base_url="http://127.0.0.1:9")

    with pytest.raises(Temporary) as caught:
        gateway.followers()

    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_gateway_cannot_be_pickled(gateway):
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(gateway)
