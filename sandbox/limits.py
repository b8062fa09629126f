"""How often a caller may ask; a caller over the limit is blocked until a window as long has passed."""

from collections import Counter, defaultdict
from threading import Lock

from sandbox.clock import Clock
from sandbox.errors import Refused

MINUTE, HOUR = 60, 3600
PER_API = ((MINUTE, 10_000), (HOUR, 150_000))
PER_TICKET_API = {"get_jsapi_ticket": ((HOUR, 400),), "ticket/get": ((HOUR, 100),)}
MINI_SIGN_INS = ((MINUTE, 100),)  # of one user
WRONG_SECRETS = ((HOUR, 10),)
RUNNING_PER_API = 20
UNCOUNTED = ("auth/getuserinfo", "user/getuserinfo")


class Limits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[tuple[str, int, int], tuple[float, int]] = {}
        self._blocked_until: dict[str, float] = defaultdict(float)
        self._running: Counter[str] = Counter()

    def count(self, name: str, rules: tuple[tuple[int, int], ...]) -> None:
        """Count one more; raises 45009 over a limit and until its window has passed."""
        now = self._clock.now()
        with self._lock:
            if now < self._blocked_until[name]:
                raise Refused(45009)
            for window, most in rules:
                began, count = self._counts.get((name, window, most), (now, 0))
                if now - began >= window or now < began:
                    began, count = now, 0
                self._counts[name, window, most] = (began, count + 1)
                if count + 1 > most:
                    self._blocked_until[name] = now + window
                    raise Refused(45009)

    def refuse_blocked(self, name: str) -> None:
        if self._clock.now() < self._blocked_until.get(name, 0.0):
            raise Refused(45009)

    def enter(self, path: str) -> int:
        with self._lock:
            self._running[path] += 1
            return self._running[path]

    def leave(self, path: str) -> None:
        with self._lock:
            self._running[path] -= 1

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._blocked_until.clear()
