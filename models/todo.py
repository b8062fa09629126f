"""To-dos: what a staff member is to do about a customer, with its words ready."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

KINDS = ("reminder", "call", "suggestion")


class Todo(Row):
    """open → done or dropped. `key` makes asking twice one to-do; a suggestion's row is made when staff act on it."""

    __tablename__ = "todo"
    __table_args__ = (
        Index("ix_todo_staff_id_due_at", "staff_id", "due_at"),
        Index("ix_todo_state_told_at_due_at", "state", "told_at", "due_at"),
    )

    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))  # who is to do it
    external_userid: Mapped[str]  # the chat it opens
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")  # what to say
    state: Mapped[str] = mapped_column(default="open")
    result: Mapped[str] = mapped_column(default="")
    made_by: Mapped[str]  # "staff:lan"
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # when the app's message about it was put on record
    done_at: Mapped[datetime | None]

    def is_due(self, *, by: datetime) -> bool:
        return self.state == "open" and self.due_at < by
