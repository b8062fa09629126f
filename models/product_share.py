"""Products that staff sent to customers: one row for each sending, and whether its page was opened."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

WAYS = ("card", "page", "link")


class ProductShare(Row):
    """One product sent by one member to one customer; of its link only a digest of the token is kept."""

    __tablename__ = "product_share"
    __table_args__ = (Index("ix_product_share_identity_id_product_id", "identity_id", "product_id"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))  # the contact it was sent to
    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id"), unique=True)  # how sending it went
    way: Mapped[str]  # "card" (mini-program), "page" (ours), "link" (the platform's)
    token_digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]  # first, in WeChat and not by staff
    opens: Mapped[int] = mapped_column(default=0)
