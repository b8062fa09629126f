"""Access tokens of platforms: kept in a store that every process shares, fetched by one of them at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from connectors.errors import Temporary, Unauthorized

Answer = TypeVar("Answer")
LEASE_SECONDS = 30.0
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, repr=False)
class Token:
    """A cached token; never printed."""

    value: str
    expires_at: datetime


class TokenStore(Protocol):
    """What is kept has a `value` and an `expires_at`."""

    def get(self, name: str) -> Any: ...

    def lease(self, name: str, *, seconds: float, unless_newer_than: str | None) -> bool: ...

    def put(self, name: str, token: Any) -> None: ...

    def give_up(self, name: str) -> None: ...


class TokenRefused(Exception):
    """The platform knows this token no longer."""


class Tokens:
    """The token of one account; `fetch` asks the platform for the next one."""

    def __init__(self, store: TokenStore, name: str, fetch: Callable[[], Token], now: Callable[[], datetime]) -> None:
        self._store, self._name, self._fetch, self._now = store, name, fetch, now

    def using(self, call: Callable[[str], Answer]) -> Answer:
        """`call` with a token, once more with a new one when it raises `TokenRefused`."""
        token = self._token(None)
        try:
            return call(token)
        except TokenRefused:
            pass
        try:
            return call(self._token(token))
        except TokenRefused:
            raise Unauthorized("token") from None

    def _token(self, refused: str | None) -> str:
        stored = self._store.get(self._name)
        if stored is not None and stored.value != refused and stored.expires_at > self._now() + AHEAD:
            return str(stored.value)
        newest = stored.value if stored is not None else None
        if not self._store.lease(self._name, seconds=LEASE_SECONDS, unless_newer_than=newest):
            raise Temporary("token_busy")  # somebody else is fetching it
        try:
            fresh = self._fetch()
        except BaseException:
            self._store.give_up(self._name)
            raise
        self._store.put(self._name, fresh)
        return fresh.value
