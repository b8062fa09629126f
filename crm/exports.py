"""Everything we hold of one customer, as one JSON document, some rows at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models.acquisition import AcquisitionEvent
from models.audit import Audit
from models.consent import Consent
from models.contact import Contact, Follow
from models.contact_edit import ContactEdit
from models.coupon import Coupon
from models.customer import Identity, IdentityLink
from models.event import Behaviour, Event
from models.group import Group, GroupMember
from models.mass import MassMessage, MassRecipient
from models.note import Note, ProfileField
from models.order import Order, OrderLine
from models.product import Product
from models.product_share import ProductShare
from models.recommendation import HiddenProduct
from models.shop import Shop
from models.staff import Staff
from models.tag import Tag, TagAssignment
from models.todo import Todo
from models.touch import Touch
from models.vault import Unopenable, Vault

AT_ONCE = 500
NOT_THEIRS = (
    "fingerprint",
    "phone_digest",
    "token_digest",
    "code_sealed",
)  # ours: how we compare, and a code that is spent
NAMED = {  # what a row points to, in words
    "shop_id": Shop.name, "staff_id": Staff.name, "tag_id": Tag.name, "group_id": Group.name,
    "message_id": MassMessage.text, "product_id": Product.name,
}  # fmt: skip
Reading = Callable[[], AbstractContextManager[Session]]


def document(reading: Reading, customer_id: int, vault: Vault) -> Iterator[str]:
    """The document in pieces; each few hundred rows are read in a reading of their own, so nothing waits for it."""
    yield '{"customer": ' + _json({"id": customer_id})
    for name, table, whose in _parts(customer_id):
        yield f',\n"{name}": ['
        first = True
        for row in _rows(reading, table, whose, vault):
            yield ("\n" if first else ",\n") + _json(row)
            first = False
        yield "]"
    yield "}\n"


def _parts(customer_id: int) -> tuple[tuple[str, Any, ColumnElement[bool]], ...]:
    ids = select(Identity.id).where(Identity.customer_id == customer_id)
    contacts = select(Contact.id).where(Contact.identity_id.in_(ids))
    orders = select(Order.id).where(Order.identity_id.in_(ids))
    return (
        ("identities", Identity, Identity.customer_id == customer_id),
        ("links", IdentityLink, or_(IdentityLink.identity_id.in_(ids), IdentityLink.other_identity_id.in_(ids))),
        ("contacts", Contact, Contact.identity_id.in_(ids)),
        ("follows", Follow, Follow.contact_id.in_(contacts)),
        ("tags", TagAssignment, TagAssignment.identity_id.in_(ids)),
        ("orders", Order, Order.identity_id.in_(ids)),
        ("order_lines", OrderLine, OrderLine.order_id.in_(orders)),
        ("coupons", Coupon, Coupon.identity_id.in_(ids)),
        ("touches", Touch, Touch.identity_id.in_(ids)),
        ("mass_messages", MassRecipient, MassRecipient.contact_id.in_(contacts)),
        ("events", Event, Event.identity_id.in_(ids)),
        ("behaviour", Behaviour, Behaviour.identity_id.in_(ids)),
        ("groups", GroupMember, GroupMember.identity_id.in_(ids)),
        ("acquisition_events", AcquisitionEvent, AcquisitionEvent.identity_id.in_(ids)),
        ("notes", Note, Note.identity_id.in_(ids)),
        ("profile", ProfileField, ProfileField.identity_id.in_(ids)),
        ("todos", Todo, Todo.identity_id.in_(ids)),
        ("contact_edits", ContactEdit, ContactEdit.identity_id.in_(ids)),
        ("shared_products", ProductShare, ProductShare.identity_id.in_(ids)),
        ("hidden_products", HiddenProduct, HiddenProduct.identity_id.in_(ids)),
        ("consents", Consent, Consent.identity_id.in_(ids)),
        ("audit", Audit, Audit.subject == f"customer:{customer_id}"),
    )


def _rows(reading: Reading, table: Any, whose: ColumnElement[bool], vault: Vault) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        with reading() as session:
            page = session.execute(
                select(table.__table__).where(whose, table.id > after).order_by(table.id).limit(AT_ONCE)
            )
            rows = [dict(row) for row in page.mappings()]
            words = _words(session, rows)
        for row in rows:
            yield _said(row, words, vault)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["id"]


def _words(session: Session, rows: list[dict[str, Any]]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for column, name in NAMED.items():
        ids = {row[column] for row in rows if row.get(column)}
        if ids:
            table = name.class_
            named = session.execute(select(table.id, name).where(table.id.in_(ids)))
            found |= {(column, row_id): words for row_id, words in named}
    return found


def _said(row: Mapping[str, Any], words: Mapping[tuple[str, int], str], vault: Vault) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for column, value in row.items():
        if column in NOT_THEIRS or (column == "code" and not row["claimed_at"]):  # a code shows once it is claimed
            continue
        if isinstance(value, bytes):
            said[column.removesuffix("_sealed")] = _opened(vault, value)
        else:
            said[column] = value
        if isinstance(value, int) and (column, value) in words:
            said[column.removesuffix("_id")] = words[column, value]
    return said


def _opened(vault: Vault, sealed: bytes) -> str | None:
    try:
        return vault.open_text(sealed)
    except Unopenable:  # sealed with another master key: nobody reads it any more
        return None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def consents(session: Session, customer_id: int) -> list[Consent]:
    """What the customer agreed to or turned off, the newest first."""
    theirs = select(Consent).join(Identity, Identity.id == Consent.identity_id)
    return list(session.scalars(theirs.where(Identity.customer_id == customer_id).order_by(Consent.id.desc())))
