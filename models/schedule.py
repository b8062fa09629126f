"""What the clock has started, and which workers are alive."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Row

STATES = ("waiting", "running", "done", "failed", "killed", "skipped")


class JobRun(Row):
    """One job at one of its slots: whoever inserts the row runs it; the slot of a run asked for by hand is that moment.

    waiting (asked for by hand) → running → done / failed; killed: its workers died, three in turn; skipped: noted, not
    run. Overrunning is not a state of its own: running, and `expected_by` is over.
    """

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "slot"), Index("ix_job_run_state_expected_by", "state", "expected_by"))

    job: Mapped[str]
    slot: Mapped[datetime]
    state: Mapped[str]
    worker: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=1)
    did: Mapped[int | None]  # what the job returned
    reason: Mapped[str] = mapped_column(default="")  # the kind of its error, never the text
    started_at: Mapped[datetime]
    expected_by: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WorkerBeat(Row):
    """A worker process, and when it last said that it is alive: by the real clock, never the sandbox's."""

    __tablename__ = "worker_beat"

    worker: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime] = mapped_column(index=True)
