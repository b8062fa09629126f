"""Customer groups (客户群)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Group(Row):
    """One customer group. Only its owner can be given a mass message for it."""

    __tablename__ = "group_chat"

    chat_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    owner_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    customers: Mapped[int] = mapped_column(default=0)
    members: Mapped[int] = mapped_column(default=0)
    member_version: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    known_at: Mapped[datetime]  # of the newest answer applied: an older one never overwrites it
    dismissed_at: Mapped[datetime | None]
