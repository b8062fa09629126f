"""The group robot: what it says, and that its key is seen by nobody."""

import io
import logging
import pickle
import socket
import traceback

import pytest

from tests.wecom.wire import Drop, Hang, Page
from wecom.errors import Permanent, Rehearsed, RobotGone, Temporary, Throttled, Unanswered, WeComError
from wecom.gates import GateNow, Verdict

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
SEND = "webhook/send"


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ({"text": "开抢啦"}, {"msgtype": "text", "text": {"content": "开抢啦"}}),
        ({"markdown": "**战报**"}, {"msgtype": "markdown", "markdown": {"content": "**战报**"}}),
    ],
)
def test_a_robot_speaks_with_its_key_alone(gateway, wire, tokens, said, body):
    wire.says(SEND, {"errcode": 0, "errmsg": "ok"})

    gateway.send_robot(KEY, **said)

    (asked,) = wire.asked
    assert (asked.method, asked.query, asked.json) == ("POST", {"key": KEY}, body)
    assert len(tokens) == 0


@pytest.mark.parametrize("said", [{}, {"text": ""}, {"text": "a", "markdown": "b"}])
def test_a_robot_says_one_thing(gateway, wire, said):
    with pytest.raises(ValueError, match="a text or a markdown"):
        gateway.send_robot(KEY, **said)

    assert wire.asked == []


def test_a_robot_is_silent_in_rehearsal_whoever_is_on_the_list(connect, wire):
    gateway = connect(gate=GateNow(Verdict.REHEARSAL, frozenset({"lan", KEY})).verdict)

    with pytest.raises(Rehearsed):
        gateway.send_robot(KEY, text="开抢啦")

    assert wire.asked == []


ANSWERS = [
    (Drop(), Unanswered),
    (Hang(), Unanswered),
    (Page(), Unanswered),
    (Page(502), Unanswered),
    (Page(302, b"", (("Location", f"https://elsewhere.invalid/?key={KEY}"),)), Permanent),
    (Page(200, b'{"errcode": 93000}', (("no header at all", "x"),), hangs_up=True), RobotGone),
    ({"errcode": 93000, "errmsg": f"invalid webhook url, key {KEY}"}, RobotGone),
    ({"errcode": 93004}, RobotGone),
    ({"errcode": 93008}, RobotGone),
    ({"errcode": 93006}, Permanent),
    ({"errcode": 45009}, Throttled),
    ({"errcode": -1}, Temporary),
]


@pytest.fixture
def everything_written(caplog):
    """All there is in the log with every logger at DEBUG, those that were told to be silent, too."""
    names = ["", "requests", "http.client", *(name for name in logging.root.manager.loggerDict if "urllib3" in name)]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield lambda: caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(("answer", "error"), ANSWERS, ids=lambda each: str(each)[:40])
def test_nobody_sees_the_key_of_a_robot_whatever_it_is_answered(
    gateway, wire, calls, everything_written, capfd, answer, error
):
    wire.says(SEND, answer)

    with pytest.raises(error) as caught:
        gateway.send_robot(KEY, text="开抢啦")

    assert_hidden(gateway, caught.value, calls, everything_written(), capfd)
    assert wire.times(SEND) == 1


def test_nobody_sees_the_key_when_no_connection_is_made(connect, calls, everything_written, capfd):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gateway = connect(base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")

        with pytest.raises(Temporary) as caught:
            gateway.send_robot(KEY, text="开抢啦")

    assert_hidden(gateway, caught.value, calls, everything_written(), capfd)


def test_nobody_sees_the_key_when_it_goes_well(gateway, wire, calls, everything_written, capfd):
    wire.says(SEND, Page(200, b'{"errcode": 0}', (("no header at all", "x"),), hangs_up=True))

    gateway.send_robot(KEY, text="开抢啦")

    assert_hidden(gateway, None, calls, everything_written(), capfd)


def assert_hidden(gateway, error: WeComError | None, calls, logged, capfd):
    written = io.StringIO()
    print(gateway, repr(gateway), calls, logged, *capfd.readouterr(), file=written)
    if error is not None:
        assert (error.__context__, error.__cause__) == (None, None)
        print(error, repr(error), vars(error), pickle.dumps(error), file=written)
        traceback.print_exception(error, file=written)
    assert KEY not in written.getvalue()
    assert "693a91f6" not in written.getvalue()
    assert [call[0] for call in calls] == [SEND]
