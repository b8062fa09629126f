"""A local time is one moment of each day, whatever daylight saving does to the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calendars import at_local, latest_daily, latest_weekly, month_of, next_daily, next_weekly

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    [SHANGHAI, NEW_YORK, *map(ZoneInfo, ("Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran"))]
)
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.integers(1262304000, 1893456000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 2010 to 2030
DATES = st.dates(date(2010, 1, 1), date(2030, 1, 1))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "on", "at_time", "moment"),
    [
        (SHANGHAI, date(2026, 11, 27), "20:00", "2026-11-27 12:00"),
        (NEW_YORK, date(2027, 3, 14), "01:59", "2027-03-14 06:59"),
        (NEW_YORK, date(2027, 3, 14), "02:00", "2027-03-14 07:00"),  # skipped: the first moment after the gap, 03:00
        (NEW_YORK, date(2027, 3, 14), "02:30", "2027-03-14 07:00"),
        (NEW_YORK, date(2027, 3, 14), "03:00", "2027-03-14 07:00"),
        (NEW_YORK, date(2027, 3, 14), "03:01", "2027-03-14 07:01"),
        (NEW_YORK, date(2026, 11, 1), "01:30", "2026-11-01 05:30"),  # passed twice: the first
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), "02:10", "2026-10-03 15:30"),  # half an hour is skipped
    ],
)
def test_a_local_time_is_this_moment(zone, on, at_time, moment):
    assert at_local(on, at_time, zone) == utc(moment)


def test_a_weekly_time_that_is_skipped_once_goes_on_at_its_own_time():
    moments = [utc("2027-03-07 07:30")]
    for _ in range(3):
        moments.append(next_weekly(7, "02:30", NEW_YORK, moments[-1]))

    assert [moment.astimezone(NEW_YORK).strftime("%m-%d %H:%M") for moment in moments] == [
        "03-07 02:30", "03-14 03:00", "03-21 02:30", "03-28 02:30",
    ]  # fmt: skip


def test_the_hour_that_comes_twice_brings_a_weekly_time_once():
    first = next_weekly(7, "01:30", NEW_YORK, utc("2026-10-31 00:00"))
    second = next_weekly(7, "01:30", NEW_YORK, first)

    assert (first, second) == (utc("2026-11-01 05:30"), utc("2026-11-08 06:30"))


def test_a_month_begins_at_the_shops_midnight():
    assert month_of(utc("2026-10-31 15:59"), SHANGHAI) == "2026-10"
    assert month_of(utc("2026-10-31 16:00"), SHANGHAI) == "2026-11"


@given(zone=ZONES, on=DATES, one=TIMES, other=TIMES)
def test_the_earlier_time_of_a_day_never_comes_later(zone, on, one, other):
    early, late = sorted((one, other))

    assert at_local(on, early, zone) <= at_local(on, late, zone)
    assert at_local(on, late, zone) - at_local(on, early, zone) <= timedelta(hours=25)


@given(zone=ZONES, at_time=TIMES, after=MOMENTS)
def test_each_date_has_its_time_once_and_in_order(zone, at_time, after):
    moments = [next_daily(at_time, zone, after)]
    for _ in range(5):
        moments.append(next_daily(at_time, zone, moments[-1]))

    dates = [moment.astimezone(zone).date() for moment in moments]
    assert dates == [dates[0] + timedelta(days=number) for number in range(6)]
    assert after < moments[0] <= after + timedelta(hours=26)


@given(zone=ZONES, weekday=st.integers(1, 7), at_time=TIMES, after=MOMENTS)
def test_a_weekly_time_comes_on_its_weekday_within_a_week(zone, weekday, at_time, after):
    moment = next_weekly(weekday, at_time, zone, after)

    assert moment.astimezone(zone).isoweekday() == weekday
    assert after < moment <= after + timedelta(days=7, hours=2)
    assert moment.tzinfo is UTC


@given(zone=ZONES, weekday=st.integers(1, 7), at_time=TIMES, now=MOMENTS)
def test_the_latest_and_the_next_have_nothing_between_them(zone, weekday, at_time, now):
    daily, weekly = latest_daily(at_time, zone, now), latest_weekly(weekday, at_time, zone, now)

    assert daily <= now
    assert weekly <= now
    assert next_daily(at_time, zone, daily) > now
    assert next_weekly(weekday, at_time, zone, weekly) > now
