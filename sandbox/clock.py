"""The sandbox's own time: the machine's, moved by an offset, or standing still."""

import time
from collections.abc import Callable


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
