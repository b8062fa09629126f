"""What a form lets one choose from: tags and staff by a part of their name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.staff import Staff
from models.tag import Tag

MOST_SHOWN = 20


def tags_like(session: Session, words: str, *, limit: int = MOST_SHOWN) -> list[Tag]:
    """Tags whose name or group holds these words, in WeCom's order."""
    found = select(Tag).where(
        Tag.deleted_at.is_(None),
        Tag.name.icontains(words, autoescape=True) | Tag.group_name.icontains(words, autoescape=True),
    )
    return list(session.scalars(found.order_by(Tag.group_name, Tag.position, Tag.id).limit(limit)))


def staff_like(session: Session, words: str, *, limit: int = MOST_SHOWN) -> list[Staff]:
    """Staff who serve customers and whose name holds these words."""
    serving = Staff.serves_customers & Staff.left_at.is_(None)
    found = select(Staff).where(serving, Staff.name.icontains(words, autoescape=True))
    return list(session.scalars(found.order_by(Staff.name, Staff.id).limit(limit)))


def tag_names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    return dict(session.execute(select(Tag.id, Tag.name).where(Tag.id.in_(ids))).all())


def staff_names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    return dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids))).all())
