"""One corp and everything around it: credentials, clock, records, faults, limits and the pusher."""

import hashlib
import random
import secrets
from pathlib import Path
from typing import Any

from flask import current_app

from sandbox import credentials
from sandbox.callbacks import Pusher
from sandbox.clock import Clock
from sandbox.events import Value, event_xml
from sandbox.faults import Faults
from sandbox.limits import Limits
from sandbox.records import Event, Pass
from sandbox.state import State


class Corp:
    def __init__(self, seed: int, state_path: Path | None = None) -> None:
        self.state = State(state_path)
        self.seed: int = self.state.setting("seed", seed)
        self.credentials = credentials.from_seed(self.seed)
        self._id_seed: int = self.state.setting("id seed", self.seed)
        self.clock = Clock()
        self.rng = random.Random(self.seed)  # noqa: S311 - made-up names and chances, no secret
        self.faults = Faults(self.clock, self.rng)
        self.limits = Limits(self.clock)
        self.pusher = Pusher(self.credentials, self.clock, self.faults, self._record_outcome)
        self.grants: dict[tuple[str, str], dict[str, set[str]]] = {}  # rights of (frame, address) by identity
        self._go_on()

    def new_id(self, prefix: str, length: int = 32) -> str:
        """A fresh id of WeCom's shape; the same seed and the same history give the same one."""
        number = self.state.next_number(f"{prefix} id")
        return prefix + credentials.letters(self._id_seed, f"{prefix} {number}", length - len(prefix))

    def new_config_id(self) -> str:
        return hashlib.md5(self.new_id("config").encode(), usedforsecurity=False).hexdigest()

    def issue(self, kind: str, lifetime_seconds: float, holder: dict[str, Any]) -> Pass:
        now = self.clock.now()
        value = secrets.token_urlsafe(48)
        return self.state.passes.put(Pass(kind, value, now, now + lifetime_seconds, holder))

    def withdraw_tokens(self) -> None:
        """Every access token issued so far stops working before its time."""
        with self.state.writing():
            for token in self.state.passes:
                if token.kind == "token" and not token.withdrawn:
                    token.withdrawn = True
                    self.state.passes.put(token)

    def note(self, kind: str, text: str, **detail: Any) -> Event:
        """Remember something that happened and is not pushed."""
        number = self.state.next_number("event")
        return self.state.events.put(Event(number, self.clock.now(), kind, text, detail))

    def emit(
        self, event: str, change: str, text: str, detail: dict[str, Any], *, pushed: bool = True, **fields: Value
    ) -> Event:
        """Remember something that happened and push it, when there is an address and the app may see it."""
        happened = self.note(change, text, **detail)
        happened.xml = event_xml(self.credentials.corp_id, int(happened.at), event, change, fields)
        pushed = pushed and self.pusher.url is not None
        happened.delivery = "pending" if pushed else "off"
        if pushed:
            self.pusher.push(happened.id, happened.xml)
        return happened

    def set_callback(self, url: str | None) -> None:
        if url is not None:
            self.pusher.check(url)
        self.pusher.url = url
        with self.state.writing():
            self.state.set("callback", url)

    def keep_clock(self) -> None:
        with self.state.writing():
            self.state.set("clock", {"offset": self.clock.offset, "frozen_at": self.clock.frozen_at})
        self.pusher.wake()

    def reset(self, seed: int | None) -> None:
        """Empty everything but the credentials; a seed given here makes other ids and other chances."""
        self.pusher.url = None
        self.pusher.forget()
        self.faults.replace([])
        self.clock.reset()
        self.limits.reset()
        self.grants.clear()
        self._id_seed = self.seed if seed is None else seed
        self.rng.seed(self._id_seed)
        with self.state.writing():
            self.state.empty()
            self.state.set("seed", self.seed)
            self.state.set("id seed", self._id_seed)

    def close(self) -> None:
        self.faults.replace([])
        self.pusher.close()
        self.state.close()

    def _go_on(self) -> None:
        """Take up where the file left off: the clock, the address, the events that were on their way."""
        kept = self.state.setting("clock", {"offset": 0.0, "frozen_at": None})
        self.clock.offset, self.clock.frozen_at = kept["offset"], kept["frozen_at"]
        self.pusher.url = self.state.setting("callback")
        with self.state.writing():
            self.state.set("seed", self.seed)
        for event in list(self.state.events):
            if event.delivery == "pending" and event.xml:
                self.pusher.push(event.id, event.xml)

    def _record_outcome(self, event_id: int, outcome: str, tries: int) -> None:
        with self.state.writing():
            event = self.state.events.get(str(event_id))
            if event is not None:
                event.tries += tries
                event.delivery = outcome if event.delivery != "delivered" else "delivered"
                self.state.events.put(event)


def corp() -> Corp:
    """The corp of the request being served."""
    found: Corp = current_app.extensions["corp"]
    return found
