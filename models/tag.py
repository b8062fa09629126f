"""Tags, and who carries them."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Tag(Row):
    """A tag in its group; `wecom_id` is WeCom's id of a corp tag, None for a local one."""

    __tablename__ = "tag"

    wecom_id: Mapped[str | None] = mapped_column(unique=True)
    group_name: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]


class TagAssignment(Row):
    """A customer carries a tag, put there by a staff member's WeCom, a rule, staff or a survey."""

    __tablename__ = "tag_assignment"
    __table_args__ = (UniqueConstraint("tag_id", "identity_id", "staff_id"),)

    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)  # derived; follows a merge
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))  # a WeCom tag belongs to (member, customer)
    source: Mapped[str]  # "wecom", "staff", "rule" or "survey"
    assigned_at: Mapped[datetime]
