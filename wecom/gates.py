"""The gate every outbound effect passes; who opens and closes it is handed in."""

from collections.abc import Callable
from enum import StrEnum


class Verdict(StrEnum):
    LIVE = "live"
    REHEARSAL = "rehearsal"
    STOPPED = "stopped"


Gate = Callable[[str, str], Verdict]
"""(userid, external_userid) → whether an effect on them may go out now. Asked right before every effect."""
