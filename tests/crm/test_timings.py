"""Slots are the same whoever asks, and however the time between is cut."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crm.timings import MOST_SLOTS, Daily, Every, Plan, Weekly, due_slots

ZONES = st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
TIMINGS = st.one_of(
    st.builds(Every, st.sampled_from([60, 600, 3600])),
    st.builds(Daily, TIMES),
    st.builds(Weekly, st.integers(1, 7), TIMES),
)
MOMENTS = st.integers(1262304000, 1893456000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 2010 to 2030
GAPS = st.integers(0, 90 * 60).map(lambda seconds: timedelta(seconds=seconds))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(timing=TIMINGS, zone=ZONES, start=MOMENTS, gaps=st.lists(GAPS, max_size=20))
def test_looking_often_and_looking_once_find_the_same_slots(timing, zone, start, gaps):
    moments = [start]
    for gap in gaps:
        moments.append(moments[-1] + gap)

    looked_often = [
        slot
        for since, now in pairwise(moments)
        for slot in due_slots(timing, since, now, zone)
    ]  # fmt: skip

    assert looked_often[-MOST_SLOTS:] == due_slots(timing, start, moments[-1], zone)


@given(timing=TIMINGS, zone=ZONES, now=MOMENTS)
def test_the_following_slot_is_the_next_that_will_be_due(timing, zone, now):
    following = timing.following(zone, now)

    assert due_slots(timing, now, following, zone) == [following]
    assert due_slots(timing, now, following - timedelta(seconds=1), zone) == []


@given(timing=TIMINGS, zone=ZONES, now=MOMENTS, back=st.integers(0, 7200))
def test_a_clock_that_goes_back_has_nothing_due(timing, zone, now, back):
    newest = timing.latest(zone, now)

    assert due_slots(timing, newest, now - timedelta(seconds=back), zone) == []


def test_an_hour_that_comes_twice_has_a_daily_slot_once():
    new_york = ZoneInfo("America/New_York")

    slots = due_slots(Daily("01:30"), utc("2026-10-31 12:00"), utc("2026-11-02 04:00"), new_york)

    assert slots == [utc("2026-11-01 05:30")]


def test_of_a_year_only_the_newest_hundred_are_listed():
    slots = due_slots(Every(60), utc("2025-11-01 00:00"), utc("2026-11-01 00:00"), SHANGHAI)

    assert (len(slots), slots[-1]) == (MOST_SLOTS, utc("2026-11-01 00:00"))


def test_a_missed_slot_is_caught_up_or_skipped_as_the_plan_says():
    slot, now = utc("2026-11-01 00:00"), utc("2026-11-01 06:00")

    assert Plan(Daily("08:00")).takes(slot, now)
    assert not Plan(Daily("08:00"), missed="skip").takes(slot, now)
    assert Plan(Daily("08:00"), missed="skip").takes(slot, slot + timedelta(seconds=5))
