"""Saying in a test that two identities are one person."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from crm import identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models import Customer, Identity

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def key_of(identity: Any) -> Key:
    return identity if isinstance(identity, Key) else Key(identity.kind, identity.scope, identity.value)


def join(session: Session, one: Any, other: Any, *, proof: str = "operator", now: datetime = NOW) -> Customer:
    """They are one person; the customer they are now."""
    fact = Fact(key_of(one), key_of(other), proof, now, "test", "user:1")
    known: dict[Key, Identity] = identity_links.state(session, [fact], now=now)
    return session.get_one(Customer, known[fact.one].customer_id)
