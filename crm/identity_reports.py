"""Why somebody is one person: their identities, what joins them, what was refused and what was taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, union
from sqlalchemy.orm import Session, aliased

from crm import users
from crm.identity_graph import RANKS, STRONG
from models.customer import ACCEPTED, Identity, IdentityLink
from models.order import Order
from models.shop import Shop
from models.staff import Staff

MOST = 200  # identities, and links, that one page shows
ENDS = (IdentityLink.identity_id, IdentityLink.other_identity_id)


@dataclass(frozen=True)
class Evidence:
    """One fact and the two identities it is about."""

    link: IdentityLink
    one: Identity
    other: Identity

    @property
    def state(self) -> str:
        if self.link.retracted_at is not None:
            return "retracted"
        return "accepted" if self.link.standing == ACCEPTED else "refused"

    @property
    def is_certain(self) -> bool:
        return self.link.proof in STRONG

    def other_of(self, identity_id: int) -> Identity:
        return self.other if self.one.id == identity_id else self.one


@dataclass(frozen=True)
class Known:
    """One identity of a customer, the orders that came by it, and the best fact that joins it to the others."""

    identity: Identity
    orders: int
    best: Evidence | None
    by_order: bool  # an order that somebody claimed, or whose phone they have, came by it


@dataclass(frozen=True)
class Story:
    """Everything that makes a customer one person. `more`: there is more than a page shows."""

    identities: list[Known]
    evidence: list[Evidence]
    claimed: list[Order]  # each leads from the order number, or the phone, to its buyer
    more: bool


def story(session: Session, customer_id: int) -> Story:
    """Four statements; a customer of thousands of identities is cut short."""
    mine = session.scalars(
        select(Identity).where(Identity.customer_id == customer_id).order_by(Identity.id).limit(MOST + 1)
    ).all()
    ids = [identity.id for identity in mine[:MOST]]
    facts = evidence(session, ids)
    counted = (
        select(Order.identity_id, func.count()).where(Order.customer_id == customer_id).group_by(Order.identity_id)
    )
    counts = {row[0]: row[1] for row in session.execute(counted)}
    orders = session.scalars(
        select(Order)
        .where(Order.customer_id == customer_id, or_(Order.claim_id.is_not(None), Order.phone_id.is_not(None)))
        .order_by(Order.ordered_at.desc(), Order.id.desc())
        .limit(20)
    )
    claimed = list(orders)
    buyers = {order.identity_id for order in claimed}
    known = [Known(one, counts.get(one.id, 0), _best(one.id, facts), one.id in buyers) for one in mine[:MOST]]
    return Story(known, facts, claimed, len(mine) > MOST or len(facts) == MOST)


def evidence(session: Session, identity_ids: Iterable[int]) -> list[Evidence]:
    """What is said about these identities, the newest first."""
    ids = list(identity_ids)
    touching = union(*(select(IdentityLink.id).where(end.in_(ids)) for end in ENDS))
    return facts(session, IdentityLink.id.in_(touching), limit=MOST)


def facts(session: Session, *which: Any, limit: int) -> list[Evidence]:
    """Stated facts of these conditions with both their ends."""
    one, other = aliased(Identity), aliased(Identity)
    rows = session.execute(
        select(IdentityLink, one, other)
        .join(one, one.id == IdentityLink.identity_id)
        .join(other, other.id == IdentityLink.other_identity_id)
        .where(IdentityLink.stated_at.is_not(None), *which)
        .order_by(IdentityLink.id.desc())
        .limit(limit)
    )
    return [Evidence(*row) for row in rows]


def _best(identity_id: int, some: Iterable[Evidence]) -> Evidence | None:
    """The strongest fact that holds at this identity."""
    holding = [fact for fact in some if fact.state == "accepted" and identity_id in (fact.one.id, fact.other.id)]
    return min(holding, key=lambda fact: (RANKS.get(fact.link.proof, 0), fact.link.id), default=None)


def names(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Who said or decided something, by name: "staff:lan", "user:3", "shop:2"; others by themselves."""
    wanted = {actor for actor in actors if actor}
    found = users.names_of(session, wanted)
    staff = {actor[6:].lower(): actor for actor in wanted if actor.startswith("staff:")}
    shops = {int(actor[5:]): actor for actor in wanted if actor.startswith("shop:") and actor[5:].isdecimal()}
    if staff:
        rows = session.execute(select(Staff.userid_key, Staff.name).where(Staff.userid_key.in_(staff)))
        found |= {staff[key]: name for key, name in rows}
    if shops:
        named = session.execute(select(Shop.id, Shop.name).where(Shop.id.in_(shops)))
        found |= {shops[shop_id]: name for shop_id, name in named}
    return found
