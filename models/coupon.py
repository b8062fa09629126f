"""Coupon batches (the offer), coupons (one issued copy), their links, their uses, and codes other systems made."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

KINDS = ("amount", "percentage", "gift", "free_shipping")
SOURCES = ("own", "pool", "link", "youzan")
TELL_USE = ("own", "pool")  # what a platform hands out by its own page has no code of ours: its use is never reported
IS_LIVE, IS_ISSUED = "returned_at IS NULL", "coupon_id IS NOT NULL"


class CouponBatch(Row):
    """An offer: what it is worth, from a threshold, on what, until when; so many copies, so many each."""

    __tablename__ = "coupon_batch"
    __table_args__ = (
        CheckConstraint("issued >= 0 AND issued <= total", name="never_over_total"),
        CheckConstraint(
            "threshold_fen >= 0 AND ((kind = 'amount' AND value_fen > 0)"
            " OR (kind = 'percentage' AND pays_percent BETWEEN 1 AND 99)"
            " OR (kind = 'gift' AND gift <> '') OR kind = 'free_shipping')",
            name="worth",
        ),
        CheckConstraint("per_customer >= 1 AND (valid_days >= 1 OR valid_until IS NOT NULL)", name="lasts"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="amount", server_default="amount")
    value_fen: Mapped[int]  # off; 0 unless the kind is "amount"
    pays_percent: Mapped[int | None]  # 88 is 8.8 折: what is left to pay
    gift: Mapped[str] = mapped_column(default="", server_default="")
    threshold_fen: Mapped[int]
    skus: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # with the categories: none is all
    categories: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    total: Mapped[int]
    issued: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int] = mapped_column(default=1)
    per_staff_day: Mapped[int | None]
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audience.id"))
    valid_days: Mapped[int | None]  # after it was issued; or by dates:
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    stackable: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    source: Mapped[str] = mapped_column(default="own", server_default="own")
    link_url: Mapped[str] = mapped_column(default="", server_default="")  # where a platform hands out its own coupon
    returns_on_refund: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    remind_days: Mapped[int | None]  # before it expires; None reminds nobody
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def tells_use(self) -> bool:
        """Whether a use can ever be reported."""
        return self.source in TELL_USE


class Coupon(Row):
    """One copy of a coupon batch, issued to one customer; it can be used once."""

    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("batch_id", "identity_id", "occasion"),
        Index("ix_coupon_staff_id_issued_at", "staff_id", "issued_at"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("coupon_batch.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)  # the identity it came by
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    occasion: Mapped[str]  # what it was given for; a second grant for it is a no-op
    code: Mapped[str] = mapped_column(unique=True)
    value_fen: Mapped[int]
    threshold_fen: Mapped[int]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]  # when staff were told that it expires soon
    used_at: Mapped[datetime | None]
    used_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    revoked_at: Mapped[datetime | None]

    def is_open(self, *, now: datetime) -> bool:
        return self.used_at is None and self.revoked_at is None and now < self.expires_at


class CouponLink(Row):
    """A link to a customer's copy, or to a batch whose copies anybody we know may claim; its token is not kept."""

    __tablename__ = "coupon_link"

    token_digest: Mapped[str] = mapped_column(unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("coupon_batch.id"), index=True)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id"), index=True)
    made_at: Mapped[datetime]


class CouponUse(Row):
    """That a copy was used: by an order, a shop's own till, or in the store. A refund may give it back."""

    __tablename__ = "coupon_use"
    __table_args__ = (
        UniqueConstraint("shop_id", "request_id"),
        Index(
            "uq_coupon_use_live", "coupon_id", unique=True, sqlite_where=text(IS_LIVE), postgresql_where=text(IS_LIVE)
        ),
        Index("ix_coupon_use_coupon_id", "coupon_id"),
    )

    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupon.id"))
    source: Mapped[str]  # "order", "shop", "store"
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    order_no: Mapped[str | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    request_id: Mapped[str | None]  # the shop's: asking again with it gets the same answer
    used_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]


class CouponCode(Row):
    """A code another system made and will take; each is given away once."""

    __tablename__ = "coupon_code"
    __table_args__ = (
        Index("ix_coupon_code_batch_id_coupon_id", "batch_id", "coupon_id"),
        Index(
            "uq_coupon_code_coupon_id",
            "coupon_id",
            unique=True,
            sqlite_where=text(IS_ISSUED),
            postgresql_where=text(IS_ISSUED),
        ),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("coupon_batch.id"))
    code: Mapped[str] = mapped_column(unique=True)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupon.id"))
