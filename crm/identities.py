"""Who is whom: identities, the links between them, and the customers they make up.

The truth is the identities and the links. Customers are the connected sets they form, and every `customer_id` is
derived: whatever order the facts came in, the sets are the same, and `rebuild` makes them again from nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from crm import audits
from models.contact import Contact
from models.coupon import Coupon
from models.customer import Customer, Identity, IdentityLink
from models.database import changed, insert_if_absent, insert_many_if_absent
from models.order import Order
from models.tag import TagAssignment
from models.touch import Touch

FACTS = (Contact, Order, Coupon, Touch, TagAssignment)  # each keeps the identity it came by; its customer follows


class Key(NamedTuple):
    """What names an identity; sorting by it is the order in which rows are locked."""

    kind: str
    scope: str
    value: str


def ensure(session: Session, kind: str, scope: str, value: str, *, now: datetime) -> Identity:
    """The identity of this name, with a customer of its own when it is new. Locked until the transaction ends."""
    key = Key(kind, scope, value)
    return ensure_many(session, [key], now=now)[key]


def ensure_many(session: Session, keys: Iterable[Key], *, now: datetime) -> dict[Key, Identity]:
    """The identities of these names; a handful of statements however many they are.

    They stay locked until the transaction ends, so that what is stored with their customer cannot miss a merge.
    """
    wanted = sorted(set(keys))
    found = _locked(session, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        _add(session, missing, now)
    return found | _locked(session, missing)


def hold(session: Session, identity_id: int) -> Identity:
    """The identity as it is now, locked until the transaction ends: whoever stores a fact by it holds it first."""
    return session.scalars(
        select(Identity)
        .where(Identity.id == identity_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def hold_many(session: Session, keys: Iterable[Key]) -> dict[Key, Identity]:
    """Those of these names that are known, as they are now, locked in one order until the transaction ends."""
    return _locked(session, sorted(set(keys)))


def link(session: Session, one: Identity, other: Identity, *, evidence: str, now: datetime) -> Customer:
    """Record that two identities are one person, and make them one customer: the older of the two.

    Safe to repeat; the same fact again changes nothing.
    """
    first, second = sorted((one.id, other.id))
    if first != second:
        insert_if_absent(
            session, IdentityLink, identity_id=first, other_identity_id=second, evidence=evidence, learnt_at=now
        )
    owners = session.execute(
        select(Identity.customer_id).where(Identity.id.in_((first, second))).order_by(Identity.id).with_for_update()
    ).scalars()
    winner, *losers = sorted(set(owners))
    for loser in losers:
        _merge(session, loser, winner, now=now)
        audits.note(
            session, actor="system", action="customer.merge", subject=f"customer:{winner}", now=now,
            merged=loser, identities=[first, second], evidence=evidence,
        )  # fmt: skip
    session.expire(one)
    session.expire(other)
    return session.get_one(Customer, winner)


def join(session: Session, pairs: Mapping[Key, Key], *, evidence: str, now: datetime) -> dict[Key, Identity]:
    """The identities of these pairs, each linked to its partner; a handful of statements for those new to us.

    One never seen before starts with its partner's customer, so nothing is made only to be merged.
    """
    known = _locked(session, sorted({*pairs, *pairs.values()}))
    partners = sorted({partner for partner in pairs.values() if partner not in known})
    if partners:
        _add(session, partners, now)
        known |= _locked(session, partners)
    missing = sorted(key for key in pairs if key not in known)
    rows = [key._asdict() | {"customer_id": known[pairs[key]].customer_id, "first_seen_at": now} for key in missing]
    columns = Identity.kind, Identity.scope, Identity.value
    fresh = {Key(*row) for row in insert_many_if_absent(session, Identity, rows, *columns)}
    known |= _locked(session, missing)
    ends = {key: sorted((known[key].id, known[pairs[key]].id)) for key in fresh}
    links = [
        {"identity_id": first, "other_identity_id": second, "evidence": evidence, "learnt_at": now}
        for first, second in sorted(ends.values())
    ]
    insert_many_if_absent(session, IdentityLink, links, IdentityLink.id)
    for key in sorted(pairs.keys() - fresh):
        link(session, known[key], known[pairs[key]], evidence=evidence, now=now)
    return known


def resolve(session: Session, customer_id: int) -> Customer | None:
    """The customer this id stands for today: merged ones lead on to the one they became."""
    customer = session.get(Customer, customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = session.get(Customer, customer.merged_into_id)
    return customer


def partition(session: Session) -> list[frozenset[int]]:
    """The sets of identity ids that are one person each, from identities and links alone, smallest id first."""
    leader = {identity_id: identity_id for identity_id in session.scalars(select(Identity.id))}

    def find(identity_id: int) -> int:
        while leader[identity_id] != identity_id:
            leader[identity_id] = leader[leader[identity_id]]
            identity_id = leader[identity_id]
        return identity_id

    for one, other in session.execute(select(IdentityLink.identity_id, IdentityLink.other_identity_id)):
        low, high = sorted((find(one), find(other)))
        leader[high] = low
    sets: dict[int, set[int]] = defaultdict(set)
    for identity_id in sorted(leader):
        sets[find(identity_id)].add(identity_id)
    return [frozenset(members) for members in sets.values()]


def rebuild(session: Session, *, now: datetime) -> int:
    """Derive every `customer_id` again; returns how many identities had the wrong one.

    Reads all identities and links into memory and writes in one transaction: for a quiet hour.
    """
    owner_of = {row.id: row.customer_id for row in session.execute(select(Identity.id, Identity.customer_id))}
    taken: set[int] = set()
    moved = 0
    for members in partition(session):
        claims = sorted({owner_of[member] for member in members})
        owner = next((claim for claim in claims if claim not in taken), None)
        if owner is None:
            owner = session.scalars(insert(Customer).returning(Customer.id), [{"created_at": now}]).one()
        taken.add(owner)
        strays = [member for member in members if owner_of[member] != owner]
        if strays:
            session.execute(update(Identity).where(Identity.id.in_(strays)).values(customer_id=owner))
        moved += len(strays)
    session.execute(update(Customer).where(Customer.id.in_(taken)).values(merged_into_id=None, merged_at=None))
    for fact in FACTS:
        owner_now = select(Identity.customer_id).where(Identity.id == fact.identity_id).scalar_subquery()
        session.execute(
            update(fact)
            .where(fact.customer_id.is_distinct_from(owner_now))
            .values(customer_id=owner_now)
            .execution_options(synchronize_session=False)
        )
    session.expire_all()
    return moved


def _locked(session: Session, keys: list[Key]) -> dict[Key, Identity]:
    if not keys:
        return {}
    rows = session.scalars(
        select(Identity)
        .where(or_(*_named(keys)))
        .order_by(Identity.kind, Identity.scope, Identity.value)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {Key(row.kind, row.scope, row.value): row for row in rows}


def _named(keys: list[Key]) -> Iterator[ColumnElement[bool]]:
    """Kind by kind: given a list of whole names, SQLite reads every identity there is."""
    for (kind, scope), some in groupby(keys, key=lambda key: key[:2]):
        yield and_(Identity.kind == kind, Identity.scope == scope, Identity.value.in_([key.value for key in some]))


def _add(session: Session, keys: list[Key], now: datetime) -> None:
    """An identity and a customer for each name; where somebody else was first, the customer goes again."""
    made = session.scalars(insert(Customer).returning(Customer.id), [{"created_at": now} for _ in keys]).all()
    rows = [key._asdict() | {"customer_id": owner, "first_seen_at": now} for key, owner in zip(keys, made, strict=True)]
    kept = {row.customer_id for row in insert_many_if_absent(session, Identity, rows, Identity.customer_id)}
    if orphans := set(made) - kept:
        session.execute(delete(Customer).where(Customer.id.in_(orphans)))


def _merge(session: Session, loser: int, winner: int, *, now: datetime) -> None:
    """Identities first: whoever stores a fact holds its identity, so the facts moved afterwards are all there are.

    An identity that joined the loser while we waited for its partner is only seen by the next statement.
    """
    while changed(session, update(Identity).where(Identity.customer_id == loser).values(customer_id=winner)):
        pass
    for fact in FACTS:
        session.execute(update(fact).where(fact.customer_id == loser).values(customer_id=winner))
    session.execute(update(Customer).where(Customer.id == loser).values(merged_into_id=winner, merged_at=now))
