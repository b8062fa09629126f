"""Customers, the identities that make them up, and why two identities are one person."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Customer(Row):
    """One natural person as the shop knows them: a connected set of identities.

    Derived: `crm.identities.rebuild` can make every row again from identities and links.
    """

    __tablename__ = "customer"

    created_at: Mapped[datetime]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    merged_at: Mapped[datetime | None]


class Identity(Row):
    """Something a person is known by: (kind, scope, value).

    Kinds: unionid, external_userid, openid (scope: the shop), buyer_id (scope: the shop).
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "scope", "value"),)

    kind: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    value: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    first_seen_at: Mapped[datetime]


class IdentityLink(Row):
    """The fact that two identities are one person, and how we know."""

    __tablename__ = "identity_link"
    __table_args__ = (UniqueConstraint("identity_id", "other_identity_id", "evidence"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    other_identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    evidence: Mapped[str]  # e.g. "wecom_contact": WeCom showed this unionid for this external_userid
    learnt_at: Mapped[datetime]
