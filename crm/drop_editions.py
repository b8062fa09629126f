"""Editions (第 n 期): laid out ahead, with a copy of what the series said, and what happens when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crm import calendars, group_messages, mass_control, staff_messages
from crm.errors import Conflict, NotFound
from models.database import changed, insert_if_absent, insert_many_if_absent
from models.drop import PARTS, DropEdition, DropSeries, DropStep

AHEAD = timedelta(days=8)  # so long before its launch an edition stands in the calendar and can be changed
TASKS_BEFORE, CARDS_BEFORE = timedelta(minutes=10), timedelta(minutes=2)
CARDS_AFTER = timedelta(minutes=30)
MOMENT = timedelta(microseconds=1)
COPIED = ("product", "sku", "price_fen", "stock", "url", "media_id", "group_ids")


class Timed(Protocol):
    @property
    def teaser_days_before(self) -> int: ...
    @property
    def teaser_time(self) -> str: ...
    @property
    def recap_days_after(self) -> int: ...
    @property
    def recap_time(self) -> str: ...


def times(series: Timed, launch_at: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """When each step of an edition is due. The launch's tasks exist before it, so that owners can confirm in time."""
    day = launch_at.astimezone(zone).date()
    teaser = calendars.at_local(day - timedelta(days=series.teaser_days_before), series.teaser_time, zone)
    recap = calendars.at_local(day + timedelta(days=series.recap_days_after), series.recap_time, zone)
    tasks = launch_at - TASKS_BEFORE
    return {
        "teaser": teaser, "teaser_robot": teaser, "teaser_card": teaser + CARDS_AFTER,
        "launch": tasks, "launch_robot": tasks, "launch_card": launch_at - CARDS_BEFORE,
        "recap": recap, "recap_robot": recap, "recap_card": recap + CARDS_AFTER,
    }  # fmt: skip


def due_series(session: Session, *, now: datetime) -> Sequence[int]:
    """Active series whose next edition is near enough to be laid out."""
    near = select(DropSeries.id).where(DropSeries.state == "active", DropSeries.next_launch_at <= now + AHEAD)
    return session.scalars(near.order_by(DropSeries.id)).all()


def make_next(session: Session, series_id: int, *, now: datetime, zone: ZoneInfo) -> DropEdition | None:
    """Lay out the next edition of a series when it is near; None when somebody just did, or it is far."""
    series = session.scalar(
        select(DropSeries)
        .where(DropSeries.id == series_id, DropSeries.state == "active", DropSeries.next_launch_at <= now + AHEAD)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if series is None or series.next_launch_at is None:
        return None
    launch_at = series.next_launch_at
    series.next_launch_at = calendars.next_weekly(series.weekday, series.at_time, zone, launch_at)
    copied = {name: getattr(series, name) for name in COPIED}
    texts = {part: getattr(series, part) for part in PARTS}
    is_new = insert_if_absent(
        session, DropEdition, series_id=series.id, number=series.next_number, launch_at=launch_at, texts=texts,
        state="planned", created_at=now, **copied,
    )  # fmt: skip
    if not is_new:
        return None
    series.next_number += 1
    query = select(DropEdition).where(DropEdition.series_id == series.id, DropEdition.launch_at == launch_at)
    edition = session.scalars(query).one()
    steps = times(series, launch_at, zone)
    rows = [{"edition_id": edition.id, "step": step, "due_at": due_at} for step, due_at in steps.items()]
    insert_many_if_absent(session, DropStep, rows, DropStep.id)
    return edition


def make_due(session: Session, series_id: int, *, now: datetime, zone: ZoneInfo) -> None:
    """Lay out what is near of one series at once, for the page that follows: one or two editions."""
    for _ in range(2):
        make_next(session, series_id, now=now, zone=zone)


def lay_out_anew(session: Session, series: DropSeries, *, now: datetime, zone: ZoneInfo) -> None:
    """Take back what nobody touched and nothing of which has begun; `make_next` lays it out as the series is now."""
    untouched = select(DropEdition.id).where(
        DropEdition.series_id == series.id,
        DropEdition.revision == 1,
        DropEdition.state == "planned",
        DropEdition.launch_at > now,
    )
    held = session.scalars(untouched.order_by(DropEdition.id).with_for_update()).all()
    begun = select(DropStep.edition_id).where(DropStep.edition_id.in_(held), DropStep.state != "planned")
    fresh = set(held) - set(session.scalars(begun))
    session.execute(delete(DropStep).where(DropStep.edition_id.in_(fresh)))
    session.execute(delete(DropEdition).where(DropEdition.id.in_(fresh)))
    _go_on_after_the_last(session, series, now=now, zone=zone)


def skip_what_passed(session: Session, series: DropSeries, *, now: datetime, zone: ZoneInfo) -> None:
    """A series that goes on again begins with the next launch: those of the pause are not made up for."""
    if series.next_launch_at is None or series.next_launch_at <= now:
        _go_on_after_the_last(session, series, now=now, zone=zone)


def _go_on_after_the_last(session: Session, series: DropSeries, *, now: datetime, zone: ZoneInfo) -> None:
    """No launch twice, and none on the day of another that was not left out."""
    held = func.max(DropEdition.launch_at).filter(DropEdition.state != "cancelled")
    query = select(func.max(DropEdition.launch_at), held, func.max(DropEdition.number))
    last_at, held_at, last_number = session.execute(query.where(DropEdition.series_id == series.id)).one()
    after = max(now, last_at) if last_at else now
    if held_at:
        next_day = held_at.astimezone(zone).date() + timedelta(days=1)
        after = max(after, calendars.at_local(next_day, "00:00", zone) - MOMENT)
    series.next_launch_at = calendars.next_weekly(series.weekday, series.at_time, zone, after)
    series.next_number = (last_number or 0) + 1
    session.flush()


def one(session: Session, edition_id: int) -> DropEdition:
    found = session.scalar(
        select(DropEdition).where(DropEdition.id == edition_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("没有这一期")
    return found


def steps(session: Session, edition_id: int) -> list[DropStep]:
    """The steps of an edition in the order they fall due."""
    query = select(DropStep).where(DropStep.edition_id == edition_id)
    return list(session.scalars(query.order_by(DropStep.due_at, DropStep.id)))


def change(session: Session, edition_id: int, *, revision: int, **values: object) -> DropEdition:
    """Change an edition before its teaser; the series and its other editions stay as they are."""
    _hold(session, edition_id, revision, {**values, "revision": revision + 1})
    _before_its_teaser(session, edition_id)  # a step that runs holds the edition, too
    return one(session, edition_id)


def skip(session: Session, edition_id: int, *, revision: int, by: str, now: datetime) -> DropEdition:
    """Leave an edition out: what has not happened yet does not happen, what nobody confirmed is taken back.

    What went out stays.
    """
    _hold(session, edition_id, revision, {"state": "cancelled", "revision": revision + 1})
    session.execute(
        update(DropStep)
        .where(DropStep.edition_id == edition_id, DropStep.state == "planned")
        .values(state="skipped", reason="edition_skipped", settled_at=now)
        .execution_options(synchronize_session=False)
    )
    staff_messages.leave_out(session, edition_id, now=now)
    for message in group_messages.of_edition(session, edition_id).values():
        if message.state not in ("done", "cancelled", "missed"):
            mass_control.cancel(session, message.id, by=by, now=now)
    return one(session, edition_id)


def _before_its_teaser(session: Session, edition_id: int) -> None:
    begun = select(DropStep.id).where(DropStep.edition_id == edition_id, DropStep.state != "planned")
    if session.scalar(begun.limit(1)) is not None:
        raise Conflict("这一期已经开始了，改不了。还没到的可以跳过")


def _hold(session: Session, edition_id: int, revision: int, values: dict[str, object]) -> None:
    as_shown = update(DropEdition).where(
        DropEdition.id == edition_id, DropEdition.revision == revision, DropEdition.state == "planned"
    )
    if not changed(session, as_shown.values(**values).execution_options(synchronize_session=False)):
        if one(session, edition_id).state != "planned":
            raise Conflict("这一期已经跳过或过完了")
        raise Conflict("别人刚改过这一期。先看看现在的样子")
