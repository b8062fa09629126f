"""Two weeks of a weekly drop by the sandbox's clock: each part once per group, or not sent with the reason."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from crm import drop_editions, drop_steps, drops, media, quotas
from crm.groups import DISMISSED, OWNER_LEFT
from jobs.drops import means, run_steps
from jobs.inbox import apply_events
from jobs.pushes import plan_messages
from models import DropEdition, DropStep, Group, MassMessage, MassRecipient, MassTask, Quota, Staff, StaffMessage
from tests.callbacks import Callbacks, event_xml
from tests.checks import everything_received_is_on_record
from tests.drop_weeks import MONDAY, PNG, ZONE, Weeks

THREE = {"花友一群", "花友二群", "花友三群"}
TWO_WEEKS = MONDAY + timedelta(days=14)


def on(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def weeks(runtime, make, sandbox, clock):
    return Weeks(runtime, make, sandbox, clock)


def test_two_weeks_send_each_part_once_to_every_group(weeks, make, sandbox):
    weeks.series()

    weeks.pass_until(TWO_WEEKS, each=weeks.confirm)

    received = weeks.received()
    assert set(received.values()) == {1}
    assert len(received) == 2 * 3 * len(THREE)
    texts = {text for _, text in received}
    assert "郁金香 ¥39.90，11 月 20 日周五 20:00 开抢，只有 300 份。" in texts
    assert "第 2 期：郁金香 ¥39.90，11 月 27 日周五 20:00 开抢。" in texts
    assert [row.state for row in make.rows(DropEdition)] == ["done", "done", "planned"]
    assert {row.state for row in make.rows(MassRecipient)} == {"sent"}
    assert everything_received_is_on_record(make, sandbox) == 18
    weeks.masses.ledger_adds_up()
    assert weeks.cards() == []  # everybody confirmed at once
    assert len(weeks.robot_said()) == 6
    assert "3 个群等 2 位群主发送：导购lan、导购mei" in weeks.robot_said()[0]


def test_an_address_that_a_phone_began_with_a_capital_letter_goes_out(weeks, make):
    weeks.series(url="Https://Shop.example/tulip")

    weeks.pass_until(on(19, 19, 5))

    assert {row.state for row in make.rows(MassTask)} == {"created"}


def test_owners_who_have_not_confirmed_are_told_by_a_card(weeks, make):
    weeks.series()

    weeks.pass_until(on(19, 19, 20), each=lambda: weeks.confirm("mei"))
    weeks.pass_until(on(20, 19, 59))

    assert weeks.cards() == [
        ("lan", "周五花市 第 1 期 预热还没发"), ("lan", "周五花市 第 1 期 开抢还没发"),
        ("mei", "周五花市 第 1 期 开抢还没发"),
    ]  # fmt: skip
    assert weeks.steps()["launch_card"] == ("done", "")
    assert weeks.groups_of("teaser") == {"花友一群": "created", "花友二群": "created", "花友三群": "sent"}


def test_the_launchs_tasks_are_there_before_it(weeks):
    weeks.series()

    weeks.pass_until(on(20, 19, 52), each=weeks.confirm)

    assert {text for _, text in weeks.received() if text.startswith("第 1 期")} != set()


def test_a_clock_that_jumps_to_the_launch_sends_no_teaser_beside_it_and_knows_who_has_to_confirm(weeks):
    weeks.series()

    weeks.to(on(20, 19, 55))
    weeks.work()
    weeks.confirm()

    assert weeks.steps()["teaser"] == ("missed", "too_late")
    assert weeks.steps()["teaser_robot"] == ("cancelled", "part_not_made")
    assert {text[:5] for _, text in weeks.received()} == {"第 1 期"}
    assert ["3 个群等 2 位群主发送" in said for said in weeks.robot_said()] == [True]


def test_a_late_teaser_goes_out_while_the_launch_has_no_tasks_yet(weeks):
    weeks.series()

    weeks.to(on(20, 19, 49))
    weeks.work()

    assert weeks.steps()["teaser"] == weeks.steps()["teaser_robot"] == ("done", "")


def test_dismissed_groups_owners_who_left_and_spent_quotas_are_shown_with_the_reason(weeks, runtime, make):
    weeks.series()
    weeks.pass_until(on(19, 12))
    one, two, _ = make.rows(Group)
    with runtime.transaction() as session:
        session.execute(update(Group).where(Group.id == one.id).values(dismissed_at=runtime.now()))
        session.execute(update(Staff).where(Staff.userid == "mei").values(left_at=runtime.now()))
        session.add(Quota(target=two.chat_id, month="2026-11", others=29))

    weeks.pass_until(on(22, 12), each=weeks.confirm)

    rows = {(row.group_id, row.state, row.reason) for row in make.rows(MassRecipient)}
    assert {(group, state) for group, state, _ in rows} == {
        (1, "unreachable"), (3, "unreachable"), (2, "sent"), (2, "quota")
    }  # fmt: skip
    assert {reason for group, _, reason in rows if group == 1} == {DISMISSED}
    assert {reason for group, _, reason in rows if group == 3} == {OWNER_LEFT}
    assert len(weeks.received()) == 1  # the one that was left of the month
    assert "2 个群发不了：花友一群（群已解散）、花友三群（群主离职了）" in weeks.robot_said()[0]
    assert "没有群在等群主发送" in weeks.robot_said()[-1]


def test_a_group_dismissed_between_plan_and_send_is_not_sent_and_says_so(weeks, sandbox, client, make):
    weeks.series()
    callbacks = Callbacks(client, sandbox.credentials)
    weeks.pass_until(on(19, 19, 10))
    gone = next(row for row in make.rows(Group) if row.name == "花友三群")
    sandbox.post(f"/sandbox/groups/{gone.chat_id}/dismiss")
    callbacks.post(event_xml("change_external_chat", at=weeks.clock(), ChangeType="dismiss", ChatId=gone.chat_id))
    apply_events(weeks.runtime)

    weeks.pass_until(on(20, 19, 55), each=lambda: weeks.confirm("lan"))

    assert weeks.groups_of("launch") == {"花友一群": "sent", "花友二群": "sent", "花友三群": "unreachable"}
    assert not any(group == "花友三群" for group, _ in weeks.received())


def test_two_workers_do_each_step_once(weeks, make, runtime):
    weeks.series()
    weeks.to(on(20, 19, 58))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(run_steps, [runtime] * 4))
    weeks.work()
    weeks.confirm()

    assert [row.part for row in make.rows(MassMessage)] == ["launch"]
    assert len(make.rows(MassTask)) == 2
    assert set(weeks.received().values()) == {1}
    assert {row.state for row in make.rows(DropStep) if row.step.startswith("launch")} <= {"done", "planned"}


def test_the_clock_going_back_an_hour_repeats_nothing(weeks, make):
    weeks.series()
    weeks.pass_until(on(20, 19, 55), each=weeks.confirm)
    before = weeks.received()

    weeks.to(on(20, 18, 55))
    weeks.work()
    weeks.pass_until(on(20, 19, 56), each=weeks.confirm)

    assert weeks.received() == before
    assert len(before) == 6


def test_a_step_that_is_cut_off_has_not_been_done_and_is_done_again_whole(weeks, make, runtime):
    weeks.series()
    weeks.to(on(19, 19, 1))

    def do_half():
        with runtime.transaction() as session:
            assert drop_steps.run(session, 1, means(runtime))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        do_half()
    assert make.rows(MassMessage) == []
    assert {row.state for row in make.rows(DropStep)} == {"planned"}

    weeks.work()
    weeks.confirm()

    assert len(weeks.received()) == 3


def test_the_picture_and_the_link_go_along(weeks, make, runtime, sandbox):
    with runtime.transaction() as session:
        picture = media.store(session, "image", "郁金香.png", PNG, by="user:1", now=runtime.now())
    weeks.series(media_id=picture.id)

    weeks.pass_until(on(19, 19, 5), each=weeks.confirm)

    lines = [line for line in sandbox.get("/sandbox/group-messages")["messages"] if line["source"] == "mass"]
    kinds = {kind: len([line for line in lines if line["kind"] == kind]) for kind in ("text", "image", "link")}
    assert kinds == {"text": 3, "image": 3, "link": 3}
    link = next(line["content"] for line in lines if line["kind"] == "link")
    assert (link["title"], link["desc"], link["url"]) == ("郁金香", "¥39.90，300 份", "https://shop.example/tulip")


def test_what_is_too_late_is_missed_and_says_so(weeks, make):
    weeks.series()
    weeks.to(on(20, 20, 30))  # nothing ran since Monday
    weeks.work()

    assert weeks.steps()["teaser"] == ("missed", "too_late")
    assert weeks.steps()["launch"] == ("done", "")
    assert weeks.steps()["teaser_card"] == weeks.steps()["teaser_robot"] == ("missed", "too_late")
    weeks.to(on(23, 9))
    weeks.work()
    assert weeks.steps()["recap"] == ("missed", "too_late")
    assert weeks.edition().state == "done"


def test_a_month_forward_makes_up_for_nothing_and_shows_every_edition(weeks, make):
    weeks.series()

    weeks.to(MONDAY + timedelta(days=30))
    weeks.work()
    weeks.confirm()

    states = [(row.number, weeks.steps(row.number)["launch"][0]) for row in make.rows(DropEdition)]
    assert states == [(1, "missed"), (2, "missed"), (3, "missed"), (4, "missed"), (5, "planned")]
    assert weeks.received().total() == 0


def test_a_paused_series_does_nothing_and_a_skipped_edition_takes_back_what_nobody_confirmed(weeks, runtime, make):
    series = weeks.series()
    weeks.pass_until(on(19, 19, 10))
    with runtime.transaction() as session:
        drop_editions.skip(session, 1, revision=1, by="user:1", now=runtime.now())
    weeks.work()
    assert weeks.confirm() == 0
    assert {state for state, _ in weeks.steps().values()} == {"done", "skipped"}
    assert set(weeks.groups_of("teaser").values()) == {"cancelled"}

    weeks.pass_until(on(22, 12))
    with runtime.transaction() as session:
        drops.set_state(session, series.id, "paused", revision=1, by="user:1", now=runtime.now(), zone=ZONE)
    weeks.pass_until(on(29, 12), each=weeks.confirm)

    assert set(weeks.steps(2).values()) == {("cancelled", "series_paused")}
    assert weeks.received().total() == 0


def test_a_recap_with_figures_waits_for_orders_to_tell_them(weeks, runtime, make):
    weeks.series(recap="到 {截至} 卖出 {卖出} 份，谢谢大家。", sku="SKU1")
    weeks.pass_until(on(20, 20, 5), each=weeks.confirm)
    make.order(paid_at=on(20, 20, 3))
    make.order(paid_at=on(20, 20, 4))

    weeks.pass_until(on(21, 10, 5), each=weeks.confirm)
    weeks.pass_until(on(28, 10, 35), each=weeks.confirm)

    assert ("花友一群", "到 11 月 21 日周六 10:00 卖出 2 份，谢谢大家。") in weeks.received()
    assert weeks.steps(2)["recap"] == ("skipped", "no_figures")
    assert weeks.steps(2)["recap_card"] == ("cancelled", "part_not_made")


def test_rehearsal_shows_what_would_have_been_sent_and_sends_nothing(weeks, make):
    weeks.series()
    make.gate("rehearsal")

    weeks.pass_until(on(20, 20, 5), each=weeks.confirm)

    assert set(weeks.groups_of("teaser").values()) == set(weeks.groups_of("launch").values()) == {"would_send"}
    assert {row.state for row in make.rows(StaffMessage)} == {"would_send"}
    assert {row.kind for row in make.rows(StaffMessage)} == {"card", "robot"}
    assert weeks.received().total() == 0
    assert weeks.cards() == weeks.robot_said() == []
    weeks.masses.ledger_adds_up()


def test_a_stop_holds_everything_back(weeks, make):
    weeks.series()
    make.gate("stopped")

    weeks.pass_until(on(20, 20, 5), each=weeks.confirm)

    assert {row.state for row in make.rows(StaffMessage)} <= {"held"}
    assert {row.state for row in make.rows(MassTask)} == {"held"}
    assert weeks.received().total() == 0


def test_a_launch_after_midnight_of_the_month_reserves_in_its_own(weeks, make, runtime):
    weeks.series(weekday=2, at_time="00:05", teaser_time="12:00")

    weeks.pass_until(on(30, 23, 58))

    assert [(row.part, row.month) for row in make.rows(MassMessage)][-2:] == [
        ("teaser", "2026-11"), ("launch", "2026-12")
    ]  # fmt: skip
    with runtime.reading() as session:
        assert quotas.left(session, ["x"], "2026-12", limit=31) == {"x": 31}


def test_what_changes_between_plan_and_creation_is_shown_and_the_others_get_theirs(weeks, sandbox, make, runtime):
    weeks.series()
    weeks.to(on(19, 19, 0))
    run_steps(runtime)
    plan_messages(runtime)
    assert {row.state for row in make.rows(MassRecipient)} == {"planned"}
    gone = next(row for row in make.rows(Group) if row.name == "花友二群")
    sandbox.post(f"/sandbox/groups/{gone.chat_id}/dismiss")
    with runtime.transaction() as session:
        session.execute(update(Staff).where(Staff.userid == "mei").values(left_at=runtime.now()))

    weeks.pass_until(on(19, 19, 10), each=weeks.confirm)

    assert weeks.groups_of("teaser") == {"花友一群": "sent", "花友二群": "unreachable", "花友三群": "unreachable"}
    assert all(row.reason for row in make.rows(MassRecipient) if row.state == "unreachable")
    assert {group for group, _ in weeks.received()} == {"花友一群"}
    weeks.masses.ledger_adds_up()
