"""What happens at each time of an edition: the tasks of a part, the cards to owners, the robot's message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from crm import calendars, drop_notices, drop_texts, group_messages, mass, staff_messages
from crm.drop_editions import TASKS_BEFORE
from models.database import changed
from models.drop import DropEdition, DropSeries, DropStep
from models.mass import MassMessage
from models.vault import Unopenable

PATIENCE = timedelta(minutes=2)
LAUNCH_LATE, RECAP_LATE = timedelta(hours=2), timedelta(hours=24)


@dataclass(frozen=True)
class Means:
    """What a step needs besides the records."""

    now: datetime
    zone: ZoneInfo
    seal: Callable[[str], bytes]
    open: Callable[[bytes], str]
    staff_url: str  # where a card leads


def due(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """The steps whose time has come, in their order."""
    query = select(DropStep.id).where(DropStep.state == "planned", DropStep.due_at <= now)
    return session.scalars(query.order_by(DropStep.due_at, DropStep.id).limit(limit)).all()


def run(session: Session, step_id: int, means: Means) -> bool:
    """Do a step, in this transaction, for this caller alone; False when it was done meanwhile or has to wait.

    The claim and what it leads to stand or fall together: a step cut off in the middle has not been done.
    """
    step = session.get(DropStep, step_id)
    if step is None:
        return False
    held = select(DropEdition).where(DropEdition.id == step.edition_id).with_for_update()
    edition = session.scalar(held.execution_options(populate_existing=True))
    if edition is None:  # laid out anew meanwhile
        return False
    series = session.get_one(DropSeries, edition.series_id)
    part, _, kind = step.step.partition("_")
    message = group_messages.of_edition(session, edition.id).get(part)
    if message is not None and _has_to_wait(message, step, kind, means.now):
        return False
    claim = update(DropStep).where(DropStep.id == step_id, DropStep.state == "planned", DropStep.due_at <= means.now)
    if not changed(session, claim.values(state="running").execution_options(synchronize_session=False)):
        return False
    state, reason = _stopped(series, edition, part, step, means) or (
        _say_to_groups(session, edition, part, step, means)
        if not kind
        else _tell_staff(session, series, edition, step, message, means)
    )
    settled = update(DropStep).where(DropStep.id == step_id)
    session.execute(settled.values(state=state, reason=reason, settled_at=means.now))
    _finish(session, edition)
    return True


def _has_to_wait(message: MassMessage, step: DropStep, kind: str, now: datetime) -> bool:
    """Whom it concerns is still being written; or who has confirmed is just to be read, for a moment.

    The moment begins when the message does: after a jump of the clock every step is long due.
    """
    if now >= max(step.due_at, message.created_at) + PATIENCE:
        return False
    is_stale = message.next_look_at is not None and message.next_look_at <= now
    return message.state == "planning" or (kind == "card" and is_stale)


def latest(edition: DropEdition, part: str, due_at: datetime) -> datetime:
    """After this moment nobody is told about a part any more."""
    if part == "teaser":
        return edition.launch_at
    return edition.launch_at + LAUNCH_LATE if part == "launch" else due_at + RECAP_LATE


def is_late(session: Session, message: MassMessage, *, now: datetime) -> bool:
    """Whether a drop's message would only confuse by now, WeCom having been away or everything stopped."""
    edition = session.get(DropEdition, message.edition_id) if message.edition_id is not None else None
    return edition is not None and now >= latest(edition, message.part, message.slot)


def _stopped(
    series: DropSeries, edition: DropEdition, part: str, step: DropStep, means: Means
) -> tuple[str, str] | None:
    if edition.state == "cancelled":
        return "skipped", "edition_skipped"
    if series.state != "active":
        return "cancelled", "series_paused"
    until = edition.launch_at - TASKS_BEFORE if step.step == "teaser" else latest(edition, part, step.due_at)
    return ("missed", "too_late") if means.now >= until else None  # no teaser beside the launch's own tasks


def _say_to_groups(session: Session, edition: DropEdition, part: str, step: DropStep, means: Means) -> tuple[str, str]:
    text, sold = edition.texts[part], None
    if drop_texts.uses(text, "卖出"):
        sold = drop_texts.sold(session, edition, now=means.now)
        if sold is None:
            return "skipped", "no_figures"
    facts = drop_texts.facts_of(edition, sold=sold, at=means.now)
    arrives = max(means.now, edition.launch_at) if part == "launch" else means.now
    mass.make(
        session, chat_type="group", edition=edition, part=part, slot=step.due_at,
        month=calendars.month_of(arrives, means.zone), text=drop_texts.render(text, facts, means.zone),
        attachments=drop_texts.attachments(edition), conditions={"group_ids": edition.group_ids},
        sentence=f"{len(edition.group_ids)} 个群", now=means.now,
    )  # fmt: skip
    return "done", ""


def _tell_staff(
    session: Session,
    series: DropSeries,
    edition: DropEdition,
    step: DropStep,
    message: MassMessage | None,
    means: Means,
) -> tuple[str, str]:
    part, _, kind = step.step.partition("_")
    if message is None:
        return "cancelled", "part_not_made"
    notice = drop_notices.Notice(series.name, edition.number, part)
    waiting = group_messages.waiting(session, message.id)
    deadline_at = latest(edition, part, step.due_at)
    if kind == "card":
        for userid, names in waiting.items():
            body = drop_notices.card(notice, names, url=means.staff_url)
            staff_messages.plan(
                session, key=f"drop:{edition.id}:{step.step}:{userid}", kind="card", userid=userid,
                body_sealed=means.seal(body), edition_id=edition.id, deadline_at=deadline_at, now=means.now,
            )  # fmt: skip
        return "done", "" if waiting else "nobody_waits"
    if series.robot_key_sealed is None:
        return "skipped", "no_robot"
    try:
        key = means.open(series.robot_key_sealed)
    except Unopenable:
        return "skipped", "robot_unopenable"
    who = drop_notices.names_of(session, waiting)
    body = drop_notices.robot(
        notice, who, sum(map(len, waiting.values())), group_messages.not_sent(session, message.id), key=key
    )  # fmt: skip
    staff_messages.plan(
        session, key=f"drop:{edition.id}:{step.step}", kind="robot", body_sealed=means.seal(body),
        edition_id=edition.id, deadline_at=deadline_at, now=means.now,
    )  # fmt: skip
    return "done", ""


def _finish(session: Session, edition: DropEdition) -> None:
    remaining = exists().where(DropStep.edition_id == edition.id, DropStep.state == "planned")
    over = update(DropEdition).where(DropEdition.id == edition.id, DropEdition.state == "planned", ~remaining)
    session.execute(over.values(state="done").execution_options(synchronize_session=False))
