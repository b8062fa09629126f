"""The tags staff can give a customer, and what of it is on its way."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from crm import contact_edits
from crm.errors import NotFound
from models.staff import Staff
from models.tag import Tag, TagAssignment

MOST = 200


class Choice(NamedTuple):
    id: int
    group: str
    name: str
    mine: bool  # this member gave it


class Writing(NamedTuple):
    """An edit of a tag that is not done: `state` is the queue's."""

    id: int
    tag_id: int
    name: str
    adds: bool
    state: str


def choices(session: Session, staff: Staff, customer_id: int, searched: str) -> list[Choice]:
    mine = exists().where(
        TagAssignment.tag_id == Tag.id,
        TagAssignment.customer_id == customer_id,
        TagAssignment.staff_id == staff.id,
    )
    query = select(Tag.id, Tag.group_name, Tag.name, mine).where(Tag.deleted_at.is_(None))
    if searched:
        named = (column.icontains(searched, autoescape=True) for column in (Tag.name, Tag.group_name))
        query = query.where(or_(*named))
    rows = session.execute(query.order_by(Tag.group_name, Tag.position, Tag.id).limit(MOST))
    return [Choice(*row) for row in rows]


def of(session: Session, tag_id: int) -> Tag:
    tag = session.scalar(select(Tag).where(and_(Tag.id == tag_id, Tag.deleted_at.is_(None))))
    if tag is None:
        raise NotFound("没有这个标签了")
    return tag


def writing(session: Session, staff: Staff, customer_id: int, *, now: datetime) -> list[Writing]:
    """The newest edit of each tag, when it is not done."""
    edits = [each for each in contact_edits.unsettled(session, staff, customer_id, now=now) if each.tag_id]
    names = dict(session.execute(select(Tag.id, Tag.name).where(Tag.id.in_({each.tag_id for each in edits}))).all())
    newest = {each.tag_id: each for each in reversed(edits)}
    return [
        Writing(each.id, tag_id, names[tag_id], each.kind == "tag", each.state)
        for tag_id, each in newest.items()
        if tag_id is not None
    ]
