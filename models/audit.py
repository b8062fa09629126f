"""The audit trail: who did what, and who was refused."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row


class Audit(Row):
    """One deed or refusal. Holds ids and counts, never names, phones or texts."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_action_subject_at", "action", "subject", "at"),)

    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]  # "staff:lan", "user:3", "shop:2", "system"
    action: Mapped[str]  # "customer.read", "coupon.grant", "sign_in", …
    subject: Mapped[str] = mapped_column(default="")  # "customer:7", …
    outcome: Mapped[str]  # "done" or the code of the refusal
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
