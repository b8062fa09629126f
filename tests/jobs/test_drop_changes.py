"""A series that is changed while an edition of it runs: no group gets two launches of one day."""

from dataclasses import replace
from datetime import datetime

from crm import drop_plans, drops
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
