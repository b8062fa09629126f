"""Staff and departments, as WeCom's directory has them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Department(Row):
    """A department; `wecom_id` is WeCom's own number, 1 the root."""

    __tablename__ = "department"

    wecom_id: Mapped[int] = mapped_column(unique=True)
    parent_wecom_id: Mapped[int]
    name: Mapped[str]


class Staff(Row):
    """A member of staff. `userid` keeps WeCom's spelling, `userid_key` is its lower case: WeCom compares so."""

    __tablename__ = "staff"

    userid: Mapped[str]
    userid_key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    avatar: Mapped[str] = mapped_column(default="")
    position: Mapped[str] = mapped_column(default="")
    department_wecom_ids: Mapped[list[int]] = mapped_column(default=list)
    serves_customers: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]  # when the directory last showed them
    app_in_at: Mapped[datetime | None]  # came into the app's visible range
    app_out_at: Mapped[datetime | None]  # fell out of it
    app_seen_at: Mapped[datetime | None]  # last opened the app, wrote to it or pressed a card
