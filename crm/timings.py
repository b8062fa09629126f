"""When something that happens by itself is due: pure, so that a test can ask about any moment."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from crm.calendars import latest_daily, latest_weekly, next_daily, next_weekly

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
MOST_SLOTS = 100
LATE = timedelta(minutes=1)  # a slot older than this was missed: the worker was away, or busy with the slot before


@dataclass(frozen=True)
class Every:
    """Every so many seconds, counted from midnight UTC, so that all workers mean the same slots."""

    seconds: int

    def latest(self, zone: ZoneInfo, now: datetime) -> datetime:
        return now - (now - EPOCH) % timedelta(seconds=self.seconds)

    def following(self, zone: ZoneInfo, after: datetime) -> datetime:
        return self.latest(zone, after) + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Daily:
    """Once a day at a time of the shop's zone ("03:17")."""

    at_time: str

    def latest(self, zone: ZoneInfo, now: datetime) -> datetime:
        return latest_daily(self.at_time, zone, now)

    def following(self, zone: ZoneInfo, after: datetime) -> datetime:
        return next_daily(self.at_time, zone, after)


@dataclass(frozen=True)
class Weekly:
    """Once a week: `weekday` 1 Monday … 7, at a time of the shop's zone."""

    weekday: int
    at_time: str

    def latest(self, zone: ZoneInfo, now: datetime) -> datetime:
        return latest_weekly(self.weekday, self.at_time, zone, now)

    def following(self, zone: ZoneInfo, after: datetime) -> datetime:
        return next_weekly(self.weekday, self.at_time, zone, after)


Timing = Every | Daily | Weekly


@dataclass(frozen=True)
class Plan:
    """When a job is due, what becomes of slots that were missed, and how long a run should take at most.

    "once": the newest of the missed slots is run, however many there were. "skip": none is, the next one comes.
    """

    timing: Timing
    missed: Literal["once", "skip"] = "once"
    most_seconds: int = 60

    def takes(self, slot: datetime, now: datetime) -> bool:
        """Whether a slot that is due is still to be run."""
        return self.missed == "once" or now - slot <= LATE


def due_slots(timing: Timing, since: datetime, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """The slots later than `since` and not later than `now`, in order; of very many only the newest hundred."""
    slots: list[datetime] = []
    slot = timing.latest(zone, now)
    while slot > since and len(slots) < MOST_SLOTS:
        slots.append(slot)
        slot = timing.latest(zone, slot - MOMENT)
    return slots[::-1]
