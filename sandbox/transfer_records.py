"""Customers on their way from one member to another."""

from dataclasses import dataclass

DONE, WAITING, REFUSED, FULL, NONE = 1, 2, 3, 4, 5
LASTS_SECONDS = 86400
COUNTED_SECONDS = 90 * 86400


@dataclass
class Transfer:
    number: int
    handover: str
    takeover: str
    external_userid: str
    resigned: bool
    started_at: float
    message: str = ""
    status: int = WAITING
    ended_at: float | None = None

    @property
    def key(self) -> str:
        return str(self.number)

    @property
    def due_at(self) -> float:
        return self.started_at + LASTS_SECONDS

    def is_between(self, handover: str, takeover: str) -> bool:
        return (self.handover.lower(), self.takeover.lower()) == (handover.lower(), takeover.lower())
