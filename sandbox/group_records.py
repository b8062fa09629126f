"""Customer groups and what is said in them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Group:
    """`members` are rows of id, type (1 staff, 2 customer), join_time, join_scene, invitor, state."""

    chat_id: str
    name: str
    owner: str
    create_time: int
    number: int  # cursors point at it
    member_version: str
    notice: str = ""
    admins: list[str] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    dismissed: bool = False
    inherited: bool = False  # from an owner who left
    handed_over: list[float] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)  # how it looked, each with the moment `until`

    @property
    def key(self) -> str:
        return self.chat_id

    def member(self, id: str) -> dict[str, Any] | None:
        return next((member for member in self.members if member["id"].lower() == id.lower()), None)

    def shown(self, now: float) -> dict[str, Any]:
        """Its looks as the API knows them at this moment: late by the lag in force at each change."""
        late = next((past for past in self.past if now < past["until"]), None)
        return late or self.looks()

    def looks(self) -> dict[str, Any]:
        names = ("name", "owner", "notice", "admins", "members", "member_version")
        return {name: getattr(self, name) for name in names}


@dataclass
class JoinWay:
    """A code that leads into the first of its groups that has room."""

    config_id: str
    owner: str  # the app that made it
    scene: int  # 1 mini-program button, 2 QR code
    chat_id_list: list[str]
    remark: str = ""
    auto_create_room: int = 1
    room_base_name: str = ""
    room_base_id: int = 1
    state: str = ""
    mark_source: bool = False
    scans: int = 0

    @property
    def key(self) -> str:
        return self.config_id


@dataclass
class GroupMessage:
    id: int
    at: float
    chat_id: str
    userid: str  # who said it: a member or a customer
    kind: str
    content: dict[str, Any]
    source: str  # "mass" or "chat"
    msgid: str = ""

    @property
    def key(self) -> str:
        return str(self.id)
