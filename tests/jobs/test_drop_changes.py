"""A series that is changed while an edition of it runs: no group gets two launches of one day."""

from dataclasses import replace
from datetime import datetime

from crm import drop_editions, drop_plans, drops
from jobs.drops import run_steps
from jobs.mass_results import read_results
from jobs.staff_messages import send_staff_messages
from models import DropEdition, DropSeries
from tests.drop_weeks import ZONE, Weeks


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
