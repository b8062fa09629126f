"""Customer groups, as WeCom's detail and its callbacks tell of them."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crm import staff
from crm.group_members import EXTERNAL
from crm.phrases import Phrase
from models.database import changed, insert_if_absent
from models.group import Group
from models.staff import Staff
from wecom.group_types import GroupChat

DISMISSED = Phrase("群已解散").key
NO_OWNER = Phrase("没有群主").key
OWNER_LEFT = Phrase("群主离职了").key
NOT_SERVING = Phrase("群主没开通客户联系").key
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reachable:
    """A group with its owner, and why nobody can send to it ("" when somebody can)."""

    group: Group
    owner: Staff | None

    @property
    def trouble(self) -> str:
        if self.group.dismissed_at is not None:
            return DISMISSED
        if self.owner is None:
            return NO_OWNER
        if self.owner.left_at is not None:
            return OWNER_LEFT
        return "" if self.owner.serves_customers else NOT_SERVING


def learn(session: Session, detail: GroupChat, *, at: datetime, tally: Counter[str] | None = None) -> bool:
    """Store what WeCom showed at this moment, unless we know something newer; a dismissed group stays so."""
    tally = Counter() if tally is None else tally
    known = staff.ensure(session, [detail.owner] if detail.owner else [], now=at)
    owner = known[detail.owner.lower()].id if detail.owner else None
    shown = {
        "name": detail.name,
        "owner_staff_id": owner,
        "customers": sum(member.type == EXTERNAL for member in detail.member_list),
        "members": len(detail.member_list),
        "member_version": detail.member_version,
        "known_at": at,
    }
    if insert_if_absent(session, Group, chat_id=detail.chat_id, created_at=detail.created_at, **shown):
        tally["fixed.group_new"] += 1
        return True
    was = session.execute(select(Group.name, Group.owner_staff_id).where(Group.chat_id == detail.chat_id)).one()
    newer = update(Group).where(Group.chat_id == detail.chat_id, Group.known_at < at, Group.dismissed_at.is_(None))
    if not changed(session, newer.values(**shown).execution_options(synchronize_session=False)):
        return False
    tally["fixed.group_changed"] += tuple(was) != (detail.name, owner)
    return True


def dismiss(session: Session, chat_id: str, *, at: datetime) -> bool:
    """The group is no more; one we never knew stays unknown."""
    gone = update(Group).where(Group.chat_id == chat_id, Group.dismissed_at.is_(None)).values(dismissed_at=at)
    return changed(session, gone.execution_options(synchronize_session=False)) > 0


def open_groups(session: Session) -> list[Reachable]:
    """Every group that was not dismissed, by name."""
    rows = session.execute(
        select(Group, Staff)
        .outerjoin(Staff, Staff.id == Group.owner_staff_id)
        .where(Group.dismissed_at.is_(None))
        .order_by(Group.name, Group.id)
    )
    return [Reachable(group, owner) for group, owner in rows]


def by_ids(session: Session, ids: Collection[int]) -> dict[int, Reachable]:
    """These groups, dismissed ones too."""
    rows = session.execute(
        select(Group, Staff).outerjoin(Staff, Staff.id == Group.owner_staff_id).where(Group.id.in_(ids))
    )
    return {group.id: Reachable(group, owner) for group, owner in rows}


def owners(session: Session) -> list[str]:
    """Everybody who has, or might have, groups: who serves customers, and who owned one when we last looked."""
    query = (
        select(Staff.userid)
        .where(or_(Staff.serves_customers, Staff.id.in_(select(Group.owner_staff_id))))
        .order_by(Staff.userid_key)
    )
    return list(session.scalars(query))


def known(session: Session) -> dict[str, datetime]:
    """The groups that are open as far as we know, with when we last learnt of each and all its members."""
    rows = session.execute(select(Group.chat_id, Group.members_known_at).where(Group.dismissed_at.is_(None)))
    return {chat_id: at or NEVER for chat_id, at in rows}


def to_ask(listed: Iterable[str], known: dict[str, datetime], *, before: datetime) -> list[str]:
    """Whose details to ask for: new ones, those no longer listed, and those last asked before this moment."""
    shown = set(listed)
    return sorted((shown - known.keys()) | {chat for chat, at in known.items() if chat not in shown or at < before})
