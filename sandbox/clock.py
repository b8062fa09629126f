"""The sandbox's own time: the machine's, moved by an offset, or standing still."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
LATEST = 250_000_000_000  # in the year 9892: what counts a month or a week on is still in the calendar


class Clock:
    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self.offset = 0.0
        self.frozen_at: float | None = None

    def now(self) -> float:
        return self.frozen_at if self.frozen_at is not None else self._real() + self.offset

    @property
    def frozen(self) -> bool:
        return self.frozen_at is not None

    def move_to(self, now: float) -> None:
        if self.frozen_at is not None:
            self.frozen_at = now
        self.offset = now - self._real()

    def freeze(self, frozen: bool) -> None:
        """Stop, or go on from the moment it stopped at."""
        now = self.now()
        self.frozen_at = now if frozen else None
        self.move_to(now)

    def reset(self) -> None:
        self.offset, self.frozen_at = 0.0, None


def next_moment(now: float, weekday: int | None, clock_time: str) -> float:
    """The next time it is that late in Shanghai (on that weekday, 1 Monday … 7); never now itself."""
    today = datetime.fromtimestamp(now, SHANGHAI)
    hour, minute = (int(part) for part in clock_time.split(":"))
    first = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    days = (first + timedelta(days=day) for day in range(8))
    return next(day for day in days if day > today and weekday in (None, day.isoweekday())).timestamp()
