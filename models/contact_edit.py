"""What is to be written to WeCom about a contact: tags, remark, description."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class ContactEdit(Row):
    """One call for one (member, contact); those of a pair go one after the other, in the order they were asked for.

    planned → trying → done / failed; would_send in rehearsal, held when all is stopped. Doing it twice comes out the
    same, so what was never answered is simply tried again.
    """

    __tablename__ = "contact_edit"
    __table_args__ = (
        Index("ix_contact_edit_state_next_try_at", "state", "next_try_at"),
        Index("ix_contact_edit_staff_id_identity_id", "staff_id", "identity_id"),
    )

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # "tag", "untag" or "remark"
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    external_userid: Mapped[str]
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"))
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)  # remark, description
    state: Mapped[str] = mapped_column(default="planned")
    tries: Mapped[int] = mapped_column(default=0)
    errcode: Mapped[int | None]
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
