"""Order numbers that staff typed for a customer: who typed which, and taking it back."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from crm import audits, customers, identity_links
from models.customer import ACCEPTED, Identity, IdentityLink

PROOF = "staff_order"


class Typed(NamedTuple):
    """An order number as somebody typed it; `counts` unless something speaks against it."""

    link_id: int
    shop: str
    order_no: str
    by: str  # "staff:lan"
    counts: bool


def of_customer(session: Session, customer_id: int) -> list[Typed]:
    """What was typed for this customer and not taken back, the newest first; one statement."""
    mine, order = aliased(Identity), aliased(Identity)
    ends = IdentityLink.identity_id, IdentityLink.other_identity_id
    rows = session.execute(
        select(IdentityLink, order)
        .join(mine, or_(mine.id == ends[0], mine.id == ends[1]))
        .join(order, or_(and_(mine.id == ends[0], order.id == ends[1]), and_(mine.id == ends[1], order.id == ends[0])))
        .where(
            mine.customer_id == customer_id,
            mine.kind == "external_userid",
            order.kind == "order_no",
            IdentityLink.proof == PROOF,
            IdentityLink.stated_at.is_not(None),
            IdentityLink.retracted_at.is_(None),
        )
        .order_by(IdentityLink.id.desc())
    )
    return [Typed(link.id, no.scope, no.value, link.stated_by, link.standing == ACCEPTED) for link, no in rows]


def take_back(session: Session, customer_id: int, link_id: int, *, by: str, now: datetime) -> None:
    """Undo what this member of staff typed for this customer; an operator may undo anybody's on the customer's page.

    `Refused` for another's, another customer's, and one that is not there.
    """
    found = next((each for each in of_customer(session, customer_id) if each.link_id == link_id), None)
    if found is None or found.by != by:
        raise customers.not_yours()
    identity_links.decide(session, identity_links.name_of(session, link_id), retracted=True, by=by, now=now)
    audits.note(session, actor=by, action="order.unbind", subject=f"customer:{customer_id}", now=now, link=link_id)
