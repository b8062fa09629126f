"""Products, as the shops sent them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Product(Row):
    """One SKU of one shop: what it is, where it is bought, and how soon it runs out."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("shop_id", "sku"),
        CheckConstraint("price_fen >= 0", name="price_not_negative"),
        CheckConstraint("cycle_days > 0", name="cycle_positive"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    sku: Mapped[str]
    name: Mapped[str]
    category: Mapped[str | None]
    price_fen: Mapped[int]
    image_url: Mapped[str | None]
    mini_program_path: Mapped[str | None]
    link_url: Mapped[str | None]  # its page on the platform
    share_text: Mapped[str | None]  # 口令: copied, it opens the product in the platform's app
    launch_on: Mapped[date | None] = mapped_column(Date)
    cycle_days: Mapped[int | None]  # how long one lasts: when a buyer needs the next
    care_note: Mapped[str | None]
    on_sale: Mapped[bool]
    changed_at: Mapped[datetime]  # the shop's updated_at: an older one never overwrites a newer
    fingerprint: Mapped[str]  # of what the shop sent: the same again changes nothing
    stored_at: Mapped[datetime]
