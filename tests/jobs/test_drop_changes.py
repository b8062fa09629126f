"""A series that is changed while an edition of it runs: no group gets two launches of one day."""

from dataclasses import replace
from datetime import datetime

from crm import drop_editions, drop_plans, drops, mass_reasons
from jobs.drops import run_steps
from jobs.mass_results import read_results
from jobs.staff_messages import send_staff_messages
from models import DropEdition, DropSeries, MassRecipient
from tests.drop_weeks import ZONE, Weeks
from tests.masses import CREATE


def test_a_launch_moved_after_its_teaser_stays_this_week_and_moves_from_the_next(runtime, make, sandbox, clock):
    weeks = Weeks(runtime, make, sandbox, clock)
    weeks.series()
    weeks.pass_until(datetime(2026, 11, 19, 21, 0, tzinfo=ZONE), each=weeks.confirm)  # the teaser is out
    [series] = make.rows(DropSeries)
    names = drop_plans.Plan.__dataclass_fields__
    plan = drop_plans.Plan(**{name: getattr(series, name) for name in names})
    plan = replace(plan, at_time="20:30", group_ids=tuple(plan.group_ids))

    with runtime.transaction() as session:
        drops.change(
            session, series.id, plan, revision=series.revision, robot_key_sealed=None, by="user:1", now=runtime.now(),
            zone=ZONE,
        )  # fmt: skip
    weeks.pass_until(datetime(2026, 11, 20, 23, 0, tzinfo=ZONE), each=weeks.confirm)

    launches = [row.launch_at.astimezone(ZONE) for row in make.rows(DropEdition)]
    assert [f"{at:%d %H:%M}" for at in launches] == ["20 20:00", "27 20:30"]
    launched = [count for (_, text), count in weeks.received().items() if text.startswith("第")]
    assert launched == [1, 1, 1]


def test_nobody_is_told_to_send_what_was_left_out_a_moment_ago(runtime, make, sandbox, clock):
    weeks = Weeks(runtime, make, sandbox, clock)
    weeks.series()
    weeks.pass_until(datetime(2026, 11, 20, 19, 55, tzinfo=ZONE))
    told = weeks.cards()
    weeks.to(datetime(2026, 11, 20, 19, 58, tzinfo=ZONE))
    read_results(runtime)
    run_steps(runtime)  # the cards are written, and not yet sent

    edition = weeks.edition()
    with runtime.transaction() as session:
        drop_editions.skip(session, edition.id, revision=edition.revision, by="user:1", now=runtime.now())
    send_staff_messages(runtime)

    assert weeks.steps()["launch_card"] == ("done", "")
    assert weeks.cards() == told


def test_a_teaser_that_wecom_takes_only_after_the_launch_is_not_sent(runtime, make, sandbox, clock):
    """WeCom is away for a day: the launch still makes it within its two hours, the teaser would only confuse."""
    weeks = Weeks(runtime, make, sandbox, clock)
    weeks.series()
    sandbox.faults({"on": "call", "path": CREATE, "errcode": -1})
    weeks.pass_until(datetime(2026, 11, 20, 21, 0, tzinfo=ZONE))
    sandbox.faults()
    clock.tick(minutes=10)
    weeks.work()
    weeks.confirm()
    weeks.work()

    assert set(weeks.groups_of("teaser").values()) == {"failed"}
    assert {row.reason for row in make.rows(MassRecipient) if row.state == "failed"} == {mass_reasons.TOO_LATE}
    assert len(weeks.received()) == 3
    weeks.masses.ledger_adds_up()
