"""A token store in memory, as strict about its lease as the table is."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from wecom.tokens import StoredToken


class MemoryTokens:
    """Several gateways may share one, as processes share a table."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tokens: dict[str, StoredToken] = {}
        self._leased_until: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._tokens)  # empty is false: a client that says `store or default` would drop it

    def get(self, name: str) -> StoredToken | None:
        with self._lock:
            return self._tokens.get(name)

    def lease(self, name: str, *, seconds: float, unless_newer_than: str | None) -> bool:
        with self._lock:
            stored, until = self._tokens.get(name), self._leased_until.get(name)
            if (stored.value if stored else None) != unless_newer_than or (until and self._now() < until):
                return False
            self._leased_until[name] = self._now() + timedelta(seconds=seconds)
            return True

    def put(self, name: str, token: StoredToken) -> None:
        with self._lock:
            self._tokens[name] = token
            self._leased_until.pop(name, None)

    def give_up(self, name: str) -> None:
        with self._lock:
            self._leased_until.pop(name, None)
