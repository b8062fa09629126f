"""What a customer agreed to and what they turned off; the later word counts, whichever of their identities said it."""

from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.consent import Consent
from models.customer import Identity
from models.database import insert_if_absent

Kind = Literal["privacy", "personalisation"]


def give(session: Session, identity: Identity, kind: Kind, *, version: str = "", source: str, now: datetime) -> None:
    """On record that they agree from now on; safe to repeat. `version` is of the text they saw."""
    _row(session, identity, kind, version, source).given_at = now


def withdraw(
    session: Session, identity: Identity, kind: Kind, *, version: str = "", source: str, now: datetime
) -> None:
    """On record that they do not, from now on; safe to repeat."""
    _row(session, identity, kind, version, source).withdrawn_at = now


def personalisation_off(session: Session, customer_id: int) -> bool:
    """Whether this customer turned recommendations off (关闭个性化推荐): nothing may be chosen by what they did.

    It is on until somebody turns it off; of two moments the later counts, of one moment the "off".
    """
    off, on = session.execute(
        select(
            func.max(Consent.withdrawn_at, type_=Consent.withdrawn_at.type),
            func.max(Consent.given_at, type_=Consent.given_at.type),
        )
        .join(Identity, Identity.id == Consent.identity_id)
        .where(Identity.customer_id == customer_id, Consent.kind == "personalisation")
    ).one()
    return off is not None and (on is None or off >= on)


def _row(session: Session, identity: Identity, kind: Kind, version: str, source: str) -> Consent:
    insert_if_absent(session, Consent, identity_id=identity.id, kind=kind, version=version, source=source)
    found = select(Consent).where(Consent.identity_id == identity.id, Consent.kind == kind, Consent.version == version)
    row = session.scalars(found.execution_options(populate_existing=True)).one()
    row.source = source
    return row
