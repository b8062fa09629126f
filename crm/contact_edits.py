"""What is written to WeCom about a contact: on record first, one after the other for a member and a customer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from crm import identities
from crm.customers import still_followed
from crm.errors import Refused
from models.contact import Contact, Follow
from models.contact_edit import ContactEdit
from models.customer import Identity
from models.database import changed, insert_if_absent, take_turns
from models.staff import Staff
from models.tag import Tag, TagAssignment

Kind = Literal["tag", "untag", "remark"]
SILENCE = timedelta(minutes=1)  # tried, and nobody told how it went: coming out the same twice, it is tried again
MOST_TRIES = 8
SHOWN_FOR = timedelta(days=7)
OPEN = ("planned", "trying")
DID_NOT_GO = ("failed", "held", "would_send")


def ask(
    session: Session,
    contact: Contact,
    staff: Staff,
    kind: Kind,
    *,
    key: str,
    tag: Tag | None = None,
    words: dict[str, Any] | None = None,
    now: datetime,
) -> ContactEdit:
    """Put it on record; asking again with the key is one. A tag of our own alone is given at once."""
    identity = identities.hold(session, contact.identity_id)
    if identity.is_erased:
        raise Refused("这位客户的资料已抹除，不能再联系")
    is_new = insert_if_absent(
        session, ContactEdit,
        key=key, kind=kind, identity_id=identity.id, staff_id=staff.id, external_userid=contact.external_userid,
        tag_id=tag.id if tag else None, words=words or {}, state="planned", tries=0, created_at=now, next_try_at=now,
    )  # fmt: skip
    edit = session.scalars(select(ContactEdit).where(ContactEdit.key == key)).one()
    if is_new and tag is not None and tag.wecom_id is None:
        _apply(session, edit, now=now)
        edit.state, edit.settled_at = "done", now
    return edit


def claim(session: Session, *, now: datetime) -> ContactEdit | None:
    """One to be written now, for this caller alone: never while an earlier one of its pair is not settled."""
    take_turns(session, "contact_edits")
    earlier = aliased(ContactEdit)
    is_blocked = exists().where(
        earlier.staff_id == ContactEdit.staff_id,
        earlier.identity_id == ContactEdit.identity_id,
        earlier.state.in_(OPEN),
        earlier.id < ContactEdit.id,
    )
    due = (
        select(ContactEdit.id)
        .where(ContactEdit.state == "planned", ContactEdit.next_try_at <= now, ~is_blocked)
        .order_by(ContactEdit.next_try_at, ContactEdit.id)
        .limit(1)
    )
    won: ContactEdit | None = session.scalar(
        update(ContactEdit)
        .where(ContactEdit.id == due.scalar_subquery(), ContactEdit.state == "planned")
        .values(state="trying", tries=ContactEdit.tries + 1, tried_at=now)
        .returning(ContactEdit)
    )
    return won


def userid_of(session: Session, edit: ContactEdit) -> str:
    """Whom WeCom is told it is from."""
    return session.get_one(Staff, edit.staff_id).userid


def done(session: Session, edit: ContactEdit, *, now: datetime) -> None:
    """WeCom has it: so do we, in the same transaction."""
    if _settle(session, edit, now=now, state="done", errcode=None):
        _apply(session, edit, now=now)


def refuse(session: Session, edit: ContactEdit, state: str, *, errcode: int | None, now: datetime) -> None:
    """It was not written; staff see it and may try again."""
    _settle(session, edit, now=now, state=state, errcode=errcode)


def put_off(session: Session, edit: ContactEdit, pause: timedelta, *, errcode: int | None, now: datetime) -> None:
    """Again after the pause, twice longer each time; given up after some."""
    if edit.tries >= MOST_TRIES:
        refuse(session, edit, "failed", errcode=errcode, now=now)
        return
    again = now + pause * 2 ** (edit.tries - 1)
    ours = update(ContactEdit).where(ContactEdit.id == edit.id, ContactEdit.state == "trying")
    session.execute(ours.values(state="planned", next_try_at=again, errcode=errcode))


def revive(session: Session, *, now: datetime) -> int:
    """What a killed worker was trying is planned again."""
    silent = update(ContactEdit).where(ContactEdit.state == "trying", ContactEdit.tried_at <= now - SILENCE)
    return changed(session, silent.values(state="planned", next_try_at=now))


def retry(session: Session, staff: Staff, edit_id: int, *, now: datetime) -> ContactEdit:
    """Staff ask once more for what did not go. Not theirs, or not followed any more, is `Refused`."""
    mine = select(ContactEdit).where(ContactEdit.id == edit_id, ContactEdit.staff_id == staff.id)
    edit = session.scalar(mine.where(still_followed(staff.id, ContactEdit.identity_id)))
    if edit is None:
        raise Refused("这个改动不是你做的")
    ours = update(ContactEdit).where(ContactEdit.id == edit_id, ContactEdit.state.in_(DID_NOT_GO))
    session.execute(ours.values(state="planned", tries=0, next_try_at=now, errcode=None, settled_at=None))
    session.refresh(edit)
    return edit


def unsettled(session: Session, staff: Staff, customer_id: int, *, now: datetime) -> Sequence[ContactEdit]:
    """This member's edits of the customer that are under way or did not go, of a week; the newest of each first."""
    return session.scalars(
        select(ContactEdit)
        .join(Identity, Identity.id == ContactEdit.identity_id)
        .where(Identity.customer_id == customer_id, ContactEdit.staff_id == staff.id)
        .where(ContactEdit.state != "done", ContactEdit.created_at >= now - SHOWN_FOR)
        .order_by(ContactEdit.id.desc())
        .limit(50)
    ).all()


def _settle(session: Session, edit: ContactEdit, *, now: datetime, state: str, errcode: int | None) -> int:
    ours = update(ContactEdit).where(
        ContactEdit.id == edit.id, ContactEdit.state == "trying", ContactEdit.tries == edit.tries
    )
    return changed(session, ours.values(state=state, errcode=errcode, settled_at=now))


def _apply(session: Session, edit: ContactEdit, *, now: datetime) -> None:
    identity = identities.hold(session, edit.identity_id)
    if identity.is_erased:
        return
    if edit.kind == "remark":
        contact_id = select(Contact.id).where(Contact.identity_id == edit.identity_id).scalar_subquery()
        mine = update(Follow).where(Follow.contact_id == contact_id, Follow.staff_id == edit.staff_id)
        session.execute(mine.values(**edit.words))
    elif edit.kind == "untag":
        theirs = delete(TagAssignment).where(
            TagAssignment.identity_id == edit.identity_id,
            TagAssignment.staff_id == edit.staff_id,
            TagAssignment.tag_id == edit.tag_id,
        )
        session.execute(theirs)
    else:
        insert_if_absent(
            session, TagAssignment,
            tag_id=edit.tag_id, identity_id=identity.id, customer_id=identity.customer_id, staff_id=edit.staff_id,
            source="staff", assigned_at=now,
        )  # fmt: skip
