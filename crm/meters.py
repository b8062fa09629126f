"""What is paid for and what fills up: external contacts of the corp, and customers of each member."""

from dataclasses import dataclass

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.group import Group, GroupMember
from models.staff import Staff

WARM, BAD = 80, 95  # per cent


@dataclass(frozen=True)
class Meter:
    """So many of so many; without a limit (0) nothing is ever full."""

    name: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return self.used * 100 // self.limit if self.limit else 0

    @property
    def tone(self) -> str:
        """ "bad" from 95 %, "warm" from 80 %, else ""."""
        return "bad" if self.percent >= BAD else "warm" if self.percent >= WARM else ""


def paid_contacts(session: Session, *, limit: int) -> Meter:
    """Friends, and people who are only in groups, each once: what WeCom counts for its paid scale."""
    friends = (
        select(Contact.identity_id)
        .join(Follow, Follow.contact_id == Contact.id)
        .where(Follow.ended_at.is_(None), ~Follow.is_half)
    )
    in_groups = (
        select(GroupMember.identity_id)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.left_at.is_(None), GroupMember.identity_id.is_not(None), Group.dismissed_at.is_(None))
    )
    everybody = union(friends, in_groups).subquery()
    return Meter("", session.scalar(select(func.count()).select_from(everybody)) or 0, limit)


def fullest(session: Session, *, limit: int, most: int = 5) -> list[Meter]:
    """The members with the most customers."""
    number = func.count().label("number")
    rows = session.execute(
        select(Staff.name, number)
        .join(Follow, Follow.staff_id == Staff.id)
        .where(Follow.ended_at.is_(None), ~Follow.is_half)
        .group_by(Staff.id, Staff.name)
        .order_by(number.desc(), Staff.id)
        .limit(most)
    )
    return [Meter(name, used, limit) for name, used in rows]
