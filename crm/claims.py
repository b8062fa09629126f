"""Orders bound to whoever shows that they are theirs: by the parcel's code, by naming the number, by a staff member."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import audits, identities, identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models.customer import ACCEPTED, IdentityLink
from models.shop import Shop

Proof = Literal["parcel", "customer_claim", "staff_order"]


def order_key(shop: Shop, order_no: str) -> Key:
    return Key("order_no", shop.name, order_no)


def bind(session: Session, claimant: Key, shop: Shop, order_no: str, proof: Proof, *, by: str, now: datetime) -> bool:
    """Say that the order is this person's; False when something speaks against it: that waits for somebody to decide.

    Safe to repeat: what was said before stays as it was said, and as it was judged.
    """
    order = order_key(shop, order_no)
    before = link_between(session, claimant, order, proof)
    if before is None:
        source = {"parcel": "parcel", "customer_claim": "bind page", "staff_order": "sidebar"}[proof]
        known = identity_links.state(session, [Fact(claimant, order, proof, now, source, by)], now=now)
        before = link_between(session, claimant, order, proof)
        subject = f"identity:{known[claimant].id}"
        audits.note(session, actor=by, action="order.bind", subject=subject, now=now, proof=proof, shop=shop.id)
    return before is not None and before.standing == ACCEPTED and before.retracted_at is None


def link_between(session: Session, one: Key, other: Key, proof: Proof) -> IdentityLink | None:
    """The statement on this proof that these two are one person; both stay locked until the transaction ends."""
    ids = sorted(identity.id for identity in identities.hold_many(session, [one, other]).values())
    if len(ids) < 2:
        return None
    return session.scalar(
        select(IdentityLink)
        .where(
            IdentityLink.identity_id == ids[0],
            IdentityLink.other_identity_id == ids[1],
            IdentityLink.proof == proof,
            IdentityLink.stated_at.is_not(None),
        )
        .execution_options(populate_existing=True)
    )
