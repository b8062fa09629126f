"""Colleagues' notes about a customer, the birthday and the shop's own fields."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crm import identities
from crm.customers import still_followed
from crm.errors import BadInput, Refused
from crm.glances import BIRTHDAY
from models.contact import Contact
from models.customer import Identity
from models.database import changed, insert_if_absent
from models.note import Note, ProfileField
from models.staff import Staff

MOST = 100
WRITTEN = re.compile(r"(\d{4}-)?\d\d-\d\d", re.ASCII)


def of_customer(session: Session, staff: Staff, customer_id: int) -> Sequence[tuple[Note, Staff]]:
    """Everybody's, and this member's private ones; the newest first."""
    rows = session.execute(
        select(Note, Staff)
        .join(Staff, Staff.id == Note.staff_id)
        .join(Identity, Identity.id == Note.identity_id)
        .where(Identity.customer_id == customer_id, Note.deleted_at.is_(None))
        .where(or_(~Note.is_private, Note.staff_id == staff.id))
        .order_by(Note.created_at.desc(), Note.id.desc())
        .limit(MOST)
    )
    return [(note, author) for note, author in rows]


def write(session: Session, contact: Contact, staff: Staff, text: str, *, is_private: bool, now: datetime) -> Note:
    _hold(session, contact)
    note = Note(identity_id=contact.identity_id, staff_id=staff.id, text=text, is_private=is_private, created_at=now)
    session.add(note)
    session.flush()
    return note


def take_back(session: Session, staff: Staff, note_id: int, *, now: datetime) -> None:
    """One's own only, of whom one follows now; all others and nobody's look the same. Safe to repeat."""
    mine = select(Note.id).where(Note.id == note_id, Note.staff_id == staff.id)
    if session.scalar(mine.where(still_followed(staff.id, Note.identity_id))) is None:
        raise Refused("这条备注不是你写的")
    session.execute(update(Note).where(Note.id == note_id, Note.deleted_at.is_(None)).values(deleted_at=now))


def profile(session: Session, customer_id: int) -> dict[str, str]:
    """What is known by name, the latest word on each."""
    rows = session.execute(
        select(ProfileField.name, ProfileField.value)
        .join(Identity, Identity.id == ProfileField.identity_id)
        .where(Identity.customer_id == customer_id)
        .order_by(ProfileField.changed_at, ProfileField.id)
    )
    return {name: value for name, value in rows if value}


def know(session: Session, contact: Contact, name: str, value: str, *, by: str, now: datetime) -> None:
    """Set one field; empty takes it away. A birthday is MM-DD or YYYY-MM-DD."""
    if name == BIRTHDAY and value:
        _check_birthday(value)
    _hold(session, contact)
    facts = {"value": value, "changed_at": now, "changed_by": by}
    is_new = insert_if_absent(session, ProfileField, identity_id=contact.identity_id, name=name, **facts)
    if not is_new:
        mine = update(ProfileField).where(
            ProfileField.identity_id == contact.identity_id, ProfileField.name == name, ProfileField.value != value
        )
        changed(session, mine.values(**facts))


def _check_birthday(value: str) -> None:
    try:
        if not WRITTEN.fullmatch(value):
            raise ValueError
        date.fromisoformat(value if len(value) > 5 else f"2024-{value}")
    except ValueError:
        raise BadInput("生日写成 11-24 或 1990-11-24", field="birthday") from None


def _hold(session: Session, contact: Contact) -> None:
    if identities.hold(session, contact.identity_id).is_erased:
        raise Refused("这位客户的资料已抹除，不能再联系")
