"""A member's userid was changed: what they did stays theirs, also when the new name was met before we were told."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import follows, staff
from models.contact import Follow
from models.database import changed
from models.group import Group, GroupMember
from models.staff import Staff
from models.tag import TagAssignment

AT_ONCE = 100  # follows a transaction, each with a few rows beside it


def move_some(session: Session, old: str, new: str) -> int:
    """Give what was stored under the new name meanwhile to the member we know; returns how many, 0 when all is done."""
    member, newcomer = _both(session, old, new)
    if member is None or newcomer is None:
        return 0
    rows = session.scalars(select(Follow).where(Follow.staff_id == newcomer.id).order_by(Follow.id).limit(AT_ONCE))
    found = list(rows)
    contact_ids = [follow.contact_id for follow in found]
    query = select(Follow).where(Follow.staff_id == member.id, Follow.contact_id.in_(contact_ids))
    known = {follow.contact_id: follow for follow in session.scalars(query)}
    for follow in found:
        if mine := known.get(follow.contact_id):
            follows.take_in(mine, follow)
            session.delete(follow)
        else:
            follow.staff_id = member.id
    return len(found) or _move_tags(session, newcomer, member)


def rename(session: Session, old: str, new: str) -> None:
    """The member has the new name from now on; whoever had it meanwhile was them."""
    member, newcomer = _both(session, old, new)
    if member is None:
        return
    if newcomer is not None:
        _leave_nothing(session, newcomer, member)
    changed(session, update(Staff).where(Staff.id == member.id).values(userid=new, userid_key=new.lower()))
    session.refresh(member)


def _both(session: Session, old: str, new: str) -> tuple[Staff | None, Staff | None]:
    member, newcomer = staff.named(session, old), staff.named(session, new)
    return member, newcomer if member is not newcomer else None


def _move_tags(session: Session, newcomer: Staff, member: Staff) -> int:
    ids = select(TagAssignment.id).where(TagAssignment.staff_id == newcomer.id).limit(AT_ONCE)
    found = list(session.scalars(ids))
    other = select(TagAssignment.tag_id, TagAssignment.identity_id).where(TagAssignment.staff_id == member.id)
    has = set(session.execute(other).all()) if found else set()
    for row in session.scalars(select(TagAssignment).where(TagAssignment.id.in_(found))):
        if (row.tag_id, row.identity_id) in has:
            session.delete(row)
        else:
            row.staff_id = member.id
    return len(found)


def _leave_nothing(session: Session, newcomer: Staff, member: Staff) -> None:
    """The row stays for what else points at it, under a name nobody has."""
    changed(session, update(Group).where(Group.owner_staff_id == newcomer.id).values(owner_staff_id=member.id))
    changed(session, update(GroupMember).where(GroupMember.staff_id == newcomer.id).values(staff_id=member.id))
    gone = {"userid": f"{newcomer.userid}#{newcomer.id}", "userid_key": f"{newcomer.userid_key}#{newcomer.id}"}
    values = gone | {"serves_customers": False, "left_at": newcomer.left_at or newcomer.created_at}
    changed(session, update(Staff).where(Staff.id == newcomer.id).values(**values))
    member.serves_customers, member.left_at = member.serves_customers or newcomer.serves_customers, newcomer.left_at
