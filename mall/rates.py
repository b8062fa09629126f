"""How often somebody may ask: a sliding window in this process's memory. Several processes each count their own."""

import threading
from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta

from crm.errors import TooMany

MOST_REMEMBERED = 20_000


class Window:
    """At most so many in so long, by whoever asks. Safe in many threads."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._most, self._span = most, span
        self._asked: dict[Hashable, deque[datetime]] = {}
        self._lock = threading.Lock()

    def take(self, who: Hashable, *, now: datetime) -> None:
        """Count one more. Raises `TooMany` when there were enough."""
        with self._lock:
            times = self._asked.pop(who, None) or deque()
            self._asked[who] = times  # who asked last stands last
            while times and not now - self._span < times[0] <= now:
                times.popleft()
            if len(times) >= self._most:
                raise TooMany("太频繁了，过一分钟再来")
            times.append(now)
            while len(self._asked) > MOST_REMEMBERED:
                del self._asked[next(iter(self._asked))]
