"""A month of drops as days with what happens on them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from console.drop_words import part_name, progress
from crm import calendars
from crm.drop_reports import Edition
from models.drop import PARTS, DropSeries
from words import gettext

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Happening:
    """One thing on a day; `look` is launch, minor, past or coming (not laid out yet: it has no edition)."""

    at: datetime
    time: str
    title: str
    note: str
    look: str
    edition_id: int | None = None


@dataclass(frozen=True)
class Day:
    on: date
    is_in_month: bool
    is_today: bool
    happenings: list[Happening] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """The weeks of a month, Monday first, with the days of its neighbours that fill them."""

    first: date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def days(self) -> list[date]:
        start = self.first - DAY * self.first.weekday()
        end = self.next.first + DAY * (-self.next.first.weekday() % 7)
        return [start + DAY * number for number in range((end - start).days)]

    @property
    def before(self) -> "Month":
        return Month((self.first - DAY).replace(day=1))

    @property
    def next(self) -> "Month":
        return Month((self.first + 31 * DAY).replace(day=1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment shown, and the first one no longer shown."""
        days = self.days
        return calendars.at_local(days[0], "00:00", zone), calendars.at_local(days[-1] + DAY, "00:00", zone)


def days(
    month: Month,
    editions: Iterable[Edition],
    coming: Iterable[tuple[DropSeries, datetime]],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> list[Day]:
    today = now.astimezone(zone).date()
    shown = {on: Day(on, on.month == month.first.month, on == today) for on in month.days}
    found = [one for edition in editions for one in _of_edition(edition, now, zone)]
    found += [_not_laid_out(series, at, zone) for series, at in coming]
    for one in sorted(found, key=lambda each: each.at):
        day = shown.get(one.at.astimezone(zone).date())
        if day is not None:
            day.happenings.append(one)
    return list(shown.values())


def _of_edition(edition: Edition, now: datetime, zone: ZoneInfo) -> Iterable[Happening]:
    for part in PARTS:
        step = edition.steps.get(part)
        if step is None:
            continue
        at = edition.row.launch_at if part == "launch" else step.due_at
        counts = edition.counts.get(part)
        is_over = edition.row.state != "planned" or step.state in ("skipped", "missed", "cancelled")
        past = is_over or (at < now and not (counts and (counts["created"] or counts["planned"])))
        name = edition.series.name
        time = f"{at.astimezone(zone):%H:%M}"
        if part == "launch":
            offered = gettext("%(product)s %(n)s 份", product=edition.row.product, n=edition.row.stock)
            note = gettext("跳过了") if edition.row.state == "cancelled" else progress(counts) if counts else offered
            yield Happening(at, time, name, note, "past" if past else "launch", edition.row.id)
        elif edition.row.state != "cancelled" or counts:
            yield Happening(at, time, part_name(part), name, "past" if past else "minor", edition.row.id)


def _not_laid_out(series: DropSeries, at: datetime, zone: ZoneInfo) -> Happening:
    return Happening(at, f"{at.astimezone(zone):%H:%M}", series.name, gettext("提前 8 天排出来"), "coming")
