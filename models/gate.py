"""The gate every outbound effect passes."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

MODES = ("live", "rehearsal", "stopped")


class Gate(Base):
    """The one row that says whether anything goes out: live, rehearsal (演练模式) or stopped (全部停发)."""

    __tablename__ = "gate"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(default="rehearsal")
    allow_list: Mapped[list[str]] = mapped_column(default=list)  # external_userids and userids that do receive
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(default="system")
