"""Asking WeCom many times in a row: no faster than it allows, and again after a pause when it says not now."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from runtime import Runtime
from wecom.errors import Temporary, Throttled, TokenInvalid, Unanswered

Answer = TypeVar("Answer")
Pause = Callable[[float], None]

A_MINUTE = 9_000  # of the 10,000 calls a minute of one API (docs/wecom.md 1.4): others ask, too
TRIES = 6
LONGEST_PAUSE = 60.0


class Stopped(Exception):
    """Whoever waits was asked to stop."""


class Asking:
    """Calls `pause` with seconds; it may raise `Stopped`. Not for several threads at a time."""

    def __init__(self, runtime: Runtime, pause: Pause) -> None:
        self._runtime = runtime
        self._pause = pause
        self._asked: deque[datetime] = deque(maxlen=A_MINUTE)

    def __call__(self, call: Callable[[], Answer]) -> Answer:
        """What `call` answers; its own error after `TRIES`, or when waiting does not help."""
        for tries in range(1, TRIES + 1):
            self._pace()
            try:
                return call()
            except Throttled as problem:
                if tries == TRIES:
                    raise
                self._pause(problem.retry_after_seconds)
            except (Temporary, TokenInvalid, Unanswered):
                if tries == TRIES:
                    raise
                self._pause(min(2.0**tries, LONGEST_PAUSE))
        raise AssertionError("the last try returns or raises")

    def _pace(self) -> None:
        now = self._runtime.now()
        if len(self._asked) == A_MINUTE and (wait := self._asked[0] + timedelta(minutes=1) - now) > timedelta():
            self._pause(wait.total_seconds())
        self._asked.append(self._runtime.now())
