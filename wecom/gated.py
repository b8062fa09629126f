"""What every change outside goes through: the gate, with a token at hand."""

from collections.abc import Sequence

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

    def _pass(self, endpoint: str, *people: Pair) -> None:
        """Ask the gate about everybody, and again with a token at hand: a cold one takes long enough to press stop."""
        self._ask_the_gate(endpoint, people)
        self._api.ensure_token()
        self._ask_the_gate(endpoint, people)

    def _ask_the_gate(self, endpoint: str, people: Sequence[Pair]) -> None:
        verdict = self._gate(people or (NOBODY,))
        if verdict == Verdict.STOPPED:
            raise Stopped(endpoint)
        if verdict != Verdict.LIVE:
            raise Rehearsed(endpoint)
