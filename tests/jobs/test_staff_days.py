"""How fast staff answer is asked for once a day and kept."""

from datetime import UTC, datetime

import pytest

from jobs.staff_days import read_staff_days
from models import StaffDay

PERSON = f"wm{1:030d}"
SHOP = {
    "staff": [{"userid": "lan", "name": "林晓雯"}, {"userid": "mei", "name": "陈美", "visible": False}],
    "customers": [{"external_userid": PERSON}],
    "follows": [{"userid": "lan", "external_userid": PERSON, "createtime": 1767225600}],
}


@pytest.fixture
def evening(sandbox, clock, make):
    """Lan took four minutes to answer; the day is over by an hour."""
    sandbox.post("/sandbox/load", SHOP)
    sandbox.put("/sandbox/clock", {"now": datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp(), "frozen": True})
    clock.tick()
    sandbox.post("/sandbox/messages", {"userid": "lan", "external_userid": PERSON, "from": "customer", "text": "在吗"})
    clock.tick(minutes=4)
    sandbox.post("/sandbox/messages", {"userid": "lan", "external_userid": PERSON, "from": "staff", "text": "在的"})
    clock.tick(hours=10)
    return make.staff("lan"), make.staff("mei"), make.staff("gone", left_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_yesterday_is_kept_once_and_one_nobody_tells_about_is_passed_over(evening, runtime, make):
    new, again = read_staff_days(runtime), read_staff_days(runtime)

    [day] = make.rows(StaffDay)
    assert (new, again) == (1, 0)
    assert (day.staff_id, day.on_day.isoformat(), day.chats) == (evening[0].id, "2026-11-20", 1)
    assert (day.reply_percent, day.first_reply_minutes) == (100, 4)


def test_nights_that_were_missed_are_caught_up_with(evening, runtime, clock, make):
    read_staff_days(runtime)
    clock.tick(days=3)

    assert read_staff_days(runtime) == 3
    assert [row.first_reply_minutes for row in make.rows(StaffDay)] == [4, None, None, None]
