"""The shop's calendar: what a local date and time, a weekday or a month mean as moments, daylight saving included.

A local time that the clock skips (02:30 in spring) is the first moment after the gap, so that of two times on a day
the earlier never comes later. One that the clock passes twice (02:30 in autumn) is its first passing. So every local
date has its time once, and nothing fires twice when the clock goes back.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
"""A time of day as we keep it. `time.fromisoformat` takes "2000Z" and "20,00", too."""
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def at_local(on: date, at_time: str, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which it is `at_time` ("20:00") on that date."""
    local = datetime.combine(on, time.fromisoformat(at_time), zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    before, after = local.replace(fold=1).astimezone(UTC), moment  # on either side of the change
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def next_daily(at_time: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment later than `after` at which it is that time of day."""
    return next(moment for moment in _from(at_time, zone, after) if moment > after)


def next_weekly(weekday: int, at_time: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment (UTC) later than `after` at which it is that time on that weekday (1 Monday … 7)."""
    days = (weekday - after.astimezone(zone).isoweekday()) % 7
    start = after.astimezone(zone).date() + days * DAY
    moments = (at_local(start + week * 7 * DAY, at_time, zone) for week in (-1, 0, 1))
    return next(moment for moment in moments if moment > after)


def latest_daily(at_time: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment not later than `now` at which it was that time of day."""
    today = now.astimezone(zone).date()
    return next(moment for days in range(-1, 3) if (moment := at_local(today - days * DAY, at_time, zone)) <= now)


def latest_weekly(weekday: int, at_time: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment not later than `now` at which it was that time on that weekday (1 Monday … 7)."""
    today = now.astimezone(zone).date()
    start = today - (today.isoweekday() - weekday) % 7 * DAY
    moments = (at_local(start - week * 7 * DAY, at_time, zone) for week in (-1, 0, 1))
    return next(moment for moment in moments if moment <= now)


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The month that WeCom's quota counts a send in: "2026-11"."""
    return f"{moment.astimezone(zone):%Y-%m}"


def _from(at_time: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """That time of each day, beginning with the day before `after`'s: a skipped one may come after midnight."""
    day = after.astimezone(zone).date() - DAY
    while True:
        yield at_local(day, at_time, zone)
        day += DAY
