"""An operator decides who is whom: takes a fact back, lets it count again, or says that two are one person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from crm import audits, identities, identity_links, neighbourhoods
from crm.identities import Key
from crm.identity_graph import Edge, ordered, people
from crm.identity_links import Fact
from models.coupon import Coupon
from models.customer import Identity, IdentityLink
from models.order import Order
from models.touch import Touch

MOST = 200  # identities that are looked at for a name
NAMES = ("external_userid", "unionid", "wecom_openid", "openid", "buyer_id")
"""By which of them a person is best named."""

Deed = Literal["retract", "restore", "confirm"]


@dataclass(frozen=True)
class Side:
    """Some identities that are one person, and what comes along with them."""

    keys: list[Key]
    orders: int
    coupons: int
    touches: int


@dataclass(frozen=True)
class Outcome:
    """Who is whom before a decision and would be after it. `refusal`: why the fact would still not count."""

    before: list[Side]
    after: list[Side]
    refusal: str

    @property
    def change(self) -> str:
        """ "none", "merge", "split", or "move": as many people as before, but something is another's."""
        if self.before == self.after:
            return "none"
        number = len(self.after) - len(self.before)
        return "merge" if number < 0 else "split" if number else "move"


def foresee(session: Session, link_id: int, deed: Deed, *, now: datetime) -> Outcome:
    """What this decision would change for the people of its two ends; nothing is written."""
    name = identity_links.name_of(session, link_id)
    link = session.get_one(IdentityLink, link_id)
    meant = Edge(name[2], link.stated_at or now, *name[:2])
    if deed == "confirm":
        meant = Edge("operator", now, *_to_join(session, meant))
    around = neighbourhoods.read(session, _ids(session, (*name[:2], meant.one, meant.other)))
    edges = [edge for edge, _ in around.edges]
    without = [edge for edge in edges if edge._replace(stated_at=meant.stated_at) != meant]
    ids = {known.key: known.id for known in around.known.values()}
    now_are = people(ids, edges).sets
    found = people(ids, without if deed == "retract" else [*without, meant])
    after = _touching(found.sets, _touching(now_are, [frozenset(name[:2])]))
    before = _touching(now_are, after)
    return Outcome(
        [_side(session, members, ids) for members in before],
        [_side(session, members, ids) for members in after],
        found.refused.get(meant, ""),
    )


def _touching(sets: Iterable[frozenset[Key]], others: Iterable[frozenset[Key]]) -> list[frozenset[Key]]:
    """Those of the sets that have something in common with the others."""
    keys = frozenset().union(*others)
    return [members for members in sets if members & keys]


def _ids(session: Session, keys: Iterable[Key]) -> set[int]:
    same = [
        and_(Identity.kind == kind, Identity.scope == scope, Identity.value == value) for kind, scope, value in keys
    ]
    return set(session.scalars(select(Identity.id).where(or_(*same))))


def _to_join(session: Session, edge: Edge) -> tuple[Key, Key]:
    """The claimant, and the best name of whom the claimed value belongs to now: the value alone would only move."""
    kind, scope, value = edge.value
    owner = select(Identity.customer_id).where(Identity.kind == kind, Identity.scope == scope, Identity.value == value)
    named = session.scalars(select(Identity).where(Identity.customer_id == owner.scalar_subquery()).limit(MOST))
    keys = sorted((Key(one.kind, one.scope, one.value) for one in named), key=lambda key: (_place(key.kind), key))
    return ordered(edge.claimant, next((key for key in keys if key != edge.claimant), edge.value))


def _place(kind: str) -> int:
    return NAMES.index(kind) if kind in NAMES else len(NAMES)


def _side(session: Session, members: Iterable[Key], ids: dict[Key, int]) -> Side:
    keys = sorted(key for key in members if key in ids)
    mine = [ids[key] for key in keys]
    counts = [
        session.scalar(select(func.count()).select_from(fact).where(fact.identity_id.in_(mine))) or 0
        for fact in (Order, Coupon, Touch)
    ]
    return Side(keys, *counts)


def decide(session: Session, link_id: int, deed: Deed, *, by: str, now: datetime) -> int:
    """Safe to repeat; returns the customer the claimant belongs to afterwards."""
    name = identity_links.name_of(session, link_id)
    edge = Edge(name[2], now, *name[:2])
    if deed == "confirm":
        _confirm(session, _to_join(session, edge), by=by, now=now)
    else:
        identity_links.decide(session, name, retracted=deed == "retract", by=by, now=now)
    customer_id = identities.hold_many(session, [edge.claimant])[edge.claimant].customer_id
    audits.note(session, actor=by, action=f"identity.{deed}", subject=f"customer:{customer_id}", now=now, link=link_id)
    return customer_id


def _confirm(session: Session, ends: tuple[Key, Key], *, by: str, now: datetime) -> None:
    """Somebody looked: these two are one person. Said again after it was taken back, it counts again."""
    identity_links.state(session, [Fact(*ends, "operator", now, "console", by)], now=now)
    identity_links.decide(session, (*ends, "operator"), retracted=False, by=by, now=now)
