"""What staff write about a customer: notes, the birthday, fields of the shop's own."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Note(Row):
    """A colleague's words about a customer; a private one is for its author alone."""

    __tablename__ = "note"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str]
    is_private: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ProfileField(Row):
    """One thing staff know of a customer by name: `birthday` as MM-DD or YYYY-MM-DD, or a field of the settings."""

    __tablename__ = "profile_field"
    __table_args__ = (UniqueConstraint("identity_id", "name"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    name: Mapped[str]
    value: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
