"""What is switched to go wrong, and how often it did."""

import random
import threading
from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock

HOLDS_SECONDS = {45009: 60.0}


@dataclass
class Fault:
    spec: dict[str, Any]
    fired: int = 0
    holds_until: float | None = None  # an error that answers for its whole window

    def spent(self) -> bool:
        times = self.spec.get("times")
        return times is not None and self.fired >= times


class Faults:
    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.released = threading.Event()  # set for those who hang when the switches change

    def replace(self, specs: list[dict[str, Any]]) -> None:
        with self._lock:
            self._faults = [Fault(spec) for spec in specs]
            self.released.set()
            self.released = threading.Event()

    def shown(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{**fault.spec, "fired": fault.fired} for fault in self._faults]

    def hang(self, seconds: float) -> None:
        """Let a caller wait, in real time, until then or until the switches change."""
        self.released.wait(seconds)

    def take_call(self, path: str, kinds: tuple[str, ...], running: int = 0) -> Fault | None:
        """The first fault that bends this call and has one of these keys."""
        with self._lock:
            for fault in self._faults:
                spec = fault.spec
                if spec["on"] != "call" or spec["path"] not in ("*", path) or not any(kind in spec for kind in kinds):
                    continue
                if "threshold" in spec and running <= spec["threshold"]:
                    continue
                if self._holds(fault) or self._fires(fault):
                    return fault
        return None

    def take_callback(self) -> dict[str, Fault]:
        """What happens to one callback, by what is done: the first of each kind that fires, a drop before all."""
        with self._lock:
            taken: dict[str, Fault] = {}
            for fault in self._faults:
                does = fault.spec["do"] if fault.spec["on"] == "callback" else None
                if does and does not in taken and self._fires(fault):
                    taken[does] = fault
                    if does == "drop":
                        break
        return taken

    def bend_next_bridge(self, name: str, spec: dict[str, Any]) -> None:
        """A switch for the next call of that name, before all others; an empty one takes it back."""
        with self._lock:
            self._faults = [fault for fault in self._faults if not self._is_next(fault, name)]
            if spec:
                self._faults.insert(0, Fault({"on": "bridge", "name": name, "times": 1, **spec}))

    def next_bridge(self, name: str) -> dict[str, Any]:
        """The switch for the next call of that name; empty when there is none, or it was used."""
        with self._lock:
            return next((fault.spec for fault in self._faults if self._is_next(fault, name) and not fault.spent()), {})

    def take_bridge(self, name: str) -> Fault | None:
        return self._take("bridge", name=name)

    def take_token(self) -> Fault | None:
        return self._take("token")

    def welcome_without_code(self) -> bool:
        return self._take("welcome") is not None

    def redirects_to_https(self) -> bool:
        return self._take("http") is not None

    def _take(self, on: str, **match: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                spec = fault.spec
                meant = spec["on"] == on and all(spec[key] in ("*", value) for key, value in match.items())
                if meant and self._fires(fault):
                    return fault
        return None

    @staticmethod
    def _is_next(fault: Fault, name: str) -> bool:
        return fault.spec["on"] == "bridge" and fault.spec.get("name") == name and fault.spec.get("times") == 1

    def _holds(self, fault: Fault) -> bool:
        return fault.holds_until is not None and self._clock.now() < fault.holds_until

    def _fires(self, fault: Fault) -> bool:
        if fault.spent() or self._rng.random() >= fault.spec.get("probability", 1.0):
            return False
        fault.fired += 1
        window = fault.spec.get("window_seconds", HOLDS_SECONDS.get(fault.spec.get("errcode", 0)))
        if window is not None:
            fault.holds_until = self._clock.now() + window
        return True
