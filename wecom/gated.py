"""What every change outside goes through: the gate, with a token at hand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from wecom.errors import Rehearsed, Stopped
from wecom.gates import Gate, Pair, Verdict
from wecom.transport import Transport

NOBODY: Pair = ("", "")  # never in an allow-list


class Gated:
    """Calls that change something. Each raises `Rehearsed` or `Stopped` instead when the gate says so."""

    def __init__(self, api: Transport, gate: Gate, agent_id: int) -> None:
        self._api = api
        self._gate = gate
        self._agent_id = agent_id

    @contextmanager
    def _passing(self, endpoint: str, *people: Pair) -> Iterator[None]:
        """Ask the gate about everybody, before the call inside and whenever something took its time meanwhile."""
        with self._holding(lambda: self._ask_the_gate(endpoint, people)):
            yield

    @contextmanager
    def _holding(self, ask: Callable[[], None]) -> Iterator[None]:
        """Ask, again when a token had to be got, and before a second try: that takes long enough to press stop."""
        ask()
        if not self._api.has_token():
            self._api.ensure_token()
            ask()
        with self._api.asking_again(ask):
            yield

    def _ask_the_gate(self, endpoint: str, people: Sequence[Pair]) -> None:
        verdict = self._gate(people or (NOBODY,))
        if verdict == Verdict.STOPPED:
            raise Stopped(endpoint)
        if verdict != Verdict.LIVE:
            raise Rehearsed(endpoint)


def members(userids: Sequence[str]) -> list[Pair]:
    return [(userid, "") for userid in userids]
