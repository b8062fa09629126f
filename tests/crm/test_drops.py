"""Drop series and editions: what may be planned, when each step falls due, and two people at one series."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm import drop_editions, drop_plans, drop_reports, drop_texts, drops
from crm.errors import BadInput, Conflict
from jobs.drops import make_editions
from models import DropEdition, DropSeries, DropStep

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=ZONE)
TEXTS = {
    "teaser": "{商品} {价格}，{时间} 开抢，只有 {份数} 份。",
    "launch": "第 {期数} 期：{商品} {价格}，{时间} 开抢。",
    "recap": "第 {期数} 期 {商品}，到 {截至} 卖出 {卖出} 份。",
}


@pytest.fixture
def plan(make):
    return drop_plans.Plan(
        product="郁金香", sku="TULIP", price_fen=3990, stock=300, url="https://shop.example/tulip", media_id=None,
        group_ids=(make.group().id,), name="周五花市", weekday=5, at_time="20:00", teaser_days_before=1,
        teaser_time="19:00", recap_days_after=1, recap_time="10:00", **TEXTS,
    )  # fmt: skip


@pytest.fixture
def create(runtime, plan):
    def create(now=MONDAY, **more):
        with runtime.transaction() as session:
            return drops.create(
                session, replace(plan, **more), robot_key_sealed=None, by="user:1", now=now, zone=runtime.zone
            )

    return create


@pytest.fixture
def change(runtime, plan):
    def change(series, now=MONDAY, revision=None, **more):
        with runtime.transaction() as session:
            return drops.change(
                session, series.id, replace(plan, **more), revision=revision or series.revision,
                robot_key_sealed=None, by="user:2", now=now, zone=runtime.zone,
            )  # fmt: skip

    return change


@pytest.fixture
def at(runtime, clock, sandbox):
    """Set the clock."""

    def set_to(moment):
        sandbox.put("/sandbox/clock", {"now": moment.timestamp(), "frozen": True})
        clock.refresh()

    return set_to


def test_a_month_far_ahead_knows_its_own_launches_only(create):
    series = create()
    begin, end = (datetime(2099, 12, day, tzinfo=ZONE) for day in (1, 15))

    coming = [at.astimezone(ZONE) for _, at in drop_reports.to_come([series], begin, end, zone=ZONE)]

    assert coming == [datetime(2099, 12, day, 20, 0, tzinfo=ZONE) for day in (4, 11)]


def test_every_step_has_its_time(create):
    series = create()

    found = drop_editions.times(series, datetime(2026, 11, 20, 20, 0, tzinfo=ZONE), ZONE)

    assert {step: f"{due.astimezone(ZONE):%a %H:%M}" for step, due in found.items()} == {
        "teaser": "Thu 19:00", "teaser_robot": "Thu 19:00", "teaser_card": "Thu 19:30",
        "launch": "Fri 19:50", "launch_robot": "Fri 19:50", "launch_card": "Fri 19:58",
        "recap": "Sat 10:00", "recap_robot": "Sat 10:00", "recap_card": "Sat 10:30",
    }  # fmt: skip


def test_editions_stand_eight_days_ahead_and_each_launch_has_one(create, runtime, make, at):
    create()
    at(MONDAY)
    make_editions(runtime)
    make_editions(runtime)
    assert [row.launch_at.astimezone(ZONE).day for row in make.rows(DropEdition)] == [20]

    at(MONDAY + timedelta(days=4))
    make_editions(runtime)

    assert [(row.number, row.launch_at.astimezone(ZONE).day) for row in make.rows(DropEdition)] == [(1, 20), (2, 27)]
    assert len(make.rows(DropStep)) == 18


def test_two_processes_lay_an_edition_out_once(create, runtime, make, at):
    series = create()
    at(MONDAY)
    with runtime.transaction() as session:
        first = drop_editions.make_next(session, series.id, now=MONDAY, zone=ZONE)
    with runtime.transaction() as session:
        second = drop_editions.make_next(session, series.id, now=MONDAY, zone=ZONE)

    assert (first is None, second is None) == (False, True)
    assert len(make.rows(DropEdition)) == 1


def test_a_change_reaches_the_edition_nobody_touched_and_nothing_of_which_has_begun(create, change, runtime, make, at):
    series = create()
    at(MONDAY)
    make_editions(runtime)

    change(series, price_fen=2990, weekday=3)
    make_editions(runtime)

    editions = make.rows(DropEdition)
    assert [(row.number, row.price_fen, row.launch_at.astimezone(ZONE).day) for row in editions] == [(1, 2990, 18)]


def test_a_change_leaves_an_edition_that_was_changed_by_hand_or_has_begun(create, change, runtime, make, at):
    series = create()
    at(MONDAY + timedelta(days=4))
    make_editions(runtime)
    _, second = make.rows(DropEdition)
    with runtime.transaction() as session:
        drop_editions.change(session, second.id, revision=1, price_fen=1990)
        session.get(DropStep, 1).state = "done"

    change(series, price_fen=2990, now=MONDAY + timedelta(days=4))

    assert [(row.number, row.price_fen) for row in make.rows(DropEdition)] == [(1, 3990), (2, 1990)]
    assert make.rows(DropSeries)[0].next_number == 3


def test_two_operators_saving_one_series_never_overwrite_each_other(create, change, make):
    series = create()
    change(series, stock=200)

    with pytest.raises(Conflict):
        change(series, revision=1, stock=100)

    assert (make.rows(DropSeries)[0].stock, make.rows(DropSeries)[0].revision) == (200, 2)


def test_two_operators_changing_one_edition_never_overwrite_each_other(create, runtime, at, make):
    create()
    at(MONDAY)
    make_editions(runtime)
    with runtime.transaction() as session:
        drop_editions.change(session, 1, revision=1, stock=200)

    with pytest.raises(Conflict), runtime.transaction() as session:
        drop_editions.skip(session, 1, revision=1, by="user:1", now=MONDAY)

    assert [(row.state, row.stock) for row in make.rows(DropEdition)] == [("planned", 200)]


def test_an_edition_that_has_begun_cannot_be_changed_but_skipped(create, runtime, at, make):
    create()
    at(MONDAY)
    make_editions(runtime)
    with runtime.transaction() as session:
        session.get(DropStep, 1).state = "done"

    with pytest.raises(Conflict), runtime.transaction() as session:
        drop_editions.change(session, 1, revision=1, stock=200)
    with runtime.transaction() as session:
        drop_editions.skip(session, 1, revision=1, by="user:1", now=MONDAY)

    states = {row.state for row in make.rows(DropStep)}
    assert (make.rows(DropEdition)[0].state, states) == ("cancelled", {"done", "skipped"})


def test_a_name_is_there_once(create):
    create()

    with pytest.raises(Conflict):
        create()


def test_a_series_that_pauses_for_weeks_does_not_make_up_for_them(create, runtime, make, at):
    series = create()
    later = MONDAY + timedelta(days=30)
    with runtime.transaction() as session:
        drops.set_state(session, series.id, "paused", revision=1, by="user:1", now=MONDAY, zone=ZONE)
    at(later)
    make_editions(runtime)
    with runtime.transaction() as session:
        drops.set_state(session, series.id, "active", revision=2, by="user:1", now=later, zone=ZONE)
    make_editions(runtime)

    assert [row.launch_at.astimezone(ZONE).date().isoformat() for row in make.rows(DropEdition)] == ["2026-12-18"]


def test_a_launch_the_clock_skips_comes_right_after_the_gap():
    new_york = ZoneInfo("America/New_York")
    sunday = datetime(2027, 3, 14, 7, 0, tzinfo=UTC)

    class Series:
        teaser_days_before, teaser_time, recap_days_after, recap_time = 0, "02:30", 0, "09:00"

    found = drop_editions.times(Series(), datetime(2027, 3, 14, 12, 0, tzinfo=new_york), new_york)

    assert found["teaser"] == sunday


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"), ({"name": "名" * 41}, "name"), ({"weekday": 0}, "weekday"),
        ({"weekday": 8}, "weekday"), ({"at_time": "25:00"}, "at_time"), ({"at_time": "8 点"}, "at_time"),
        ({"teaser_time": "19:00:30"}, "teaser_time"),
        ({"teaser_days_before": 7}, "teaser_days_before"), ({"recap_days_after": -1}, "recap_days_after"),
        ({"teaser_days_before": 0, "teaser_time": "19:45"}, "teaser_time"),
        ({"recap_days_after": 0, "recap_time": "20:10"}, "recap_time"),
        ({"product": ""}, "product"), ({"price_fen": 0}, "price"), ({"price_fen": 100_000_01}, "price"),
        ({"stock": 0}, "stock"), ({"stock": 1_000_001}, "stock"), ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://"}, "url"), ({"url": "https://[x"}, "url"), ({"url": "https://a b"}, "url"),
        ({"media_id": 99}, "media_id"), ({"group_ids": ()}, "groups"), ({"group_ids": (1, 99)}, "groups"),
        ({"teaser": ""}, "teaser"), ({"teaser": "现在开抢"}, "teaser"), ({"launch": "马上抢"}, "launch"),
        ({"launch": "{卖出} 份"}, "launch"), ({"recap": "{人数} 人"}, "recap"),
        ({"recap": "卖出 {卖出}", "sku": " "}, "recap"),
        ({"teaser": "花" * 1334}, "teaser"), ({"teaser": "{商品}" * 450}, "teaser"),
    ],
)  # fmt: skip
def test_what_cannot_stand_is_refused_naming_the_field(create, make, wrong, field):
    with pytest.raises(BadInput) as refused:
        create(**wrong)

    assert refused.value.field == field
    assert make.rows(DropSeries) == []


def test_words_that_do_not_stay_true_are_refused_with_what_to_write_instead(create):
    with pytest.raises(BadInput, match=r"「立刻」只在这一刻是真的.*{时间}"):
        create(launch="立刻开抢")

    assert create(recap="刚刚结束的一期").recap == "刚刚结束的一期"
    assert drop_texts.day_words("今晚 20:00，明天见") == ["今晚", "明天"]


def test_a_product_without_a_picture_or_a_link_is_fine(create):
    assert create(url="", media_id=None, name="只有字").url == ""


def test_a_text_says_what_is_so(make):
    edition = DropEdition(
        product="郁金香", price_fen=3990, stock=300, number=3, launch_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    )
    facts = drop_texts.facts_of(edition, sold=213, at=datetime(2026, 11, 21, 2, 0, tzinfo=UTC))

    said = [drop_texts.render(text, facts, ZONE) for text in TEXTS.values()]

    assert said == [
        "郁金香 ¥39.90，11 月 20 日周五 20:00 开抢，只有 300 份。",
        "第 3 期：郁金香 ¥39.90，11 月 20 日周五 20:00 开抢。",
        "第 3 期 郁金香，到 11 月 21 日周六 10:00 卖出 213 份。",
    ]


def test_sold_counts_paid_orders_of_the_product_since_the_launch(make, runtime):
    now = runtime.now()
    edition = DropEdition(sku="SKU1", launch_at=now - timedelta(hours=10))

    def sold():
        with runtime.reading() as session:
            return drop_texts.sold(session, edition, now=now)

    make.order(paid_at=now - timedelta(hours=11))
    make.order(paid_at=None)
    make.order(paid_at=now - timedelta(hours=1), status="cancelled")
    assert sold() is None

    make.order(paid_at=now - timedelta(hours=2))
    make.order(paid_at=now - timedelta(hours=3))
    assert sold() == 2
