"""What became of the messages to a drop's groups: who has still to confirm, and which groups get nothing."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.group import Group
from models.mass import MassMessage, MassRecipient, MassTask, MassTaskMember

WAITING = ("planned", "created", "unknown", "would_send")
NOT_SENT = ("quota", "unreachable", "failed", "held", "cancelled")
CONFIRMED = 2  # WeCom's status of a member's task


def of_edition(session: Session, edition_id: int) -> dict[str, MassMessage]:
    """What was made for an edition, by part."""
    rows = session.scalars(select(MassMessage).where(MassMessage.edition_id == edition_id))
    return {row.part: row for row in rows}


def waiting(session: Session, message_id: int) -> dict[str, list[str]]:
    """Who has not confirmed yet, by userid, with the names of the groups that wait for them."""
    rows = session.execute(
        select(MassTask.id, MassTask.userid, Group.name)
        .join(MassRecipient, MassRecipient.task_id == MassTask.id)
        .join(Group, Group.id == MassRecipient.group_id)
        .where(MassTask.message_id == message_id, MassRecipient.state.in_(WAITING))
        .order_by(MassTask.id, Group.name)
    ).all()
    members = _members(session, {row.id for row in rows})
    found: dict[str, list[str]] = defaultdict(list)
    for task_id, userid, name in rows:
        for holder in members.get(task_id, {userid: 0}):
            if members.get(task_id, {}).get(holder) != CONFIRMED:
                found[holder].append(name)
    return dict(found)


def _members(session: Session, task_ids: set[int]) -> Mapping[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for member in session.scalars(select(MassTaskMember).where(MassTaskMember.task_id.in_(task_ids))):
        found.setdefault(member.task_id, {})[member.userid] = member.status
    return found


def not_sent(session: Session, message_id: int) -> list[tuple[str, str, str]]:
    """The groups that will not get it: name, state, reason."""
    query = (
        select(Group.name, MassRecipient.state, MassRecipient.reason)
        .join(Group, Group.id == MassRecipient.group_id)
        .where(MassRecipient.message_id == message_id, MassRecipient.state.in_(NOT_SENT))
        .order_by(Group.name)
    )
    return [(name, state, reason) for name, state, reason in session.execute(query)]


def remindable(session: Session, message_id: int) -> list[int]:
    """Tasks at WeCom that somebody has not confirmed yet."""
    query = select(MassTask.id).where(
        MassTask.message_id == message_id, MassTask.state == "created", MassTask.settled_at.is_(None)
    )
    return list(session.scalars(query.order_by(MassTask.id)))
