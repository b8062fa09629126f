import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.wecom.shops import Shop
from tests.wecom.stores import MemoryTokens
from tests.wecom.wire import Wire
from wecom.client import WeCom
from wecom.gates import Verdict

SECRET = "s3cret-of-the-app-nobody-may-read"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock) -> MemoryTokens:
    return MemoryTokens(clock)


@pytest.fixture
def calls() -> list[tuple[str, int | None, float]]:
    return []


@pytest.fixture
def connect(wire, clock, tokens, calls):
    """Build a gateway on the wire; every part can be replaced by name."""

    def connect(**parts):
        parts = {
            "base_url": wire.url,
            "corp_id": "ww0123456789abcdef",
            "agent_id": 1000002,
            "secret": SECRET,
            "tokens": tokens,
            "gate": lambda pairs: Verdict.LIVE,
            "before_call": lambda: None,
            "on_call": lambda *call: calls.append(call),
            "now": clock,
            "wait": lambda seconds: time.sleep(0.005),
            "timeouts": (1.0, 0.3),
        } | parts
        return WeCom(**parts)

    return connect


@pytest.fixture
def gateway(connect):
    return connect()


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)
