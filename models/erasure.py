"""Erasure (抹除): the names by which an erased customer was known, as digests that only tell them again."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Erasure(Row):
    """One name of an erased customer: whoever says it again means that identity, and stays unnamed.

    A new add deletes all rows of its customer: from then on the names are a newcomer's.
    """

    __tablename__ = "erasure"

    kind: Mapped[str]
    scope: Mapped[str]
    value_digest: Mapped[str] = mapped_column(unique=True)  # of kind, scope and value, keyed
    value_sealed: Mapped[bytes | None]  # until what carries the value itself has been gone through
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # as they were erased together
    erased_at: Mapped[datetime]
