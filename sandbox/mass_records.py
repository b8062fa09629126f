"""Mass messages, the task of each member, and what came of each recipient."""

from dataclasses import dataclass, field
from typing import Any

NOT_SENT, SENT, NOT_FRIEND, OVER_QUOTA = 0, 1, 2, 3


@dataclass
class MassMessage:
    msgid: str
    number: int  # cursors point at it
    chat_type: str  # "single" or "group"
    created_at: float
    dispatched_at: float  # 41063 before it
    creator: str | None  # None: made by the API
    create_type: int  # 0 corp, 1 member
    text: str
    attachments: list[dict[str, Any]]  # as they were given
    senders: list[str]
    cancelled_at: float | None = None
    reminded_at: list[float] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.msgid


@dataclass
class MassTask:
    """The part of one member. One record for all its recipients: there may be ten thousand."""

    msgid: str
    userid: str
    targets: list[str]  # external_userids, or chat_ids
    sent_at: float | None = None
    statuses: list[int] = field(default_factory=list)  # as long as `targets` once sent

    @property
    def key(self) -> str:
        return task_key(self.msgid, self.userid)

    def status_of(self, place: int) -> int:
        return self.statuses[place] if self.statuses else NOT_SENT


def task_key(msgid: str, userid: str) -> str:
    return f"{msgid}|{userid.lower()}"
