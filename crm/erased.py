"""The names of erased customers: whoever states one again means the identity that has it no more.

The vault whose keyed digests tell the names is the session's: `session.info["vault"]`, put there by the runtime.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.customer import ERASED, Identity
from models.erasure import Erasure
from models.vault import Vault

NAME = "已抹除客户"
Name = TypeVar("Name", bound=tuple[str, str, str])
"""A `crm.identities.Key`: kind, scope, value."""


def vault_of(session: Session) -> Vault:
    vault = session.info["vault"]
    assert isinstance(vault, Vault)
    return vault


def digest(vault: Vault, name: tuple[str, str, str]) -> str:
    return vault.digest("\n".join(("erasure", *name)))


def stand_in(vault: Vault, value: str, identity_id: int = 0) -> str:
    """What takes the place of a value: always the same for the same, another one for another erasing."""
    return ERASED + vault.digest(f"stand-in:{identity_id}:{value}")[:32]


NO_PHONE: dict[str, Any] = {"phone_sealed": None, "phone_digest": None}


def order_names(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """What an erased customer's order has in the place of its buyer's names."""
    names = {name: row[name] for name in ("unionid", "openid", "buyer_id")}
    hidden = {
        name: value if value is None or value.startswith(ERASED) else stand_in(vault, value)
        for name, value in names.items()
    }
    return hidden | {"claim_token": None}


def is_anybody(session: Session) -> bool:
    """Whether anybody at all was erased."""
    return session.connection().exec_driver_sql("SELECT 1 FROM erasure LIMIT 1").first() is not None


def identities_of(session: Session, names: Iterable[Name]) -> dict[Name, int]:
    """Those of these names that are an erased customer's, with the identity; one short statement while nobody is.

    Ask after whoever may be erased meanwhile is held: a name that is not found any more is found here.
    """
    if not is_anybody(session):
        return {}
    vault = vault_of(session)
    asked = {digest(vault, name): name for name in names}
    found = select(Erasure.value_digest, Erasure.identity_id).where(Erasure.value_digest.in_(asked))
    return {asked[value_digest]: identity_id for value_digest, identity_id in session.execute(found)}


def external_userids(session: Session, values: Iterable[str]) -> dict[str, str]:
    """Those of these external_userids that are erased customers', with what stands in their place."""
    names = identities_of(session, [("external_userid", "", value) for value in values])
    if not names:
        return {}
    rows = select(Identity.id, Identity.value).where(Identity.id.in_(names.values()))
    value_of = dict(session.execute(rows).all())
    return {name[2]: value_of[identity_id] for name, identity_id in names.items()}


def let_back(session: Session, added: Mapping[int, datetime | None]) -> set[int]:
    """Which of these erased identities stay so: those whose contact was not added anew since.

    `added` has the moment of the latest add, as WeCom tells it. Whoever was is forgotten here with all their names.
    """
    rows = session.execute(
        select(Erasure.identity_id, Erasure.customer_id, Erasure.erased_at).where(Erasure.identity_id.in_(added))
    ).all()
    back = {row.customer_id for row in rows if (at := added[row.identity_id]) is not None and at > row.erased_at}
    if back:
        session.execute(delete(Erasure).where(Erasure.customer_id.in_(back)))
    return {row.identity_id for row in rows if row.customer_id not in back}
