"""The clock of a sandbox, for the demo and the tests. Nothing in the settings leads here."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import requests


class SandboxClock:
    """The moment `GET /sandbox/clock` last told, moved on by our own clock unless the sandbox's is frozen."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/clock"
        self._session = requests.Session()
        self._session.trust_env = False
        self.refresh()

    def refresh(self) -> None:
        answer = self._session.get(self._url, timeout=3).json()
        self._told = (float(answer["now"]), time.monotonic(), bool(answer["frozen"]))

    def follow(self, every_seconds: float = 0.25) -> Callable[[], None]:
        """Keep asking in a thread of its own until the answer is called; a sandbox that is away changes nothing."""
        stopped = threading.Event()

        def ask() -> None:
            while not stopped.wait(every_seconds):
                try:
                    self.refresh()
                except (requests.RequestException, ValueError, KeyError):
                    continue

        threading.Thread(target=ask, name="sandbox-clock", daemon=True).start()
        return stopped.set

    def __call__(self) -> datetime:
        now, at, frozen = self._told
        return datetime.fromtimestamp(now if frozen else now + time.monotonic() - at, UTC)
