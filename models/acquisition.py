"""What WeCom told of acquisition links (获客助手)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class AcquisitionEvent(Row):
    """One event of a link or of its quota. A link we never made, or a customer we never met, is kept all the same."""

    __tablename__ = "acquisition_event"

    key: Mapped[str] = mapped_column(unique=True)  # the callback's: told twice, it is here once
    change: Mapped[str]  # "open_profile", "friend_request", "customer_start_chat", "balance_low", …
    link_id: Mapped[str] = mapped_column(default="", index=True)
    state: Mapped[str] = mapped_column(default="")
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what is left of the event, a quota's numbers
    happened_at: Mapped[datetime]
