"""Who fetches the next token or ticket: one at a time among all processes, ahead of its end, never in a loop."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from wecom.answers import WRONG_SECRET
from wecom.errors import Permanent, Temporary, Throttled, WeComError
from wecom.tokens import StoredToken, TokenStore

LEASE_SECONDS = 20.0  # longer than the longest fetch (3 s to connect and 10 s to read, and one retry of a ticket's)
POLL_SECONDS = 0.1
AHEAD = timedelta(seconds=60)  # a token with less than this left is renewed by whoever needs it
SETTLED = timedelta(seconds=30)  # WeCom may answer the same token again: not asked more often than this
REMEMBERED = timedelta(seconds=5)  # a token is used that long before the store is asked again, unless it is refused
REFUSED_FOR = timedelta(minutes=10)  # a wrong secret is not tried again sooner: it costs the address an hour (1.2)


class Refresher:
    """Keeps tokens in a store, and lets the one caller that wins the store's lease fetch the next one."""

    def __init__(
        self,
        tokens: TokenStore,
        *,
        now: Callable[[], datetime],
        wait: Callable[[float], None],
        remaining: Callable[[], float | None],
    ) -> None:
        self._tokens = tokens
        self._now = now
        self._wait = wait
        self._remaining = remaining
        self._fetched_at: dict[str, datetime] = {}
        self._held: dict[str, tuple[datetime, WeComError]] = {}
        self._seen: dict[str, tuple[datetime, StoredToken]] = {}
        self._guard = threading.Lock()

    def on_record(self, name: str) -> str | None:
        """The token if it can still be used; never asks WeCom."""
        stored = self._tokens.get(name)
        return stored.value if stored and stored.expires_at > self._now() else None

    def at_hand(self, name: str, *, ahead: timedelta = AHEAD) -> StoredToken | None:
        """The token if it was looked up a moment ago and can be used at once."""
        seen_at, token = self._seen.get(name, (None, None))
        if seen_at is None or token is None or not timedelta() <= self._now() - seen_at < REMEMBERED:
            return None
        return token if self._is_fresh(name, token, ahead) else None

    def current(
        self,
        name: str,
        endpoint: str,
        fetch: Callable[[], dict[str, Any]],
        *,
        refused: StoredToken | None = None,
        ahead: timedelta = AHEAD,
    ) -> StoredToken:
        """The token to use: on record with more than `ahead` left and not the one just `refused`, else a fetched one.

        `fetch` answers the endpoint's body. Losers of the lease use what is still valid, or poll until the
        winner has put the new one on record, and raise `Temporary` after the lease's time. A failed renewal leaves the
        old one in use.
        """
        if refused is None and (known := self.at_hand(name, ahead=ahead)) is not None:
            return known
        if refused is not None:
            self._seen.pop(name, None)
        for _ in range(int(LEASE_SECONDS / POLL_SECONDS)):
            stored = self._tokens.get(name)
            usable = stored if stored and stored != refused and stored.expires_at > self._now() else None
            if usable and self._is_fresh(name, usable, ahead):
                self._seen[name] = self._now(), usable
                return usable
            held = self._held_back(name)
            if held is None and self._tokens.lease(
                name, seconds=LEASE_SECONDS, unless_newer_than=stored.value if stored else None
            ):
                if self._tokens.get(name) != stored:
                    self._tokens.give_up(name)  # renewed between our look and our lease, to the same value
                    continue
                try:
                    return self._fetch(name, endpoint, fetch)
                except WeComError as problem:
                    held = problem
            if usable:
                return usable
            if held is not None:
                raise held
            left = self._remaining()
            if left is not None and left < POLL_SECONDS:
                break
            self._wait(POLL_SECONDS)
        raise Temporary(endpoint, None, "nobody fetched a new one in time")

    def _is_fresh(self, name: str, stored: StoredToken, ahead: timedelta) -> bool:
        left = stored.expires_at - self._now()
        fetched_at = self._fetched_at.get(name)
        settled = fetched_at is not None and timedelta() <= self._now() - fetched_at < SETTLED
        return left > ahead or (settled and left > timedelta())

    def _held_back(self, name: str) -> WeComError | None:
        with self._guard:
            until, error = self._held.get(name, (self._now(), None))
        return type(error)(*error.args) if error is not None and self._now() < until else None

    def _fetch(self, name: str, endpoint: str, fetch: Callable[[], dict[str, Any]]) -> StoredToken:
        try:
            token = self._token_of(endpoint, fetch())
        except BaseException as problem:
            self._tokens.give_up(name)
            if isinstance(problem, WeComError):
                self._hold(name, problem)
            raise
        self._tokens.put(name, token)
        self._seen[name] = self._now(), token
        with self._guard:
            self._fetched_at[name] = self._now()
            self._held.pop(name, None)
        return token

    def _token_of(self, endpoint: str, answer: dict[str, Any]) -> StoredToken:
        value = answer.get("access_token") or answer.get("ticket")
        seconds = answer.get("expires_in", 7200)
        if not isinstance(value, str) or not isinstance(seconds, int) or not 0 < seconds <= 86_400:
            raise Temporary(endpoint, None, "the answer holds no token")
        return StoredToken(value, self._now() + timedelta(seconds=seconds))

    def _hold(self, name: str, error: WeComError) -> None:
        """Remember an error that asking again would only make worse."""
        if isinstance(error, Permanent) and error.errcode in WRONG_SECRET:
            pause = REFUSED_FOR
        elif isinstance(error, Throttled):
            pause = timedelta(seconds=error.retry_after_seconds)
        else:
            return
        with self._guard:
            self._held[name] = (self._now() + pause, error)
