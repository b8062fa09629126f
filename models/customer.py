"""Customers, the identities that make them up, and why two identities are one person."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STANDINGS = ACCEPTED, NEW, REFUSED = 0, 1, 2
ERASED = "erased:"  # what the values of an erased customer's identities begin with


class Customer(Row):
    """One natural person as the shop knows them: a set of identities.

    Derived: `crm.persons.rebuild` can make every row again from identities and links.
    """

    __tablename__ = "customer"

    created_at: Mapped[datetime]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    merged_at: Mapped[datetime | None]


class Identity(Row):
    """Something a person is known by: (kind, scope, value).

    Kinds: unionid, external_userid, wecom_openid, openid (scope: the app, or the shop), buyer_id (scope: the shop),
    phone (value: its keyed digest), order_no (scope: the shop; only of orders that somebody claimed), pending_id.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "scope", "value"),)

    kind: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    value: Mapped[str]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    home_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))  # the customer it began with, and may return to
    first_seen_at: Mapped[datetime]

    @property
    def is_erased(self) -> bool:
        return self.value.startswith(ERASED)


class IdentityLink(Row):
    """The fact that two identities are, or may be, one person: how, when and by whom we know, and who took it back.

    `stated_at` is None while only the decision about it is known; the later decision counts.
    """

    __tablename__ = "identity_link"
    __table_args__ = (
        UniqueConstraint("identity_id", "other_identity_id", "proof"),
        Index("ix_identity_link_identity_id_proof_standing", "identity_id", "proof", "standing"),
        Index("ix_identity_link_other_identity_id_proof_standing", "other_identity_id", "proof", "standing"),
        Index("ix_identity_link_standing_id", "standing", "id"),
    )

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    other_identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    proof: Mapped[str]  # see `crm.identity_graph`
    source: Mapped[str] = mapped_column(default="")  # where it was learnt: "wecom", "shop:2", "parcel", …
    stated_by: Mapped[str] = mapped_column(default="")  # "system", "staff:lan", "user:3", "customer"
    stated_at: Mapped[datetime | None]  # the moment the fact itself names, the earliest of all times it was told
    learnt_at: Mapped[datetime]
    standing: Mapped[int] = mapped_column(default=ACCEPTED)  # derived: accepted, not yet weighed, refused
    refusal: Mapped[str] = mapped_column(default="")  # derived: why it was refused
    retracted_at: Mapped[datetime | None]  # an operator took it back at this moment
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
