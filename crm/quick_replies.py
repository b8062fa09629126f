"""Quick replies (话术库): who sees which, who may change which, and how the words are filled in."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from crm.errors import BadInput, Conflict, NotFound, Refused
from models.database import changed
from models.quick_reply import QuickReply
from models.staff import Staff

VARIABLES = ("称呼", "商品", "门店")
PLACE = re.compile(r"\{([^{}]*)\}")
MOST_SHARED, MOST_OWN = 1000, 200


class Words(NamedTuple):
    """What a reply is made of, as somebody typed it."""

    group_name: str
    title: str
    text: str
    position: int = 0


class Filled(NamedTuple):
    """A text with its variables filled in; `missing` are those nothing is known for: it cannot be sent so."""

    text: str
    missing: tuple[str, ...]


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Each variable once, from left to right: what is filled in is never looked at again."""
    missing = [name for name in PLACE.findall(text) if name in VARIABLES and not values.get(name)]
    filled = PLACE.sub(lambda found: values.get(found[1]) or found[0], text)
    return Filled(filled, tuple(dict.fromkeys(missing)))


def shown_to(session: Session, staff: Staff, *, search: str = "") -> Sequence[QuickReply]:
    """The shop's and their own, the shop's groups first."""
    query = select(QuickReply).where(or_(QuickReply.staff_id.is_(None), QuickReply.staff_id == staff.id))
    if search:
        columns = (QuickReply.group_name, QuickReply.title, QuickReply.text)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    mine_last = QuickReply.staff_id.is_not(None)
    order = (mine_last, QuickReply.group_name, QuickReply.position, QuickReply.id)
    return session.scalars(query.order_by(*order).limit(MOST_SHARED + MOST_OWN)).all()


def shared(session: Session) -> Sequence[QuickReply]:
    """The shop's, group by group."""
    query = select(QuickReply).where(QuickReply.staff_id.is_(None))
    return session.scalars(query.order_by(QuickReply.group_name, QuickReply.position, QuickReply.id)).all()


def shared_one(session: Session, reply_id: int) -> QuickReply:
    """One of the shop's. Raises `NotFound`."""
    return _owned(session, reply_id, None)


def usable(session: Session, staff: Staff, reply_id: int) -> QuickReply:
    """The shop's or their own; a colleague's own and one that is not there are the same `Refused`."""
    reply = session.get(QuickReply, reply_id)
    if reply is None or reply.staff_id not in (None, staff.id):
        raise _not_yours()
    return reply


def add(session: Session, words: Words, *, owner: Staff | None, by: str, now: datetime) -> QuickReply:
    """A new one of this owner, or of the shop. Raises `Conflict` when they have too many already."""
    staff_id, most = (owner.id, MOST_OWN) if owner else (None, MOST_SHARED)
    has = select(func.count()).where(QuickReply.staff_id == staff_id if owner else QuickReply.staff_id.is_(None))
    if (session.scalar(has) or 0) >= most:
        raise Conflict("话术太多了，先删掉几条不用的")
    reply = QuickReply(staff_id=staff_id, created_at=now, changed_at=now, changed_by=by, **_checked(words)._asdict())
    session.add(reply)
    session.flush()
    return reply


def change(session: Session, reply_id: int, words: Words, *, owner: Staff | None, by: str, now: datetime) -> QuickReply:
    reply = _owned(session, reply_id, owner)
    for name, value in _checked(words)._asdict().items():
        setattr(reply, name, value)
    reply.changed_at, reply.changed_by = now, by
    return reply


def remove(session: Session, reply_id: int, *, owner: Staff | None) -> None:
    """What was sent with it stays on record."""
    changed(session, delete(QuickReply).where(QuickReply.id == _owned(session, reply_id, owner).id))


def count_use(session: Session, reply: QuickReply) -> None:
    used = update(QuickReply).where(QuickReply.id == reply.id).values(uses=QuickReply.uses + 1)
    changed(session, used.execution_options(synchronize_session=False))


def _owned(session: Session, reply_id: int, owner: Staff | None) -> QuickReply:
    """Staff change their own only, an operator the shop's only."""
    reply = session.get(QuickReply, reply_id)
    if reply is None or reply.staff_id != (owner.id if owner else None):
        raise _not_yours() if owner else NotFound("没有这条话术")
    return reply


def _checked(words: Words) -> Words:
    """Without the spaces around; a place in braces that is none of ours would go out as it stands."""
    neat = words._replace(group_name=words.group_name.strip(), title=words.title.strip(), text=words.text.strip())
    for field in ("group_name", "title", "text"):
        if not getattr(neat, field):
            raise BadInput("写上内容", field=field)
    unknown = [name for name in PLACE.findall(neat.text) if name not in VARIABLES]
    if unknown:
        raise BadInput("花括号里只能写 {称呼}、{商品}、{门店}", field="text")
    return neat


def _not_yours() -> Refused:
    return Refused("这条话术不是你的")
