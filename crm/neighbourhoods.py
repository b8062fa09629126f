"""What can be reached from some identities: the part of the graph that decides who they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import cast, literal, null, or_, select, union, union_all
from sqlalchemy.orm import Session

from crm.identities import Key
from crm.identity_graph import CROWD, Edge, ordered
from models.base import BigId
from models.customer import ACCEPTED, Identity, IdentityLink
from models.order import Order

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # an order names its buyer from the start: no moment is weighed
LIMITED = {"phone": "phone", "buyer_id": "order_named", "openid": "order_named"}
"""Of these proofs at these kinds a crowd is read no further than what shows that it is one."""
ENDS = (IdentityLink.identity_id, IdentityLink.other_identity_id)
HUBS_AT_ONCE = 50  # SQLite takes 500 SELECTs in a UNION


class Known(NamedTuple):
    """An identity as it is stored."""

    id: int
    key: Key
    customer_id: int
    home_id: int


class Link(NamedTuple):
    """A stated fact that nobody has taken back."""

    id: int
    one: int
    other: int
    proof: str
    stated_at: datetime
    standing: int
    refusal: str


@dataclass
class Neighbourhood:
    """Everybody who was reached, and every edge with the link it comes from (None: from an order).

    An edge may lead out of it: to a stranger in a crowd, whom it does not reach.
    """

    known: dict[int, Known] = field(default_factory=dict)
    edges: list[tuple[Edge, Link | None]] = field(default_factory=list)


def read(session: Session, seeds: set[int]) -> Neighbourhood:
    """Everything that can be reached from these; two or three statements a step, whatever the number of seeds."""
    known: dict[int, Known] = {}
    links: dict[int, Link] = {}
    bought: set[tuple[str, int, int]] = set()
    frontier = seeds
    while frontier:
        known |= _identities(session, frontier)
        fresh = _links(session, [known[one] for one in sorted(frontier)])
        orders = _orders(session, [known[one] for one in sorted(frontier)])
        links |= {link.id: link for link in fresh}
        bought |= orders
        ends = _reached(fresh, known) | {end for _, one, other in orders for end in (one, other)}
        frontier = ends - known.keys()
    return _named(session, known, links.values(), bought)


def everything(session: Session) -> Neighbourhood:
    """The whole graph, in memory."""
    known = _identities(session, None)
    links = [Link(*row) for row in session.execute(_active())]
    bought = _order_edges(session.execute(_claimed()))
    return _named(session, known, links, bought)


def _identities(session: Session, ids: set[int] | None) -> dict[int, Known]:
    query = select(
        Identity.id, Identity.kind, Identity.scope, Identity.value, Identity.customer_id, Identity.home_id
    ).where(Identity.id.in_(ids) if ids is not None else literal(True))
    return {row[0]: Known(row[0], Key(*row[1:4]), row[4], row[5]) for row in session.execute(query)}


def _active() -> Any:
    return select(
        IdentityLink.id,
        IdentityLink.identity_id,
        IdentityLink.other_identity_id,
        IdentityLink.proof,
        IdentityLink.stated_at,
        IdentityLink.standing,
        IdentityLink.refusal,
    ).where(IdentityLink.stated_at.is_not(None), IdentityLink.retracted_at.is_(None))


def _links(session: Session, frontier: Sequence[Known]) -> list[Link]:
    plain = [known.id for known in frontier if known.key.kind not in LIMITED]
    hubs = [known for known in frontier if known.key.kind in LIMITED]
    found: list[Link] = []
    for start in range(0, max(len(hubs), 1), HUBS_AT_ONCE):
        parts = [part for hub in hubs[start : start + HUBS_AT_ONCE] for part in _hub(hub)]
        if plain and not start:
            parts += [_active().where(end.in_(plain)) for end in ENDS]
        if parts:
            found += [Link(*row) for row in session.execute(union_all(*parts))]
    return found


def _hub(hub: Known) -> list[Any]:
    """All its links but of the proof a crowd has; of that one enough to tell, those that hold so far first."""
    crowding = IdentityLink.proof == LIMITED[hub.key.kind]
    parts = []
    for end in ENDS:
        parts.append(_active().where(end == hub.id, ~crowding))
        some = _active().where(end == hub.id, crowding).order_by(IdentityLink.standing).limit(CROWD + 2)
        parts.append(select(some.subquery()))
    return parts


def _reached(links: Iterable[Link], known: dict[int, Known]) -> set[int]:
    """Where these links lead; not into a crowd that holds nobody."""
    at_hub: dict[int, list[Link]] = {}
    reached: set[int] = set()
    for link in links:
        hubs = [
            end for end in (link.one, link.other) if end in known and LIMITED.get(known[end].key.kind) == link.proof
        ]
        for hub in hubs:
            at_hub.setdefault(hub, []).append(link)
        if not hubs:
            reached |= {link.one, link.other}
    for hub, some in at_hub.items():
        if len(some) <= CROWD + 1 or any(link.standing == ACCEPTED for link in some):
            reached |= {end for link in some for end in (link.one, link.other)}
        reached.add(hub)
    return reached


def _claimed() -> Any:
    return select(Order.identity_id, Order.claim_id, Order.phone_id).where(
        or_(Order.claim_id.is_not(None), Order.phone_id.is_not(None)), Order.identity_id.is_not(None)
    )


def _orders(session: Session, frontier: Sequence[Known]) -> set[tuple[str, int, int]]:
    """The edges that orders make: between the order somebody claimed, its phone, and the identity it came by."""
    ids = [known.id for known in frontier]
    claims = [known.id for known in frontier if known.key.kind == "order_no"]
    phones = [known.id for known in frontier if known.key.kind == "phone"]
    parts = [_claimed().where(Order.identity_id.in_(ids))]
    if claims:
        parts.append(_claimed().where(Order.claim_id.in_(claims)))
    for phone in phones[:HUBS_AT_ONCE]:
        holders = select(Order.identity_id, cast(null(), BigId).label("claim_id"), Order.phone_id)
        some = holders.where(Order.phone_id == phone, Order.identity_id.is_not(None)).distinct().limit(CROWD + 2)
        parts.append(select(some.subquery()))
    return _order_edges(session.execute(union(*parts)))


def _order_edges(rows: Iterable[Any]) -> set[tuple[str, int, int]]:
    found = set()
    for identity_id, claim_id, phone_id in rows:
        for proof, other in (("order", claim_id), ("phone", phone_id)):
            if other is not None and other != identity_id:
                found.add((proof, identity_id, other))
    return found


def _named(
    session: Session, known: dict[int, Known], links: Iterable[Link], bought: Iterable[tuple[str, int, int]]
) -> Neighbourhood:
    """The edges by the names of their ends, in an order of their own."""
    linked = [(link.proof, link.stated_at, link.one, link.other, link) for link in links]
    derived = [(proof, EPOCH, one, other, None) for proof, one, other in bought]
    outside = {end for row in (*linked, *derived) for end in row[2:4]} - known.keys()
    keys = {one.id: one.key for one in (*known.values(), *(_identities(session, outside).values() if outside else ()))}
    edges = [
        (Edge(proof, stated_at, *ordered(keys[one], keys[other])), link)
        for proof, stated_at, one, other, link in (*linked, *derived)
    ]
    return Neighbourhood(known, sorted(edges, key=lambda row: (row[0], row[1] is None)))
