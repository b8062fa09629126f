"""What apps and robots send to staff."""

from dataclasses import dataclass
from typing import Any


@dataclass
class AppMessage:
    id: int
    at: float
    userid: str
    msgtype: str
    content: dict[str, Any]
    msgid: str
    dropped: bool = False  # beyond what one member may get; the API does not say so
    response_code: str = ""

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass
class Robot:
    key: str
    name: str
    removed: bool = False


@dataclass
class RobotMessage:
    id: int
    at: float
    robot: str
    msgtype: str
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.id)
