"""WeCom's access tokens and JS tickets, and who may fetch the next one."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Token(Base):
    """One cached token. Whoever moves `refreshing_until` forward by a conditional UPDATE fetches the next one."""

    __tablename__ = "token"

    name: Mapped[str] = mapped_column(primary_key=True)  # "wecom:{corp}:{agent}:access", ":jsapi", ":agent_jsapi"
    value_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    refreshing_until: Mapped[datetime | None]
