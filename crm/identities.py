"""Identities: what somebody is known by, and the customer each belongs to.

Customers are derived: `crm.persons` joins identities to people, and every fact keeps the identity it came by.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select
from sqlalchemy.orm import Session

from crm import erased
from models.customer import Customer, Identity
from models.database import insert_many_if_absent


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
        add(session, [[key] for key in missing], {}, now=now)
    return found | _locked(session, missing)


def hold(session: Session, identity_id: int) -> Identity:
    """The identity as it is now, locked until the transaction ends: whoever stores a fact by it holds it first."""
    return hold_all(session, [identity_id])[identity_id]


def hold_all(session: Session, ids: Iterable[int]) -> dict[int, Identity]:
    """The same of many, locked in one order."""
    wanted = set(ids)
    return {row.id: row for row in _lock(session, Identity.id.in_(wanted))} if wanted else {}


def hold_many(session: Session, keys: Iterable[Key]) -> dict[Key, Identity]:
    """Those of these names that are known, as they are now, locked in one order until the transaction ends."""
    return _locked(session, sorted(set(keys)))


def resolve(session: Session, customer_id: int) -> Customer | None:
    """The customer this id stands for today: merged ones lead on to the one they became."""
    customer = session.get(Customer, customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = session.get(Customer, customer.merged_into_id)
    return customer


def _locked(session: Session, keys: list[Key]) -> dict[Key, Identity]:
    """A name that is found no more may be an erased customer's: asked after the lock, which waits for an erasing."""
    if not keys:
        return {}
    rows = _lock(session, or_(*_named(keys)))
    found = {Key(row.kind, row.scope, row.value): row for row in rows}
    missing = [key for key in keys if key not in found]
    if missing and (ids := erased.identities_of(session, missing)):
        by_id = {row.id: row for row in _lock(session, Identity.id.in_(ids.values()))}
        found |= {key: by_id[identity_id] for key, identity_id in ids.items()}
    return found


def _lock(session: Session, which: ColumnElement[bool]) -> Iterable[Identity]:
    return session.scalars(
        select(Identity)
        .where(which)
        .order_by(Identity.kind, Identity.scope, Identity.value)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _named(keys: list[Key]) -> Iterator[ColumnElement[bool]]:
    """Kind by kind: given a list of whole names, SQLite reads every identity there is."""
    for (kind, scope), some in groupby(keys, key=lambda key: key[:2]):
        yield and_(Identity.kind == kind, Identity.scope == scope, Identity.value.in_([key.value for key in some]))


def add(session: Session, groups: Iterable[Sequence[Key]], owners: Mapping[Key, int], *, now: datetime) -> set[Key]:
    """Identities nobody had yet; those of one group begin with one customer: the owner of its first, or a new one.

    Returns those that really were new; where somebody else was first, a customer made in vain goes again.
    """
    wanted = [group for group in groups if group]
    homeless = [group for group in wanted if group[0] not in owners]
    begun = insert(Customer).returning(Customer.id)
    made = list(session.scalars(begun, [{"created_at": now} for _ in homeless])) if homeless else []
    home = {group[0]: owners[group[0]] for group in wanted if group[0] in owners}
    home |= {group[0]: owner for group, owner in zip(homeless, made, strict=True)}
    rows = [
        key._asdict() | {"customer_id": home[group[0]], "home_id": home[group[0]], "first_seen_at": now}
        for group in wanted
        for key in group
    ]
    columns = Identity.kind, Identity.scope, Identity.value, Identity.customer_id
    fresh = insert_many_if_absent(session, Identity, sorted(rows, key=_name), *columns)
    if orphans := set(made) - {row.customer_id for row in fresh}:
        session.execute(delete(Customer).where(Customer.id.in_(orphans)))
    return {Key(*row[:3]) for row in fresh}


def _name(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["scope"], row["value"]
