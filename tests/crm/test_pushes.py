"""Pushes: written, changed by one at a time, and started at their slots, each once, wherever the clock is put."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm import pushes
from crm.errors import BadInput, Conflict, NotFound
from models import Audit, MassMessage, Push

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)  # 20:00 in the shop
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def write(runtime, make):
    audience = make.audience(name="大家")

    def create(text="您好，我是{同事}", name="周五上新", attachments=(), audience_id=None):
        with runtime.transaction() as session:
            return pushes.create(
                session, name=name, audience_id=audience_id or audience.id, text=text, attachments=list(attachments),
                shop_name="小店", by="user:1", now=FRIDAY - DAY,
            )  # fmt: skip

    return create


@pytest.fixture
def call(runtime):
    def do(rule, *args, by="user:1", now=FRIDAY - DAY, **more):
        with runtime.transaction() as session:
            return rule(session, *args, by=by, now=now, **more)

    return do


@pytest.fixture
def weekly(write, call, runtime):
    def schedule(weekday=5, at_time="20:00", now=FRIDAY - DAY, zone=None):
        return call(
            pushes.schedule_weekly, write().id, revision=1, weekday=weekday, at_time=at_time,
            zone=zone or runtime.zone, now=now,
        )  # fmt: skip

    return schedule


@pytest.fixture
def start(runtime):
    """Starts what is due at a moment; the slots and states of what was made."""

    def at(now, zone=None):
        with runtime.transaction() as session:
            made = pushes.start_due(session, now=now, zone=zone or runtime.zone)
        with runtime.reading() as session:
            assert not pushes.has_due(session, now=now)
        return [(each.slot, each.state) for each in made]

    return at


def test_a_push_is_a_draft_that_nobody_gets(write, start, make):
    draft = write()

    assert (draft.state, draft.next_at, draft.revision) == ("draft", None, 1)
    assert start(FRIDAY + WEEK) == []
    assert [row.action for row in make.rows(Audit)] == ["push.create"]


def test_a_push_at_a_moment_is_started_once_with_a_copy_of_what_it_says(write, call, start, make):
    tag = make.tag("宝妈")
    audience = make.audience(conditions={"tags_any": [tag.id]})
    draft = write(text="上新了", audience_id=audience.id)
    call(pushes.schedule_once, draft.id, revision=1, at=FRIDAY)

    assert start(FRIDAY - timedelta(seconds=1)) == []
    assert start(FRIDAY) == [(FRIDAY, "planning")]
    assert start(FRIDAY) == start(FRIDAY + HOUR) == []

    [message] = make.rows(MassMessage)
    assert (message.text, message.month, message.conditions) == ("上新了", "2026-11", {"tags_any": [tag.id]})
    assert message.sentence == "至少有一个标签：“宝妈”"
    assert [(row.state, row.next_at) for row in make.rows(Push)] == [("ended", None)]


def test_a_moment_that_has_passed_is_refused(write, call):
    with pytest.raises(BadInput) as refusal:
        call(pushes.schedule_once, write().id, revision=1, at=FRIDAY - DAY)

    assert refusal.value.field == "at"


def test_a_weekly_push_moves_on_to_the_next_week(weekly, start, make):
    assert weekly().next_at == FRIDAY

    assert start(FRIDAY + timedelta(seconds=2)) == [(FRIDAY, "planning")]
    assert make.rows(Push)[0].next_at == FRIDAY + WEEK
    assert start(FRIDAY + WEEK) == [(FRIDAY + WEEK, "planning")]


def test_of_several_missed_weeks_the_newest_is_made_up_for_once(weekly, start, make):
    weekly()

    assert start(FRIDAY + 3 * WEEK + HOUR) == [(FRIDAY + 3 * WEEK, "planning")]
    assert make.rows(Push)[0].next_at == FRIDAY + 4 * WEEK


def test_what_is_a_day_late_is_said_and_not_sent(weekly, write, call, start, make):
    weekly()
    call(pushes.schedule_once, write().id, revision=1, at=FRIDAY)

    assert start(FRIDAY + DAY + timedelta(seconds=1)) == [(FRIDAY, "missed")] * 2
    assert {(row.reason, row.settled_at is None) for row in make.rows(MassMessage)} == {(pushes.TOO_LATE, False)}


def test_a_clock_put_back_sends_nothing_twice(weekly, start, call, runtime, make):
    push = weekly()
    start(FRIDAY)

    assert start(FRIDAY - HOUR) == start(FRIDAY) == []
    call(
        pushes.schedule_weekly, push.id, revision=2, weekday=5, at_time="20:00", zone=runtime.zone, now=FRIDAY - HOUR
    )  # somebody saves it again meanwhile
    assert start(FRIDAY) == []
    assert make.rows(Push)[0].next_at == FRIDAY + WEEK


def test_after_a_clock_that_was_a_month_ahead_the_weeks_go_on(weekly, start, make):
    weekly()
    start(FRIDAY)

    assert start(FRIDAY + 30 * DAY) == [(FRIDAY + 4 * WEEK, "missed")]
    assert start(FRIDAY + HOUR) == []
    assert start(FRIDAY + WEEK) == [(FRIDAY + WEEK, "planning")]


def test_weekly_at_half_past_two_where_the_clock_skips_it(weekly, start):
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 27, 12, tzinfo=UTC)

    assert weekly(7, "02:30", now=before, zone=berlin).next_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert start(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), berlin) == [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "planning")
    ]
    assert start(datetime(2026, 3, 29, 1, 45, tzinfo=UTC), berlin) == []


@pytest.mark.parametrize(
    ("weekday", "at_time", "field"),
    [(0, "20:00", "weekday"), (8, "20:00", "weekday"), (5, "25:00", "at_time"), (5, "晚上", "at_time")],
)
def test_a_week_has_seven_days_and_a_day_24_hours(weekly, weekday, at_time, field):
    with pytest.raises(BadInput) as refusal:
        weekly(weekday, at_time)

    assert refusal.value.field == field


def test_a_cancelled_push_starts_nothing_and_cannot_be_changed(weekly, call, start):
    push = weekly()

    assert call(pushes.cancel, push.id).state == "cancelled"
    assert call(pushes.cancel, push.id).revision == 3  # again: nothing happens
    assert start(FRIDAY) == []
    with pytest.raises(Conflict, match="结束或取消"):
        call(pushes.schedule_once, push.id, revision=3, at=FRIDAY)


def test_the_second_of_two_operators_is_told(write, call, make):
    push = write()
    said = {"name": "周五", "audience_id": push.audience_id, "attachments": [], "shop_name": "小店"}

    call(pushes.update, push.id, revision=1, text="甲写的", **said)
    for late in (
        lambda: call(pushes.update, push.id, revision=1, text="乙写的", **said),
        lambda: call(pushes.schedule_once, push.id, revision=1, at=FRIDAY),
    ):
        with pytest.raises(Conflict, match="别人改过"):
            late()

    assert [(row.text, row.revision, row.state) for row in make.rows(Push)] == [("甲写的", 2, "draft")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"audience_id": 99}, "audience_id"),
        ({"text": " "}, "text"),
        ({"text": "您好{客户}"}, "text"),
        ({"text": "字" * 1333 + "ab"}, "text"),
        ({"text": "{同事}" + "字" * 1330}, "text"),
        ({"attachments": [{"kind": "image", "media": 99}]}, "attachments"),
    ],
)
def test_what_wecom_would_refuse_is_refused_when_it_is_saved(write, make, wrong, field):
    make.staff("lan", name="名字很长的导购")

    with pytest.raises(BadInput) as refusal:
        write(**wrong)

    assert refusal.value.field == field


def test_4000_bytes_fit_with_the_longest_name(write, make):
    make.staff("lan", name="六字")
    make.staff("gone", name="离开了的名字很长的导购", left_at=FRIDAY)

    assert write(text="{同事}" + "字" * 1331 + "a").id  # 6 + 3993 + 1


def test_a_push_that_is_not_there_is_not_found(runtime, call):
    for rule in (pushes.cancel, lambda session, push_id, **_: pushes.push(session, push_id)):
        with pytest.raises(NotFound):
            call(rule, 1)
