"""Console users and the links that let somebody in once."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

ROLES = ("owner", "operator", "manager", "finance", "developer")


class User(Row):
    """Somebody who works in the console."""

    __tablename__ = "user"

    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]  # argon2
    language: Mapped[str] = mapped_column(default="zh")
    may_export: Mapped[bool] = mapped_column(default=False)  # all we hold of a customer; on top of the role
    epoch: Mapped[int] = mapped_column(default=0)  # raised to end every session of this user
    department_wecom_id: Mapped[int | None]  # a manager's: they see the customers of its staff, and of those below it
    may_reveal_phones: Mapped[bool] = mapped_column(default=False)  # a right on top of the role; an owner has it
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class OneTimeLink(Row):
    """A link that signs in the first owner; good once."""

    __tablename__ = "one_time_link"

    token_digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
