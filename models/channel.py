"""Channel codes: the QR codes customers come in by."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Channel(Row):
    """A contact way; `state` comes back with everybody it brought."""

    __tablename__ = "channel"

    state: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    config_id: Mapped[str | None] = mapped_column(unique=True)
    qr_code: Mapped[str] = mapped_column(default="")  # the picture's address; empty when WeCom showed none
    created_at: Mapped[datetime]
