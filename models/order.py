"""Orders and their lines, as the shops sent them. Money is integer fen."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Row

IS_CLAIMED, HAS_PHONE = "claim_id IS NOT NULL", "phone_id IS NOT NULL"
STATUSES = ("created", "paid", "shipped", "received", "completed", "cancelled", "refunded")


class Order(Row):
    """One order of one shop. Unlinked (no identity) when the shop knew nobody."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "order_no"),
        Index("ix_orders_customer_id_ordered_at", "customer_id", "ordered_at"),
        Index("ix_orders_claim_id", "claim_id", sqlite_where=text(IS_CLAIMED), postgresql_where=text(IS_CLAIMED)),
        Index("ix_orders_phone_id", "phone_id", sqlite_where=text(HAS_PHONE), postgresql_where=text(HAS_PHONE)),
        Index(
            "ix_orders_identity_id_claimed",
            "identity_id",
            sqlite_where=text(f"{IS_CLAIMED} OR {HAS_PHONE}"),
            postgresql_where=text(f"{IS_CLAIMED} OR {HAS_PHONE}"),
        ),
        CheckConstraint(
            "total_fen >= 0 AND discount_fen >= 0 AND shipping_fen >= 0 AND paid_fen >= 0 AND refunded_fen >= 0",
            name="money_not_negative",
        ),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    order_no: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))  # derived; follows a merge
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))  # its order_no, once somebody claims it
    phone_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))  # its phone, once a contact has it too
    unionid: Mapped[str | None]
    openid: Mapped[str | None]
    buyer_id: Mapped[str | None] = mapped_column(index=True)
    phone_sealed: Mapped[bytes | None]
    phone_digest: Mapped[str | None] = mapped_column(index=True)  # of real numbers only
    phone_kind: Mapped[str | None]  # `crm.phones`; None without a phone, and on orders from before there were kinds
    claim_token: Mapped[str | None]
    coupon_codes: Mapped[list[str]] = mapped_column(default=list)
    total_fen: Mapped[int]
    discount_fen: Mapped[int]
    shipping_fen: Mapped[int]
    paid_fen: Mapped[int]
    refunded_fen: Mapped[int]
    ordered_at: Mapped[datetime]  # the shop's created_at
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]  # the shop's updated_at: an older one never overwrites a newer
    fingerprint: Mapped[str]  # of what the shop sent: the same again changes nothing
    stored_at: Mapped[datetime]

    lines: Mapped[list["OrderLine"]] = relationship(
        order_by="OrderLine.position", cascade="all, delete-orphan", lazy="raise"
    )

    def counts(self) -> bool:
        """Whether it adds to spend: paid and not cancelled."""
        return self.paid_at is not None and self.status != "cancelled"

    @property
    def spend_fen(self) -> int:
        return self.paid_fen - self.refunded_fen if self.counts() else 0


class OrderLine(Row):
    """One product in an order."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0 AND price_fen >= 0", name="quantity_and_price"),
        CheckConstraint("refunded_quantity >= 0 AND refunded_fen >= 0", name="refund_not_negative"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    line_id: Mapped[str | None]
    sku: Mapped[str]
    name: Mapped[str]
    category: Mapped[str | None]
    quantity: Mapped[int]
    price_fen: Mapped[int]
    refunded_quantity: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
