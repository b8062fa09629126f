"""Staff and departments, as WeCom's directory and its callbacks tell of them."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from models.contact import Follow
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


def names_of(session: Session, userids: Iterable[str]) -> dict[str, str]:
    """The names customers may read, by lower case; none of one the directory has not told us about."""
    return {
        key: found.name
        for key, found in _by_key(session, {each.lower() for each in userids}).items()
        if found.name != found.userid
    }


def learn(session: Session, members: Iterable[StaffMember], *, now: datetime, tally: Counter[str] | None = None) -> int:
    """Store what the directory says of these members; returns how many there were, and counts what was otherwise."""
    tally = Counter() if tally is None else tally
    shown = {member.userid.lower(): member for member in members}
    known = ensure(session, [member.userid for member in shown.values()], now=now)
    for key, member in shown.items():
        staff, has_left = known[key], member.status == LEFT
        name = member.name or member.userid
        if staff.shown_at is None:
            tally["fixed.staff_new"] += 1
        else:
            tally["fixed.staff_renamed"] += staff.name != name
            tally["fixed.staff_moved"] += staff.department_wecom_ids != list(member.department)
            tally["fixed.staff_left"] += has_left and staff.left_at is None
        staff.userid, staff.name, staff.shown_at = member.userid, name, now
        staff.avatar, staff.position = member.avatar, member.position
        staff.department_wecom_ids = list(member.department)
        staff.left_at = (staff.left_at or now) if has_left else None
    return len(shown)


def leave_unshown(session: Session, *, since: datetime) -> int:
    """Whom the directory showed once and, read in full since then, no longer: they have left, or are out of our range.

    Returns how many.
    """
    gone = update(Staff).where(Staff.shown_at < since, Staff.left_at.is_(None)).values(left_at=since)
    return changed(session, gone.execution_options(synchronize_session=False))


def not_serving_with_customers(session: Session, *, limit: int) -> list[str]:
    """Members who may have no customers any more, or whom we may not see, though some are on record as theirs."""
    theirs = exists().where(Follow.staff_id == Staff.id, Follow.ended_at.is_(None))
    query = select(Staff.userid).where(~Staff.serves_customers, theirs).order_by(Staff.userid_key).limit(limit)
    return list(session.scalars(query))


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


def _by_key(session: Session, keys: Collection[str]) -> dict[str, Staff]:
    if not keys:
        return {}
    found = session.scalars(select(Staff).where(Staff.userid_key.in_(keys)))
    return {staff.userid_key: staff for staff in found}
