"""Questions about drops: a month of them, one edition's story, and groups whose quota will not do."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import calendars, drop_editions, group_messages, quotas, staff_messages
from models.drop import PARTS, DropEdition, DropSeries, DropStep, StaffMessage
from models.group import Group
from models.mass import MassMessage, MassRecipient, MassTask
from models.staff import Staff

FARTHEST = timedelta(days=7)  # a teaser and a recap are at most so far from their launch


@dataclass(frozen=True)
class Edition:
    """An edition with its series, its steps by name, and of each part's groups how many are in which state."""

    row: DropEdition
    series: DropSeries
    steps: dict[str, DropStep]
    counts: dict[str, Counter[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One group of one part: what became of it, and who sends or sent to it."""

    group: str
    state: str
    reason: str
    owner: str
    sent_at: datetime | None


@dataclass(frozen=True)
class Part:
    """What was made for a part: its message, its groups, and who has still to confirm, by userid."""

    message: MassMessage
    lines: list[Line]
    waiting: dict[str, list[str]]


@dataclass(frozen=True)
class Story:
    edition: Edition
    parts: dict[str, Part]
    messages: Sequence[StaffMessage]
    names: dict[str, str]  # of members, by the lower case of their userid


def between(session: Session, begin: datetime, end: datetime) -> list[Edition]:
    """The editions some step of which may fall between these moments, by launch; a few statements for all of them."""
    query = (
        select(DropEdition, DropSeries)
        .join(DropSeries, DropSeries.id == DropEdition.series_id)
        .where(DropEdition.launch_at >= begin - FARTHEST, DropEdition.launch_at < end + FARTHEST)
        .order_by(DropEdition.launch_at, DropEdition.id)
    )
    rows = session.execute(query).all()
    ids = [row.id for row, _ in rows]
    steps: dict[int, dict[str, DropStep]] = {}
    for step in session.scalars(select(DropStep).where(DropStep.edition_id.in_(ids))):
        steps.setdefault(step.edition_id, {})[step.step] = step
    counts = _counts(session, ids)
    return [Edition(row, series, steps.get(row.id, {}), counts.get(row.id, {})) for row, series in rows]


def nearest(editions: Sequence[Edition], *, now: datetime) -> Edition | None:
    """What an operator most likely looks for: the next edition that is not over, else the last one."""
    ahead = [each for each in editions if each.row.state == "planned" and each.row.launch_at >= now - timedelta(days=1)]
    return ahead[0] if ahead else editions[-1] if editions else None


def story(session: Session, edition_id: int) -> Story:
    """Everything about one edition. Raises `NotFound`."""
    row = drop_editions.one(session, edition_id)
    steps = {step.step: step for step in drop_editions.steps(session, edition_id)}
    series = session.get_one(DropSeries, row.series_id)
    edition = Edition(row, series, steps, _counts(session, [edition_id]).get(edition_id, {}))
    made = group_messages.of_edition(session, edition_id)
    parts = {
        part: Part(made[part], _lines(session, made[part].id), group_messages.waiting(session, made[part].id))
        for part in PARTS
        if part in made
    }
    messages = staff_messages.of_edition(session, edition_id)
    userids = {each.userid.lower() for each in messages} | {
        key.lower() for part in parts.values() for key in part.waiting
    }
    named = select(Staff.userid_key, Staff.name).where(Staff.userid_key.in_(userids))
    return Story(edition, parts, messages, dict(session.execute(named).all()))


def to_come(
    series: Collection[DropSeries], begin: datetime, end: datetime, *, zone: ZoneInfo
) -> Iterator[tuple[DropSeries, datetime]]:
    """The launches from `begin` to `end` that are not laid out yet, of series that go on; however far they are."""
    for row in series:
        launch_at = row.next_launch_at if row.state == "active" else None
        if launch_at is not None and launch_at < begin:
            launch_at = calendars.next_weekly(row.weekday, row.at_time, zone, begin - calendars.SECOND)
        while launch_at is not None and launch_at < end:
            yield row, launch_at
            launch_at = calendars.next_weekly(row.weekday, row.at_time, zone, launch_at)


@dataclass(frozen=True)
class Short:
    """A group that may receive fewer messages this month than are planned for it."""

    group: Group
    left: int
    planned: int


def short_groups(session: Session, month: str, *, limit: int, zone: ZoneInfo) -> list[Short]:
    """Groups whose quota of a month will not do for the parts laid out and still to come in it."""
    begin, end = quotas.bounds(month, zone)
    coming = session.execute(
        select(DropEdition.group_ids)
        .join(DropStep, DropStep.edition_id == DropEdition.id)
        .where(
            DropEdition.state == "planned",
            DropStep.step.in_(PARTS),
            DropStep.state == "planned",
            DropStep.due_at >= begin,
            DropStep.due_at < end,
        )
    )
    planned = Counter(group_id for (ids,) in coming for group_id in ids)
    rows = list(session.scalars(select(Group).where(Group.id.in_(planned), Group.dismissed_at.is_(None))))
    left = quotas.left(session, [row.chat_id for row in rows], month, limit=limit)
    found = [Short(row, left[row.chat_id], planned[row.id]) for row in rows if left[row.chat_id] < planned[row.id]]
    return sorted(found, key=lambda each: (each.left - each.planned, each.group.name))


def _counts(session: Session, edition_ids: Collection[int]) -> dict[int, dict[str, Counter[str]]]:
    query = (
        select(MassMessage.edition_id, MassMessage.part, MassRecipient.state, func.count())
        .join(MassRecipient, MassRecipient.message_id == MassMessage.id)
        .where(MassMessage.edition_id.in_(edition_ids))
        .group_by(MassMessage.edition_id, MassMessage.part, MassRecipient.state)
    )
    found: dict[int, dict[str, Counter[str]]] = {}
    for edition_id, part, state, count in session.execute(query):
        assert edition_id is not None
        found.setdefault(edition_id, {}).setdefault(part, Counter())[state] = count
    return found


def _lines(session: Session, message_id: int) -> list[Line]:
    query = (
        select(Group.name, MassRecipient.state, MassRecipient.reason, Staff.name, MassRecipient.sent_at)
        .join(Group, Group.id == MassRecipient.group_id)
        .outerjoin(MassTask, MassTask.id == MassRecipient.task_id)
        .outerjoin(Staff, Staff.id == func.coalesce(MassTask.staff_id, Group.owner_staff_id))
        .where(MassRecipient.message_id == message_id)
        .order_by(Group.name, Group.id)
    )
    return [Line(name, state, reason, owner or "", at) for name, state, reason, owner, at in session.execute(query)]
