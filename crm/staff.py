"""Staff and departments, as WeCom's directory and its callbacks tell of them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models.database import changed, insert_many_if_absent
from models.staff import Department, Staff
from wecom.types import Department as DepartmentShown
from wecom.types import StaffMember

LEFT = 5  # WeCom's status of a member who has left the corp


def ensure(
    session: Session, userids: Iterable[str], *, serves_customers: bool = False, now: datetime
) -> dict[str, Staff]:
    """The staff of these userids by their lower case; one nobody told us about is named by its userid for now."""
    spelled = {userid.lower(): userid for userid in userids}
    found = _by_key(session, spelled)
    missing = sorted(spelled.keys() - found.keys())
    rows = [
        {
            "userid": spelled[key], "userid_key": key, "name": spelled[key], "serves_customers": serves_customers,
            "created_at": now,
        }
        for key in missing
    ]  # fmt: skip
    insert_many_if_absent(session, Staff, rows, Staff.id)
    return found | _by_key(session, missing)


def named(session: Session, userid: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.userid_key == userid.lower()))


def name_of(session: Session, userid: str) -> str | None:
    """The name customers may read; None for one the directory has not told us about."""
    found = named(session, userid)
    return found.name if found and found.name != found.userid else None


def learn(session: Session, members: Iterable[StaffMember], *, now: datetime) -> int:
    """Store what the directory says of these members; returns how many there were."""
    shown = {member.userid.lower(): member for member in members}
    known = ensure(session, [member.userid for member in shown.values()], now=now)
    for key, member in shown.items():
        staff = known[key]
        staff.userid, staff.name = member.userid, member.name or member.userid
        staff.avatar, staff.position = member.avatar, member.position
        staff.department_wecom_ids = list(member.department)
        staff.left_at = (staff.left_at or now) if member.status == LEFT else None
    return len(shown)


def learn_who_serves(session: Session, userids: Iterable[str], *, now: datetime) -> int:
    """These, and nobody else, may have customers."""
    keys = {userid.lower() for userid in userids}
    ensure(session, userids, now=now)
    for staff in session.scalars(select(Staff)):
        staff.serves_customers = staff.userid_key in keys
    return len(keys)


def learn_departments(session: Session, departments: Iterable[DepartmentShown]) -> int:
    """The departments as they are now; those no longer there go."""
    shown = {department.id: department for department in departments}
    rows = [{"wecom_id": each.id, "parent_wecom_id": each.parentid, "name": each.name} for each in shown.values()]
    insert_many_if_absent(session, Department, rows, Department.id)
    for row in session.scalars(select(Department)):
        if row.wecom_id in shown:
            row.name, row.parent_wecom_id = shown[row.wecom_id].name, shown[row.wecom_id].parentid
    changed(session, delete(Department).where(Department.wecom_id.not_in(shown)))
    return len(shown)


def leave(session: Session, userid: str, *, at: datetime) -> None:
    """The member is gone from the corp."""
    changed(
        session,
        update(Staff).where(Staff.userid_key == userid.lower(), Staff.left_at.is_(None)).values(left_at=at),
    )


def seen_in_app(member: Staff, kind: str, *, at: datetime) -> None:
    """What a member does with the app; the latest counts, in whatever order it is told."""
    if kind == "subscribe":
        member.app_in_at = max(at, member.app_in_at or at)
    elif kind == "unsubscribe":
        member.app_out_at = max(at, member.app_out_at or at)
    else:
        member.app_seen_at = max(at, member.app_seen_at or at)


def _by_key(session: Session, keys: Iterable[str]) -> dict[str, Staff]:
    found = session.scalars(select(Staff).where(Staff.userid_key.in_(list(keys))))
    return {staff.userid_key: staff for staff in found}
