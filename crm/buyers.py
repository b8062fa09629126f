"""Whose the orders of a batch are: their buyers' identities, with as little between us and the database as goes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from crm import erased, identities
from crm.identities import Key
from models.bulk import insert_rows, new_ids, select_among, stored
from models.customer import ERASED, Customer, Identity

NAMED = "SELECT kind, scope, value, id, customer_id FROM identity WHERE kind = ? AND scope = ? AND value"
LOCKED = "ORDER BY value FOR NO KEY UPDATE"


class Buyer(NamedTuple):
    """An identity, and whose it is now."""

    id: int
    customer_id: int
    is_erased: bool


def ensure(session: Session, keys: Iterable[Key], *, now: datetime) -> dict[Key, Buyer]:
    """As `identities.ensure_many`, without loading the rows as objects."""
    wanted = sorted(set(keys))
    found: dict[Key, Buyer] = {}
    for (kind, scope), some in groupby(wanted, key=lambda key: key[:2]):
        for *name, identity_id, owner in select_among(
            session, NAMED, (kind, scope), [key.value for key in some], locked=LOCKED
        ):
            found[Key(*name)] = Buyer(identity_id, owner, name[2].startswith(ERASED))
    missing = [key for key in wanted if key not in found]
    if not missing:
        return found
    if session.get_bind().dialect.name == "sqlite" and not erased.is_anybody(session):
        return found | _add(session, missing, now)
    rows = identities.ensure_many(session, missing, now=now)
    return found | {key: Buyer(row.id, row.customer_id, row.is_erased) for key, row in rows.items()}


def _add(session: Session, keys: Sequence[Key], now: datetime) -> dict[Key, Buyer]:
    """Nobody else writes meanwhile, so nobody can be first."""
    owners, ids = new_ids(session, Customer, len(keys)), new_ids(session, Identity, len(keys))
    at = stored(now, "sqlite")
    insert_rows(session, Customer, ("id", "created_at"), [(owner, at) for owner in owners])
    columns = ("id", "kind", "scope", "value", "customer_id", "home_id", "first_seen_at")
    rows = [(row_id, *key, owner, owner, at) for row_id, key, owner in zip(ids, keys, owners, strict=True)]
    insert_rows(session, Identity, columns, rows)
    return {key: Buyer(row_id, owner, False) for row_id, key, owner in zip(ids, keys, owners, strict=True)}
