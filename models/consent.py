"""What customers agreed to, and the tries they have at naming an order."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Consent(Row):
    """One thing a customer agreed to or turned off: the later of the two moments counts.

    Kinds: privacy (version: of the text they saw), personalisation (on until it is turned off).
    """

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("identity_id", "kind", "version"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[str]
    version: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    source: Mapped[str]  # the page it came from


class ClaimTry(Row):
    """How often somebody named an order number on one day of the shop."""

    __tablename__ = "claim_try"
    __table_args__ = (UniqueConstraint("who", "on_day"),)

    who: Mapped[str]  # "identity:7", or "address:" and its keyed digest
    on_day: Mapped[date] = mapped_column(Date, index=True)
    tries: Mapped[int] = mapped_column(default=0)
