"""Acquisition links (获客链接), and who came by them."""

from dataclasses import dataclass, field


@dataclass
class AcquisitionLink:
    link_id: str
    name: str
    create_time: int
    number: int  # cursors point at it
    owner: str  # the app that made it
    users: list[str] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    skip_verify: bool = True
    opened_at: list[float] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.link_id


@dataclass
class Acquired:
    """A customer who came by a link."""

    number: int
    link_id: str
    userid: str
    external_userid: str
    state: str
    at: float
    messages: int = 0  # what the customer has said
    chatted: bool = False

    @property
    def key(self) -> str:
        return str(self.number)
