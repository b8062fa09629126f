"""Recipients of mass messages: they follow their task, a few hundred a transaction, and their quota with them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from crm import mass_reasons, quotas
from models.mass import MassMessage, MassRecipient, MassTask

AT_ONCE = 250  # and as many rows of the quota's ledger
RESERVED = ("planned", "created", "unknown")
"""States whose recipients hold a reservation in the quota's ledger."""

ENDED = ("failed", "unknown", "would_send", "cancelled")
OPEN = ("held", "created", "cancelling")
AT_WECOM = ("created", "cancelling")


def behind(session: Session, *, limit: int = 20) -> list[MassTask]:
    """Tasks whose recipients have not all followed yet, a killed process's among them."""
    waits = exists().where(and_(MassRecipient.task_id == MassTask.id, MassRecipient.state.in_(("planned", "unknown"))))
    found = select(MassTask).where(
        MassTask.settled_at.is_(None), or_(MassTask.state.in_(ENDED), and_(MassTask.state.in_(OPEN), waits))
    )
    return list(session.scalars(found.order_by(MassTask.id).limit(limit)))


def follow(session: Session, task: MassTask, *, now: datetime) -> int:
    """Take up to 250 recipients to where their task is; returns how many, 0 when all are there, or it moved on."""
    still = AT_WECOM if task.state in AT_WECOM else (task.state,)
    as_seen = select(MassTask.id).where(MassTask.id == task.id, MassTask.state.in_(still))
    if session.scalar(as_seen.with_for_update()) is None:  # resumed, or made after all: others take them there
        return 0
    before = _before(task)
    month = session.get_one(MassMessage, task.message_id).month
    count = _move(session, task, _to(task), before=before, month=month, reason=_reason(task))
    if not count and task.state in ENDED:
        session.execute(update(MassTask).where(MassTask.id == task.id).values(settled_at=now))
    return count


def _before(task: MassTask) -> tuple[str, ...]:
    if task.state == "cancelled":
        return ("planned", "created", "held")
    return ("planned", "unknown") if task.state in AT_WECOM else ("planned", "created")


def _to(task: MassTask) -> str:
    if task.state in AT_WECOM:
        return "created"
    return "unreachable" if task.state == "failed" and task.reason in mass_reasons.UNREACHED else task.state


def _reason(task: MassTask) -> str:
    return task.reason if task.state in ("failed", "unknown") else ""


def planned(session: Session, task: MassTask) -> list[str]:
    """External_userids or chat_ids the task is to be created for, in the order they were planned."""
    found = select(MassRecipient.target).where(MassRecipient.task_id == task.id, MassRecipient.state == "planned")
    return list(session.scalars(found.order_by(MassRecipient.id)))


def of_task(session: Session, task: MassTask) -> list[str]:
    """Everybody the task was tried for."""
    tried = MassRecipient.state.in_(("planned", "created", "unknown"))
    return list(session.scalars(select(MassRecipient.target).where(MassRecipient.task_id == task.id, tried)))


def reserve_again(session: Session, task: MassTask, message: MassMessage, *, limit: int) -> int:
    """Up to 250 that were held are planned again while this month has room for them; returns how many there were."""
    held = session.scalars(
        select(MassRecipient)
        .where(MassRecipient.task_id == task.id, MassRecipient.state == "held")
        .order_by(MassRecipient.target)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    granted = quotas.reserve(session, [row.target for row in held], message.month, limit=limit) if held else set()
    for row in held:
        row.state = "planned" if row.target in granted else "quota"
        row.reason = "" if row.target in granted else mass_reasons.NO_PLACE
    return len(held)


def would_send(session: Session, task: MassTask, message: MassMessage, targets: Collection[str]) -> None:
    """In rehearsal these, at most 250, are only shown."""
    _move(session, task, "would_send", before=("planned",), month=message.month, targets=targets)


def no_place(session: Session, task: MassTask, message: MassMessage, targets: Collection[str]) -> None:
    """These, at most 250, may receive nothing more this month; what the month they were planned in held is free."""
    reason = mass_reasons.NO_PLACE
    _move(session, task, "quota", before=("planned",), month=message.month, targets=targets, reason=reason)


def not_reached(session: Session, task: MassTask, message: MassMessage, targets: Collection[str]) -> None:
    """WeCom gives these, at most 250, no task."""
    _move(
        session,
        task,
        "unreachable",
        before=("planned", "created"),
        month=message.month,
        targets=targets,
        reason=mass_reasons.NOT_REACHED,
    )


def _move(
    session: Session,
    task: MassTask,
    to: str,
    *,
    before: Sequence[str],
    month: str,
    targets: Collection[str] | None = None,
    reason: str = "",
) -> int:
    """At most 250 from some states to another; who leaves those that reserve gives the quota back."""
    wanted = select(MassRecipient).where(MassRecipient.task_id == task.id, MassRecipient.state.in_(before))
    if targets is not None:
        wanted = wanted.where(MassRecipient.target.in_(list(targets)))
    found = session.scalars(wanted.order_by(MassRecipient.target).limit(AT_ONCE).with_for_update()).all()
    freed = [row.target for row in found if row.state in RESERVED]
    if found:
        session.execute(
            update(MassRecipient)
            .where(MassRecipient.id.in_([row.id for row in found]))
            .values(state=to, reason=reason)
            .execution_options(synchronize_session=False)
        )
    if freed and to not in RESERVED:
        quotas.release(session, freed, month)
    return len(found)
