"""What products tell of each other, worked out every night, and what staff do not want recommended."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class ProductPair(Row):
    """Of the `buyers` of a product, `both` bought the other one, too. Only pairs that say something are kept."""

    __tablename__ = "product_pair"
    __table_args__ = (UniqueConstraint("product_id", "other_product_id"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    other_product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    buyers: Mapped[int]
    both: Mapped[int]


class ProductCycle(Row):
    """After how many days buyers of a product buy it again: the median of so many gaps."""

    __tablename__ = "product_cycle"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), unique=True)
    days: Mapped[int]
    gaps: Mapped[int]


class HiddenProduct(Row):
    """A product that a member of staff does not want recommended for a customer any more."""

    __tablename__ = "hidden_product"
    __table_args__ = (UniqueConstraint("identity_id", "product_id"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))  # the contact whose chat was open
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    hidden_at: Mapped[datetime]
