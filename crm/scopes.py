"""Which customers a console user may see: everybody, or those their department's staff follow."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crm import identities
from crm.customers import not_yours
from crm.errors import NotFound
from models.contact import Contact, Follow
from models.customer import Customer
from models.staff import Department, Staff
from models.user import User

Scope = Collection[int] | None
"""The staff whose customers one may see; None is everybody's, and nobody's staff see nothing."""


def of(session: Session, user: User) -> Scope:
    """A manager's staff are those of their department and of the departments below it; everybody else sees all."""
    if user.role != "manager":
        return None
    if user.department_wecom_id is None:
        return ()
    below: dict[int, list[int]] = {}
    for number, parent in session.execute(select(Department.wecom_id, Department.parent_wecom_id)):
        below.setdefault(parent, []).append(number)
    inside, further = {user.department_wecom_id}, [user.department_wecom_id]
    while further:
        new = set(below.get(further.pop(), ())) - inside
        inside |= new
        further += new
    members = session.execute(select(Staff.id, Staff.department_wecom_ids))
    return sorted(staff_id for staff_id, departments in members if inside.intersection(departments))


def followed_by(scope: Scope) -> ColumnElement[bool]:
    """Customers one of these follows now; with None, customers anybody follows."""
    followed = (
        select(Contact.customer_id).join(Follow, Follow.contact_id == Contact.id).where(Follow.ended_at.is_(None))
    )
    if scope is None:
        return followed.where(Contact.customer_id == Customer.id).exists()
    return Customer.id.in_(followed.where(Follow.staff_id.in_(scope)))


def customer(session: Session, scope: Scope, customer_id: int) -> Customer:
    """The customer this id stands for today.

    For who sees all an id nobody has is `NotFound`; for a manager it and a stranger's are the same `Refused`.
    """
    found = identities.resolve(session, customer_id)
    if scope is None:
        if found is None:
            raise NotFound("没有这位客户")
        return found
    seen = found and session.scalar(select(Customer.id).where(Customer.id == found.id, followed_by(scope)))
    if not found or not seen:
        raise not_yours()
    return found
