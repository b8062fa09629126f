"""Files that operators take in through the console."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("uploading", "draft", "waiting", "running", "checked", "done", "stopped", "failed")


class FileImport(Row):
    """One upload, what its columns mean, and how far it has come. The file itself lies in `imports.folder`.

    uploading → draft → waiting → running → checked (dry run) / done; stopped and failed may wait again.
    """

    __tablename__ = "file_import"
    __table_args__ = (Index("ix_file_import_state_lease_until", "state", "lease_until"),)

    state: Mapped[str]
    kind: Mapped[str] = mapped_column(default="orders")  # what is in it: orders or products
    files: Mapped[list[dict[str, Any]]]  # name and size of each, as they were chosen
    shop: Mapped[str] = mapped_column(default="")
    preset: Mapped[str] = mapped_column(default="")  # "" with columns chosen by hand
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)  # `Mapping` or `ProductMapping` of `files/`
    is_dry: Mapped[bool] = mapped_column(default=True)  # what is asked for: count only, or store
    step: Mapped[str] = mapped_column(default="")  # read, check, store
    did: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    a_second: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)  # `Report` or `ProductReport` of `files/`, once there
    reason: Mapped[str] = mapped_column(default="")  # why it failed, in the user's words
    stop_asked_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # its files are gone
