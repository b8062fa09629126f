"""The gate every outbound effect passes; who opens and closes it is handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

Pair = tuple[str, str]
"""A member's userid and whom they reach: an external_userid or chat_id, "" when it is the member alone."""


class Verdict(StrEnum):
    LIVE = "live"
    REHEARSAL = "rehearsal"
    STOPPED = "stopped"


@dataclass(frozen=True)
class GateNow:
    """How the gate stands at one moment: its mode, and who does receive in rehearsal (userids, contacts, groups)."""

    mode: Verdict
    allow_list: frozenset[str] = frozenset()

    def lets_out(self, userid: str, target: str = "") -> bool:
        """Whether one effect of this member on this customer or group goes out."""
        if self.mode is Verdict.REHEARSAL:
            return userid in self.allow_list or target in self.allow_list
        return self.mode is Verdict.LIVE

    def verdict(self, pairs: Sequence[Pair]) -> Verdict:
        """Live only when every pair goes out; about nobody it is the mode."""
        if self.mode is Verdict.REHEARSAL and pairs and all(self.lets_out(*pair) for pair in pairs):
            return Verdict.LIVE
        return self.mode


Gate = Callable[[Sequence[Pair]], Verdict]
"""Whether one effect on all of these may go out now. Asked right before every effect, once for all of its people."""
