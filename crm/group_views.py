"""A group as one of its staff sees it: totals of everybody, persons only of whom they follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from crm.errors import Refused
from crm.order_history import COUNTS
from models.contact import Contact, Follow
from models.customer import Identity
from models.group import Group, GroupMember
from models.order import Order
from models.staff import Staff

RECENT = timedelta(days=7)
A_PAGE = 20


@dataclass(frozen=True)
class Totals:
    """`known`: a friend of somebody here, or a buyer. `regulars` bought twice or more."""

    outside: int
    known: int
    buyers: int
    regulars: int
    joined: int  # of those outside, within `RECENT`
    left: int


@dataclass(frozen=True)
class Person:
    """A member whom the viewer follows."""

    contact: Contact
    remark: str
    joined_at: datetime
    order_count: int

    @property
    def name(self) -> str:
        return self.remark or self.contact.name


def seen_by(session: Session, staff: Staff, chat_id: str) -> Group:
    """The group, when this member is in it or owns it now; another and one that is not there are the same `Refused`."""
    is_in = exists().where(
        GroupMember.group_id == Group.id, GroupMember.staff_id == staff.id, GroupMember.left_at.is_(None)
    )
    query = select(Group).where(Group.chat_id == chat_id, Group.dismissed_at.is_(None))
    group = session.scalar(query.where(or_(is_in, Group.owner_staff_id == staff.id)))
    if group is None:
        raise Refused("你不在这个群里，看不了")
    return group


def totals(session: Session, group: Group, *, now: datetime) -> Totals:
    """Counted by customer: somebody who is in it by two faces is one. Two statements."""
    outside = _customers(group).subquery()
    spent = (
        select(Order.customer_id, func.count().label("orders"))
        .where(Order.customer_id.in_(select(outside.c.customer_id)), COUNTS)
        .group_by(Order.customer_id)
        .subquery()
    )
    is_friend = exists().where(
        Contact.customer_id == outside.c.customer_id, Follow.contact_id == Contact.id, Follow.ended_at.is_(None)
    )
    row = session.execute(
        select(
            func.count().label("outside"),
            func.count().filter(or_(spent.c.orders > 0, is_friend)).label("known"),
            func.count(spent.c.orders).label("buyers"),
            func.count().filter(spent.c.orders >= 2).label("regulars"),
        )
        .select_from(outside)
        .outerjoin(spent, spent.c.customer_id == outside.c.customer_id)
    ).one()
    since = now - RECENT
    came, went = session.execute(
        select(
            func.count().filter(GroupMember.joined_at >= since, GroupMember.left_at.is_(None)),
            func.count().filter(GroupMember.left_at >= since),
        ).where(GroupMember.group_id == group.id, GroupMember.identity_id.is_not(None))
    ).one()
    return Totals(row.outside, row.known, row.buyers, row.regulars, came, went)


def persons(
    session: Session, group: Group, staff: Staff, *, since: datetime | None = None, before: int | None = None
) -> Sequence[tuple[int, Person]]:
    """Members whom this member of staff follows, the latest on record first, each with the number to go on `before`.

    `A_PAGE` and one more when there are more; `since`: who joined from then on.
    """
    orders = (
        select(func.count())
        .where(Order.customer_id == Contact.customer_id, COUNTS)
        .correlate(Contact)
        .scalar_subquery()
    )
    query: Any = (
        select(GroupMember.id, Contact, Follow.remark, GroupMember.joined_at, orders)
        .join(Contact, Contact.identity_id == GroupMember.identity_id)
        .join(Follow, Follow.contact_id == Contact.id)
        .where(
            GroupMember.group_id == group.id,
            GroupMember.left_at.is_(None),
            Follow.staff_id == staff.id,
            Follow.ended_at.is_(None),
        )
    )
    if since is not None:
        query = query.where(GroupMember.joined_at >= since)
    if before is not None:
        query = query.where(GroupMember.id < before)
    rows = session.execute(query.order_by(GroupMember.id.desc()).limit(A_PAGE + 1))
    return [(number, Person(contact, remark, joined_at, count)) for number, contact, remark, joined_at, count in rows]


def _customers(group: Group) -> Any:
    """The customers who are in the group now, each once."""
    return (
        select(Identity.customer_id)
        .join(GroupMember, GroupMember.identity_id == Identity.id)
        .where(GroupMember.group_id == group.id, GroupMember.left_at.is_(None))
        .distinct()
    )
