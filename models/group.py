"""Customer groups (客户群), and who is in them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
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
    members_known_at: Mapped[datetime | None]  # the answer whose members are all stored; they come some at a time
    dismissed_at: Mapped[datetime | None]


class GroupMember(Row):
    """Somebody who is, or was, in a group: staff, or a person outside by the identity of their external_userid."""

    __tablename__ = "group_member"
    __table_args__ = (
        UniqueConstraint("group_id", "member"),
        CheckConstraint("(staff_id IS NULL) <> (identity_id IS NULL)", name="staff_or_outside"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("group_chat.id"))
    member: Mapped[str]  # an external_userid, or a userid in lower case
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    unionid: Mapped[str | None]
    joined_at: Mapped[datetime]
    join_scene: Mapped[int] = mapped_column(default=0)  # 1 invited, 2 by an invitation's link, 3 by the group's code
    invitor: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    left_at: Mapped[datetime | None]
    quit_scene: Mapped[int | None]  # 0 left, 1 removed; None when only a list without them told us

    def is_in(self) -> bool:
        return self.left_at is None
