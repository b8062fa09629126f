"""Audiences: saved conditions over customers, evaluated anew whenever they are used."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Audience(Row):
    """Who is meant: conditions by name (`crm.audiences.Conditions`), not a list of people."""

    __tablename__ = "audience"

    name: Mapped[str] = mapped_column(unique=True)
    conditions: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=1)  # a form carries the one it read: two people never overwrite
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
