"""What a member of staff did with customers on one day, as WeCom counts it (联系客户统计)."""

from datetime import date

from sqlalchemy import Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class StaffDay(Row):
    """One member, one day of WeCom's (Asia/Shanghai). The last two are None on a day no customer spoke first."""

    __tablename__ = "staff_day"
    __table_args__ = (UniqueConstraint("staff_id", "on_day"),)

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    on_day: Mapped[date] = mapped_column(Date)
    chats: Mapped[int]
    messages: Mapped[int]
    applied: Mapped[int]  # asked customers to add them
    gained: Mapped[int]
    lost: Mapped[int]  # were deleted or blocked by
    reply_percent: Mapped[int | None]
    first_reply_minutes: Mapped[int | None]
