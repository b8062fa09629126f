"""Pushes events to the callback address: encrypted, signed, 5 s to answer, 3 tries in all.

One thread decides what is due, eight deliver. Retries wait in real time, because the address is real;
a delay that was switched on waits on the corp's clock, because a test moves that one.
"""

import heapq
import http.client
import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from sandbox import crypto
from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.faults import Faults

TRIES = 3
DEADLINE_SECONDS = 5.0
CHECK_SECONDS = 1.0
RETRY_PAUSE_SECONDS = 1.0
REORDER_PATIENCE_SECONDS = 1.0
WORKERS = 8
LOOPBACK = ("127.0.0.1", "localhost", "::1")

log = logging.getLogger(__name__)


class CallbackRefused(Exception):
    """The address did not pass the check; the text says what it answered."""


@dataclass(order=True)
class Push:
    """One copy of one event on its way; `due_at` is on the clock that its heap runs on."""

    due_at: float
    number: int
    event_id: int = field(compare=False)
    xml: str = field(compare=False)
    tries: int = field(default=0, compare=False)


class Pusher:
    """`outcome(event_id, state, tries)` is called once for every copy that arrived, failed or was dropped."""

    def __init__(
        self, credentials: Credentials, clock: Clock, faults: Faults, outcome: Callable[[int, str, int], None]
    ) -> None:
        self.url: str | None = None
        self.delivered = 0
        self.failed = 0
        self.dropped = 0
        self.slowest_seconds = 0.0  # of the answers
        self._credentials, self._clock, self._faults, self._outcome = credentials, clock, faults, outcome
        self._changed = threading.Condition()
        self._retries: list[Push] = []  # by the machine's time
        self._delayed: list[Push] = []  # by the corp's clock
        self._held: list[Push] = []  # to be reordered
        self._held_since = 0.0
        self._running = 0
        self._number = 0
        self._closed = False
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="callback")
        self._thread = threading.Thread(target=self._run, name="callbacks", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        with self._changed:
            return len(self._retries) + len(self._delayed) + len(self._held) + self._running

    @property
    def waiting_for_clock(self) -> int:
        """Those of the pending that only go out when the corp's clock gets there."""
        with self._changed:
            return len(self._delayed)

    def push(self, event_id: int, xml: str) -> None:
        """Queue one event, bent as the faults say."""
        bent = {does: fault.spec for does, fault in self._faults.take_callback().items()}
        if "drop" in bent:
            self.dropped += 1
            self._outcome(event_id, "dropped", 0)
            return
        copies = int(bent["duplicate"].get("copies", 2)) if "duplicate" in bent else 1
        with self._changed:
            for _ in range(copies):
                self._number += 1
                push = Push(0.0, self._number, event_id, xml)
                if "delay" in bent:
                    push.due_at = self._clock.now() + float(bent["delay"]["seconds"])
                    heapq.heappush(self._delayed, push)
                elif "reorder" in bent:
                    self._hold(push, int(bent["reorder"].get("window", 2)))
                else:
                    heapq.heappush(self._retries, push)
            self._changed.notify()

    def wake(self) -> None:
        """Look again: the corp's clock was moved."""
        with self._changed:
            self._changed.notify()

    def forget(self) -> None:
        """Drop whatever waits."""
        with self._changed:
            self._retries.clear()
            self._delayed.clear()
            self._held.clear()
            self.delivered = self.failed = self.dropped = 0
            self.slowest_seconds = 0.0

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _hold(self, push: Push, window: int) -> None:
        if not self._held:
            self._held_since = time.monotonic()
        self._held.append(push)
        if len(self._held) >= window:
            self._release_held()

    def _release_held(self) -> None:
        """Last come, first served: the order is certain to change."""
        for place, push in enumerate(reversed(self._held)):
            push.due_at = place * 0.02  # one after the other, so that the workers keep this order
            push.due_at += time.monotonic()
            heapq.heappush(self._retries, push)
        self._held = []

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                due = self._take_due()
                if not due:
                    self._changed.wait(self._patience())
                    continue
                self._running += len(due)
            for push in due:
                self._pool.submit(self._deliver, push)

    def _take_due(self) -> list[Push]:
        due = []
        while self._retries and self._retries[0].due_at <= time.monotonic():
            due.append(heapq.heappop(self._retries))
        while self._delayed and self._delayed[0].due_at <= self._clock.now():
            due.append(heapq.heappop(self._delayed))
        if self._held and time.monotonic() - self._held_since >= REORDER_PATIENCE_SECONDS:
            self._release_held()
        return due

    def _patience(self) -> float | None:
        waits = [self._retries[0].due_at - time.monotonic()] if self._retries else []
        waits += [self._delayed[0].due_at - self._clock.now()] if self._delayed else []
        waits += [self._held_since + REORDER_PATIENCE_SECONDS - time.monotonic()] if self._held else []
        return max(0.001, min(waits)) if waits else None

    def _deliver(self, push: Push) -> None:
        push.tries += 1
        url, begun = self.url, time.monotonic()
        try:
            arrived = url is not None and self._post(url, push.xml)
        except Exception:
            log.exception("event %s could not be pushed", push.event_id)
            arrived = False
        with self._changed:
            self._running -= 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begun)
            if not arrived and self._closed:  # it stays pending, and goes out again after a restart
                return
            if not arrived and push.tries < TRIES and url is not None:
                push.due_at = time.monotonic() + RETRY_PAUSE_SECONDS
                heapq.heappush(self._retries, push)
                self._changed.notify()
                return
            self.delivered += arrived
            self.failed += not arrived
        self._outcome(push.event_id, "delivered" if arrived else "failed", push.tries)

    def _post(self, url: str, xml: str) -> bool:
        corp = self._credentials
        encrypted = crypto.encrypt(corp.callback_aes_key, xml, corp.corp_id)
        body = (
            f"<xml><ToUserName><![CDATA[{corp.corp_id}]]></ToUserName><AgentID><![CDATA[{corp.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        try:
            status, _ = fetch("POST", self._signed(url, encrypted), body.encode(), DEADLINE_SECONDS)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def check(self, url: str) -> None:
        """Ask the address to decrypt a random text, as WeCom does on saving it. Raises `CallbackRefused`."""
        echo = str(secrets.randbelow(9 * 10**18) + 10**18)
        corp = self._credentials
        encrypted = crypto.encrypt(corp.callback_aes_key, echo, corp.corp_id)
        try:
            target = self._signed(url, encrypted, echostr=encrypted)
            status, body = fetch("GET", target, None, CHECK_SECONDS)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CallbackRefused(f"no answer within {CHECK_SECONDS:g} s: {error}") from None
        if status != 200 or body != echo.encode():
            shown = body[:80].decode(errors="replace")
            raise CallbackRefused(f"it answered {status} {shown!r}, not 200 and the bare plaintext")

    def _signed(self, url: str, encrypted: str, **more: str) -> str:
        timestamp, nonce = str(int(self._clock.now())), str(secrets.randbelow(10**10))
        sign = crypto.signature(self._credentials.callback_token, timestamp, nonce, encrypted)
        query = urlencode({"msg_signature": sign, "timestamp": timestamp, "nonce": nonce, **more})
        return f"{url}{'&' if '?' in url else '?'}{query}"


def fetch(method: str, url: str, body: bytes | None, deadline_seconds: float) -> tuple[int, bytes]:
    """One request to a loopback address, cut off when the deadline passes. Follows nothing."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ValueError("a callback address is http on loopback")
    ends_at = time.monotonic() + deadline_seconds
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=deadline_seconds)
    try:
        headers = {"Content-Type": "text/xml"} if body is not None else {}
        connection.request(method, f"{parts.path or '/'}?{parts.query}", body, headers)
        if connection.sock:
            connection.sock.settimeout(max(0.01, ends_at - time.monotonic()))
        answer = connection.getresponse()
        received = answer.read(4096)
        if time.monotonic() > ends_at:
            raise TimeoutError("the answer came too late")
        return answer.status, received
    finally:
        connection.close()
