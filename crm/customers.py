"""Who a customer is to the staff who follow them, and the rule that nobody else may look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from crm.errors import NotFound, Refused
from models.channel import Channel
from models.contact import Contact, Follow
from models.customer import Customer, Identity
from models.staff import Staff
from models.tag import Tag, TagAssignment


def not_yours() -> Refused:
    """The same for a stranger's customer and for one that is not there."""
    return Refused("这位客户不是你跟进的，看不了")


@dataclass(frozen=True)
class Follower:
    """One staff member's relation to the customer: their words about them, and how they came."""

    staff: Staff
    follow: Follow
    channel: Channel | None


@dataclass(frozen=True)
class Carried:
    """A tag the customer carries; `source` is who put it there."""

    tag: Tag
    source: str


def followed_by(session: Session, staff: Staff, customer_id: int) -> Customer:
    """The customer, when this staff member follows them now.

    An id nobody has and a stranger's look the same: `Refused`. The id of a customer merged into another leads on.
    """
    customer = session.get(Customer, customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = session.get(Customer, customer.merged_into_id)
    if customer is None or not contacts_followed(session, staff, customer.id):
        raise not_yours()
    return customer


def of_unionid(session: Session, unionid: str) -> int:
    """The id of the customer with this unionid. Raises `NotFound`."""
    found = session.scalar(
        select(Identity.customer_id).where(Identity.kind == "unionid", Identity.scope == "", Identity.value == unionid)
    )
    if found is None:
        raise NotFound("没有这位客户")
    return found


def contacts_followed(session: Session, staff: Staff, customer_id: int) -> list[Contact]:
    """The faces of one customer this staff member follows now, the newest follow first."""
    return list(
        session.scalars(
            select(Contact)
            .join(Follow, Follow.contact_id == Contact.id)
            .where(Contact.customer_id == customer_id, Follow.staff_id == staff.id, Follow.ended_at.is_(None))
            .order_by(Follow.followed_at.desc())
        )
    )


def still_followed(staff_id: Any, identity_id: Any) -> ColumnElement[bool]:
    """Whether this member follows the person of this identity now; each may be a column of the statement around it."""
    return exists().where(
        Identity.id == identity_id,
        Contact.customer_id == Identity.customer_id,
        Follow.contact_id == Contact.id,
        Follow.staff_id == staff_id,
        Follow.ended_at.is_(None),
    )


def open_contact(session: Session, staff: Staff, customer_id: int, external_userid: str | None) -> Contact:
    """The face in the open chat; without a name the newest this staff member follows."""
    for contact in contacts_followed(session, staff, customer_id):
        if external_userid in (None, contact.external_userid):
            return contact
    raise not_yours()


def follow_of(session: Session, staff: Staff, contact: Contact) -> Follow:
    """This staff member's own relation to the contact, whom they follow."""
    mine = select(Follow).where(Follow.contact_id == contact.id, Follow.staff_id == staff.id)
    return session.scalars(mine).one()


def remark_of(session: Session, staff: Staff, contact: Contact) -> str:
    """What this staff member calls the contact; empty when they gave no name."""
    found = select(Follow.remark).where(Follow.contact_id == contact.id, Follow.staff_id == staff.id)
    return session.scalar(found) or ""


def followers(session: Session, customer_id: int) -> list[Follower]:
    """Everybody who follows the customer now, the first to know them first."""
    rows = session.execute(
        select(Staff, Follow, Channel)
        .join(Follow, Follow.staff_id == Staff.id)
        .join(Contact, Contact.id == Follow.contact_id)
        .outerjoin(Channel, Channel.id == Follow.channel_id)
        .where(Contact.customer_id == customer_id, Follow.ended_at.is_(None))
        .order_by(Follow.followed_at, Follow.id)
    )
    return [Follower(staff, follow, channel) for staff, follow, channel in rows]


def tags(session: Session, customer_id: int) -> list[Carried]:
    """The tags the customer carries, each once, group by group."""
    rows = session.execute(
        select(Tag, TagAssignment.source)
        .join(TagAssignment, TagAssignment.tag_id == Tag.id)
        .where(TagAssignment.customer_id == customer_id, Tag.deleted_at.is_(None))
        .order_by(Tag.group_name, Tag.position, Tag.id, TagAssignment.assigned_at, TagAssignment.id)
    )
    return list({tag.id: Carried(tag, source) for tag, source in rows}.values())


def known_since(followers_now: list[Follower]) -> datetime | None:
    return min((follower.follow.followed_at for follower in followers_now), default=None)


def came_by(followers_now: list[Follower]) -> Channel | None:
    """The channel of the earliest follow that has one."""
    return next((follower.channel for follower in followers_now if follower.channel), None)
