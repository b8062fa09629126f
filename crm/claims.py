"""Orders bound to whoever shows that they are theirs: by the parcel's code, by naming the number, by a staff member."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm import audits, identities, identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models.consent import ClaimTry
from models.customer import ACCEPTED, IdentityLink
from models.database import changed, insert_if_absent
from models.shop import Shop

Proof = Literal["parcel", "customer_claim", "staff_order"]
SOURCES: dict[Proof, str] = {"parcel": "parcel", "customer_claim": "bind page", "staff_order": "sidebar"}


def order_key(shop: Shop, order_no: str) -> Key:
    return Key("order_no", shop.name, order_no)


def bind(session: Session, claimant: Key, shop: Shop, order_no: str, proof: Proof, *, by: str, now: datetime) -> str:
    """Say that the order is this person's: empty when it is, else what speaks against it, which an operator may decide.

    Reasons are those of `crm.identity_graph` and `retracted`. Safe to repeat: what was said before stays as it was
    said, and as it was judged.
    """
    order = order_key(shop, order_no)
    link = link_between(session, claimant, order, proof)
    if link is None:
        facts = [Fact(claimant, order, proof, now, SOURCES[proof], by)]
        subject = f"identity:{identity_links.state(session, facts, now=now)[claimant].id}"
        audits.note(session, actor=by, action="order.bind", subject=subject, now=now, proof=proof, shop=shop.id)
        link = link_between(session, claimant, order, proof)
    elif link.retracted_at is not None and link.decided_by == by:  # who took it back says it again
        identity_links.decide(session, (claimant, order, proof), retracted=False, by=by, now=now)
        link = link_between(session, claimant, order, proof)
    if link is None or link.retracted_at is not None:
        return "retracted"
    return "" if link.standing == ACCEPTED else link.refusal


def take_try(session: Session, who: str, *, on_day: date, most: int) -> bool:
    """One of so many tries a day; False when they are used up. Taken whatever becomes of it."""
    insert_if_absent(session, ClaimTry, who=who, on_day=on_day, tries=0)
    mine = update(ClaimTry).where(ClaimTry.who == who, ClaimTry.on_day == on_day, ClaimTry.tries < most)
    return changed(session, mine.values(tries=ClaimTry.tries + 1)) > 0


def forget_tries(session: Session, *, before: date, limit: int = 500) -> int:
    """Drop the counts of days past, at most so many a call; returns how many."""
    old = select(ClaimTry.id).where(ClaimTry.on_day < before).limit(limit)
    return changed(session, delete(ClaimTry).where(ClaimTry.id.in_(old)))


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
