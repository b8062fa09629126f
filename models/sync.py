"""What a full sync saw, and where it is."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("running", "done", "stopped", "failed")
STAGES = ("directory", "tags", "channels", "serving", "customers", "groups")


class SyncRun(Row):
    """One pass over everything WeCom shows. Each page is committed with the place behind it.

    running → done; stopped (by a person or a signal) and failed ones are gone on with. `holder` is the process at it,
    until `held_until`.
    """

    __tablename__ = "sync_run"

    state: Mapped[str] = mapped_column(index=True)
    stage: Mapped[str] = mapped_column(default=STAGES[0])
    members: Mapped[list[str]] = mapped_column(default=list)  # who serves customers, in the order they are asked for
    position: Mapped[int] = mapped_column(default=0)  # members before it are done
    single_until: Mapped[int] = mapped_column(default=0)  # members before it are asked for one by one
    cursor: Mapped[str] = mapped_column(default="")
    cursor_at: Mapped[datetime | None]  # when WeCom gave it; old ones are not believed
    chunk_began_at: Mapped[datetime | None]  # of these members: what is not shown after it is gone
    left_out: Mapped[list[str]] = mapped_column(default=list)  # of these members: those without a licence
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unseen: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # {"userid", "errcode"}, at most 200
    unseen_count: Mapped[int] = mapped_column(default=0)
    expected: Mapped[int] = mapped_column(default=0)  # follows that were open when it began
    is_first: Mapped[bool] = mapped_column(default=False)  # what it finds is new, and was not lost on the way
    started_by: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # the last page
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    holder: Mapped[str] = mapped_column(default="")
    held_until: Mapped[datetime | None]
    stop_asked_at: Mapped[datetime | None]

    @property
    def repaired(self) -> dict[str, int]:
        """What it put right, by kind."""
        prefix = "fixed."
        return {kind.removeprefix(prefix): n for kind, n in self.counts.items() if kind.startswith(prefix) and n}
