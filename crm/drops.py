"""Drop series (爆款日): what an operator plans, and how it changes without two people overwriting each other."""

from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import calendars, drop_editions, drop_plans, groups
from crm.drop_plans import Offer, Plan
from crm.errors import BadInput, Conflict, NotFound
from models.database import changed, insert_if_absent, take_turns
from models.drop import PARTS, DropEdition, DropSeries

STATES = ("active", "paused", "ended")


def create(
    session: Session, plan: Plan, *, robot_key_sealed: bytes | None, by: str, now: datetime, zone: ZoneInfo
) -> DropSeries:
    """A new series; its first edition is the next such weekday and time."""
    plan = drop_plans.checked(session, plan, now=now, zone=zone)
    values = asdict(plan) | {"group_ids": list(plan.group_ids), "robot_key_sealed": robot_key_sealed}
    next_launch_at = calendars.next_weekly(plan.weekday, plan.at_time, zone, now)
    values |= {"next_launch_at": next_launch_at, "created_at": now, "created_by": by, "changed_at": now}
    if not insert_if_absent(session, DropSeries, **values, changed_by=by):
        raise Conflict("已经有叫「%(name)s」的爆款日了", field="name", name=plan.name)
    return session.scalars(select(DropSeries).where(DropSeries.name == plan.name)).one()


def change(
    session: Session,
    series_id: int,
    plan: Plan,
    *,
    revision: int,
    robot_key_sealed: bytes | None,
    by: str,
    now: datetime,
    zone: ZoneInfo,
) -> DropSeries:
    """Change a series. Editions already laid out that nobody touched and nothing of which has begun follow it."""
    plan = drop_plans.checked(session, plan, now=now, zone=zone)
    take_turns(session, "drop_series.name")
    same = select(DropSeries.id).where(DropSeries.name == plan.name, DropSeries.id != series_id)
    if session.scalar(same) is not None:
        raise Conflict("已经有叫「%(name)s」的爆款日了", field="name", name=plan.name)
    values = asdict(plan) | {"group_ids": list(plan.group_ids), "robot_key_sealed": robot_key_sealed}
    values |= {"changed_at": now, "changed_by": by, "revision": revision + 1}
    hold(session, series_id, revision, values)
    series = one(session, series_id)
    drop_editions.lay_out_anew(session, series, now=now, zone=zone)
    return series


def hold(session: Session, series_id: int, revision: int, values: dict[str, object]) -> None:
    """Change the row that the form showed. Raises `Conflict` when somebody changed it meanwhile."""
    as_shown = update(DropSeries).where(DropSeries.id == series_id, DropSeries.revision == revision).values(**values)
    if not changed(session, as_shown.execution_options(synchronize_session=False)):
        one(session, series_id)
        raise Conflict("别人刚改过，你填的是照着旧的改的。先看看现在的样子")


def set_state(
    session: Session, series_id: int, state: str, *, revision: int, by: str, now: datetime, zone: ZoneInfo
) -> DropSeries:
    """Pause, go on with, or end a series. What falls due while it is paused is not done later."""
    if state not in STATES:
        raise BadInput("没有这种状态", field="state")
    hold(session, series_id, revision, {"state": state, "changed_at": now, "changed_by": by, "revision": revision + 1})
    series = one(session, series_id)
    if state == "active":
        drop_editions.skip_what_passed(session, series, now=now, zone=zone)
    return series


def one(session: Session, series_id: int) -> DropSeries:
    found = session.scalar(
        select(DropSeries).where(DropSeries.id == series_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("没有这个爆款日")
    return found


def all_series(session: Session) -> list[DropSeries]:
    """Those that go on first, by weekday and time."""
    rows = session.scalars(select(DropSeries))
    return sorted(rows, key=lambda row: (STATES.index(row.state), row.weekday, row.at_time, row.id))


def change_edition(session: Session, edition_id: int, offer: Offer, *, revision: int, zone: ZoneInfo) -> DropEdition:
    """Change one edition before its teaser; the series stays as it is."""
    edition = drop_editions.one(session, edition_id)
    offer = drop_plans.check_offer(session, offer, launch_at=edition.launch_at, number=edition.number, zone=zone)
    values = {name: getattr(offer, name) for name in drop_editions.COPIED} | {"group_ids": list(offer.group_ids)}
    texts = {part: getattr(offer, part) for part in PARTS}
    return drop_editions.change(session, edition_id, revision=revision, texts=texts, **values)


def problems(session: Session, edition: DropEdition) -> list[groups.Reachable]:
    """Its groups that nobody can send to at the moment."""
    return [each for each in groups.by_ids(session, edition.group_ids).values() if each.trouble]
