"""No call to WeCom ever happens inside an open transaction: every method, every exit, every way to open one."""

import ast
from contextlib import suppress

import pytest
from pydantic import SecretStr

from runtime import Runtime
from tests.test_layers import MODULES
from tests.wecom.methods import PUBLIC, call
from wecom.errors import WeComError
from wecom.tokens import StoredToken

ASKS_NOBODY = {"cached_ticket"}  # looks into our own table only
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "http", "httpx", "imaplib", "requests", "smtplib", "socket", "ssl", "urllib",
    "urllib3", "websocket", "wechatpy",
}  # fmt: skip
HARMLESS = ("urllib.parse", "http.HTTPStatus")
PROGRAM = {name: tree for name, tree in MODULES.items() if name.split(".")[0] not in ("sandbox", "bench")}
SPEAKS = {
    "wecom.transport": "to WeCom",
    "wecom.official_account": "to the official account, with no transaction open",
    "wecom.answers": "to nobody: it names what requests raises",
    "wecom.endpoints": "to nobody: wechatpy's endpoints hand everything to the transport they are bound to",
    "connectors.transport": "to the shop platforms",
    "clocks": "to the sandbox, about the time",
    "demo": "to the sandbox and to our own pages",
    "doctor": "to our own public address, and to WeCom's front door for the time, with no token",
    "web": "to nobody: it listens",
    "jobs.webhook_posts": "to the addresses shops want to be told at, with no transaction open",
    "jobs.alarm": "to nobody: it asks what this machine is called",
}
OPENS = {
    "runtime": "transaction and reading",
    "models.appending": "one statement, committed before it returns; no caller's code runs inside",
    "migrations.__init__": "the scripts",
    "files.staging": "a scratch file of its own",
}


@pytest.fixture
def runtime(settings, wire, clock):
    """The real runtime, its gate open, with a WeCom that remembers every request."""
    known = settings.wecom.model_copy(update={"base_url": wire.url, "secret": SecretStr("secret")})
    made = Runtime(settings.model_copy(update={"wecom": known}), clock=clock)
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["transaction", "reading"])
def test_every_method_is_refused_inside_a_transaction_before_a_byte_leaves(runtime, make, wire, kind):
    make.gate("live")
    opened = {"transaction": runtime.transaction, "reading": runtime.reading}[kind]

    for name in sorted(PUBLIC):
        with opened(), pytest.raises(RuntimeError, match="a transaction is open in this thread"):
            call(runtime.wecom, name)

    assert wire.asked == []


def test_every_method_goes_out_once_the_transaction_is_over(runtime, make, wire):
    """Without this the test above would also pass for methods that never call."""
    make.gate("live")
    silent = set()

    for name in sorted(PUBLIC):
        with runtime.transaction():
            pass
        before = len(wire.asked)
        with suppress(WeComError):
            call(runtime.wecom, name)
        if len(wire.asked) == before:
            silent.add(name)

    assert silent - {"access_token"} == ASKS_NOBODY  # the token is at hand by then


@pytest.mark.parametrize("name", sorted(PUBLIC - ASKS_NOBODY))
def test_the_gateway_itself_asks_whether_it_may_call(connect, wire, tokens, clock, name):
    """With an open gate and tokens at hand: nothing but `before_call` stands in the way."""
    tokens.put("wecom:ww0123456789abcdef:1000002:access", StoredToken("t", clock().replace(year=2030)))

    def refuse():
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError, match="not now"):
        call(connect(before_call=refuse), name)

    assert wire.asked == []


def test_only_the_transport_speaks_to_wecom():
    speakers = {name for name, tree in PROGRAM.items() if any(map(is_network, imported(tree)))}

    assert speakers == set(SPEAKS)


def test_the_gateways_other_modules_only_name_what_the_network_raises():
    for name in ("wecom.answers", "wecom.endpoints"):
        assert not {each for each in calls(PROGRAM[name]) if each.split(".")[0] in NETWORK}


def test_the_transport_sends_in_one_place():
    sends = [
        each for each in calls(PROGRAM["wecom.transport"]) if each.startswith(("requests.", "self._conn", "self._http"))
    ]

    assert sorted(sends) == ["requests.Session", "self._connection", "self._connection().request"]


def test_platforms_are_reached_in_one_place_too():
    sends = [each for each in calls(PROGRAM["connectors.transport"]) if each.startswith(("session.", "requests."))]

    assert sends == ["session.request"]


def test_only_the_runtime_opens_a_transaction_in_which_others_do_something():
    openers = {
        name
        for name, tree in PROGRAM.items()
        for each in calls(tree)
        if each in ("Session", "orm.Session", "sessionmaker", "scoped_session")
        or each.endswith((".connect", ".raw_connection", "engine.begin"))
    }

    assert openers == set(OPENS)


def is_network(imported: str) -> bool:
    return imported.split(".")[0] in NETWORK and not imported.startswith(HARMLESS)


def calls(tree):
    """What is called under `tree`, as it is written."""
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(tree):
    """Every import under `tree` by its full name: a module's, or a module's and what is taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
