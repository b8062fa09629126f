"""The list of customers: found by name, number or phone, narrowed down, a page at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import Session

from crm import orders, phones, scopes
from crm.orders import Totals
from crm.scopes import Scope
from models.contact import Contact, Follow
from models.customer import Customer, Identity
from models.order import Order
from models.staff import Staff
from models.tag import Tag, TagAssignment
from models.vault import Vault

Answer = Literal["", "yes", "no"]


@dataclass(frozen=True)
class Wanted:
    """What to list; an empty one is everybody."""

    search: str = ""
    followed: Answer = ""
    bought: Answer = ""
    tag_id: int | None = None


@dataclass
class Line:
    """One customer as the list shows them."""

    id: int
    contact: Contact | None = None
    remark: str = ""
    known_as: Identity | None = None  # of somebody without a contact
    followers: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    totals: Totals = field(default_factory=lambda: Totals(0, 0, None))


def page(
    session: Session, wanted: Wanted, *, scope: Scope, vault: Vault, before: int | None = None, limit: int
) -> list[Line]:
    """The newest customers first, those after `before`; six statements, however many they are."""
    query = select(Customer.id).where(Customer.merged_into_id.is_(None)).order_by(Customer.id.desc()).limit(limit)
    if scope is not None:
        query = query.where(scopes.followed_by(scope))
    if before is not None:
        query = query.where(Customer.id < before)
    for condition in _conditions(wanted, scope, vault):
        query = query.where(condition)
    lines = {customer_id: Line(customer_id) for customer_id in session.scalars(query)}
    _fill(session, lines, scope)
    return list(lines.values())


def _conditions(wanted: Wanted, scope: Scope, vault: Vault) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.search:
        found.append(Customer.id.in_(_matching(wanted.search, scope, vault)))
    if wanted.followed:
        followed = scopes.followed_by(None)
        found.append(followed if wanted.followed == "yes" else ~followed)
    if wanted.bought:
        bought = select(Order.id).where(Order.customer_id == Customer.id).exists()
        found.append(bought if wanted.bought == "yes" else ~bought)
    if wanted.tag_id is not None:
        found.append(Customer.id.in_(select(TagAssignment.customer_id).where(TagAssignment.tag_id == wanted.tag_id)))
    return found


def _matching(words: str, scope: Scope, vault: Vault) -> Any:
    """Whoever is called so, known by exactly this, or ordered under this number or from this phone."""
    known = select(Identity.customer_id).where(
        Identity.kind.in_(("external_userid", "unionid")), Identity.scope == "", Identity.value == words
    )
    ordered = select(Order.customer_id).where(Order.customer_id.is_not(None))
    parts: list[Select[Any]] = [known, ordered.where(Order.order_no == words)]
    if digest := phones.digest(words, vault):
        parts.append(ordered.where(Order.phone_digest == digest))
        parts.append(select(Identity.customer_id).where(Identity.kind == "phone", Identity.value == digest))
    else:
        remarks = select(Contact.customer_id).join(Follow, Follow.contact_id == Contact.id)
        remarks = remarks.where(Follow.remark.icontains(words, autoescape=True))
        parts.append(remarks if scope is None else remarks.where(Follow.staff_id.in_(scope)))
        parts.append(select(Contact.customer_id).where(Contact.name.icontains(words, autoescape=True)))
    return union_all(*parts)


def _fill(session: Session, lines: dict[int, Line], scope: Scope) -> None:
    if not lines:
        return
    for contact in session.scalars(select(Contact).where(Contact.customer_id.in_(lines)).order_by(Contact.id)):
        lines[contact.customer_id].contact = contact
    follows = (
        select(Contact.customer_id, Follow.remark, Staff.name, Staff.id)
        .join(Follow, Follow.contact_id == Contact.id)
        .join(Staff, Staff.id == Follow.staff_id)
        .where(Contact.customer_id.in_(lines), Follow.ended_at.is_(None))
        .order_by(Follow.followed_at, Follow.id)
    )
    for customer_id, remark, name, staff_id in session.execute(follows):
        line = lines[customer_id]
        line.followers.append(name)
        if scope is None or staff_id in scope:
            line.remark = line.remark or remark
    carried = (
        select(TagAssignment.customer_id, Tag.name)
        .join(Tag, Tag.id == TagAssignment.tag_id)
        .where(TagAssignment.customer_id.in_(lines), Tag.deleted_at.is_(None))
        .distinct()
        .order_by(TagAssignment.customer_id, Tag.name)
    )
    for customer_id, name in session.execute(carried):
        lines[customer_id].tags.append(name)
    for customer_id, totals in orders.totals_of(session, Order.customer_id.in_(lines)).items():
        lines[customer_id].totals = totals
    for identity in _identities(session, [line.id for line in lines.values() if line.contact is None]):
        lines[identity.customer_id].known_as = lines[identity.customer_id].known_as or identity


def _identities(session: Session, customer_ids: Collection[int]) -> Sequence[Identity]:
    if not customer_ids:
        return ()
    return session.scalars(
        select(Identity).where(Identity.customer_id.in_(customer_ids)).order_by(Identity.kind, Identity.id)
    ).all()


def tags(session: Session) -> list[Tag]:
    """What the list can be narrowed down to, group by group."""
    return list(
        session.scalars(
            select(Tag).where(Tag.deleted_at.is_(None)).order_by(Tag.group_name, Tag.position, Tag.id).limit(500)
        )
    )
