"""Quick replies (话术库): words that are ready to be sent, the shop's and everybody's own."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class QuickReply(Row):
    """One reply; `staff_id` is whose own it is, None for the shop's, which everybody sees.

    The text may hold 称呼, 商品 and 门店 in braces: they are filled in for the customer it is sent to.
    """

    __tablename__ = "quick_reply"
    __table_args__ = (Index("ix_quick_reply_staff_id_group_name", "staff_id", "group_name"),)

    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    group_name: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=0)  # how often it was put on record to be sent
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
