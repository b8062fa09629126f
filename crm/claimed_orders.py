"""Orders that somebody claimed, or whose phone a contact has: they lead from that name to the order's buyer.

An order number or a phone becomes an identity only once somebody states it, so that a million orders stay a million
rows. From then on each order that has it points there, whichever came first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from crm import erased
from models.customer import ERASED, Identity
from models.order import Order
from models.shop import Shop

KINDS = ("order_no", "phone")
ENDS = ("identity_id", "claim_id", "phone_id")
TURN = "claimed orders"  # taken alone to make such an identity, together to store orders: neither misses the other


def attach(session: Session, made: Iterable[Identity]) -> None:
    """Point the orders that were there before at these identities; an order nobody knew the buyer of comes by them."""
    for identity in made:
        if identity.kind == "order_no":
            shop = select(Shop.id).where(Shop.name == identity.scope).scalar_subquery()
            named = update(Order).where(Order.shop_id == shop, Order.order_no == identity.value)
            session.execute(named.values(claim_id=identity.id).execution_options(synchronize_session=False))
            guests = (Order.claim_id == identity.id) & _is_guest()
        else:
            named = update(Order).where(Order.phone_digest == identity.value)
            session.execute(named.values(phone_id=identity.id).execution_options(synchronize_session=False))
            guests = (Order.phone_id == identity.id) & Order.claim_id.is_(None) & _is_guest()
        session.execute(
            update(Order)
            .where(guests)
            .values(identity_id=identity.id, customer_id=identity.customer_id)
            .execution_options(synchronize_session=False)
        )


def _is_guest() -> ColumnElement[bool]:
    """It came by nobody, or only by its phone."""
    phones = select(Identity.id).where(Identity.id == Order.identity_id, Identity.kind == "phone")
    return Order.identity_id.is_(None) | phones.exists()


def are_there(session: Session) -> bool:
    """Whether anybody ever stated an order number or a phone; while nobody did, no order can lead to one."""
    stated = " OR ".join(f"EXISTS (SELECT 1 FROM identity WHERE kind = '{kind}')" for kind in KINDS)  # noqa: S608
    return bool(session.connection().exec_driver_sql(f"SELECT {stated}").scalar())


def point(session: Session, shop: Shop, rows: Mapping[str, dict[str, Any]]) -> None:
    """Let orders about to be stored lead to what somebody claimed of them; held until the transaction ends."""
    digests = {row["phone_digest"] for row in rows.values() if row["phone_digest"]}
    found = session.scalars(
        select(Identity)
        .where(
            ((Identity.kind == "order_no") & (Identity.scope == shop.name) & Identity.value.in_(rows))
            | ((Identity.kind == "phone") & (Identity.scope == "") & Identity.value.in_(digests))
        )
        .order_by(Identity.kind, Identity.scope, Identity.value)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    known = {(identity.kind, identity.value): identity for identity in found}
    for number, row in rows.items():
        claim, phone = known.get(("order_no", number)), known.get(("phone", row["phone_digest"] or ""))
        row["claim_id"], row["phone_id"] = claim.id if claim else None, phone.id if phone else None
        if row["identity_id"] is None and (comes_by := claim or phone):
            row["identity_id"], row["customer_id"] = comes_by.id, comes_by.customer_id


def pointing(session: Session, shop: Shop, numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Where those of these orders lead that somebody claimed, by order number."""
    found = session.execute(
        select(Order.order_no, Order.identity_id, Order.claim_id, Order.phone_id).where(
            Order.shop_id == shop.id,
            Order.order_no.in_(numbers),
            or_(Order.claim_id.is_not(None), Order.phone_id.is_not(None)),
        )
    )
    return {row.order_no: dict(row._mapping) for row in found}


def keep_erased(session: Session, rows: Mapping[str, dict[str, Any]], before: Mapping[str, Mapping[str, Any]]) -> None:
    """Let new versions of orders that led to somebody who was erased lead there as before, and name nobody."""
    ends = {was[end] for was in before.values() for end in ENDS if was[end]}
    if not ends:
        return
    gone = select(Identity.id, Identity.customer_id).where(Identity.id.in_(ends), Identity.value.startswith(ERASED))
    owners = dict(session.execute(gone).all())
    for number, was in before.items():
        if any(was[end] in owners for end in ENDS):
            rows[number].update({end: was[end] for end in ENDS if end != "identity_id"})
            rows[number].update(erased.order_names(erased.vault_of(session), rows[number]), **erased.NO_PHONE)
            if was["identity_id"] in owners:
                rows[number].update(identity_id=was["identity_id"], customer_id=owners[was["identity_id"]])


def leads(rows: Iterable[Mapping[str, Any]]) -> set[int]:
    """The identities that claimed orders lead to, and come by."""
    claimed = [row for row in rows if row["claim_id"] or row["phone_id"]]
    return {row[end] for row in claimed for end in ENDS if row[end]}
