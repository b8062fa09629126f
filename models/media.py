"""Pictures, videos and files that operators attach; WeCom keeps an upload three days, we keep the original."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

KINDS = ("image", "video", "file")


class Media(Row):
    """One original, stored once by its digest; `media_id` is WeCom's name of the last upload while it is good."""

    __tablename__ = "media"

    digest: Mapped[str] = mapped_column(unique=True)  # sha256 of kind and content
    kind: Mapped[str]
    name: Mapped[str]
    mime: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    media_id: Mapped[str | None]
    media_id_until: Mapped[datetime | None]
