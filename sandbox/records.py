"""The records of a corp, each with the key it is kept under."""

from dataclasses import dataclass, field
from typing import Any, Literal

Relation = Literal["half", "mutual", "deleted_by_member", "deleted_by_customer"]


@dataclass
class Department:
    id: int
    name: str
    parentid: int
    order: int

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass
class Member:
    userid: str
    name: str
    department: list[int]
    position: str = ""
    avatar: str = ""
    gender: int = 0
    customer_contact: bool = True
    licensed: bool = True
    status: int = 1  # 1 active, 2 disabled, 4 not activated, 5 left
    visible: bool = True  # inside the app's visible range
    left_at: int = 0

    @property
    def key(self) -> str:
        return self.userid.lower()


@dataclass
class Customer:
    external_userid: str
    name: str
    unionid: str | None
    openid: str
    type: int = 1  # 1 WeChat, 2 WeCom
    gender: int = 0
    avatar: str = ""
    bound: bool = True  # False: the developer account is not bound, WeCom never shows the unionid

    @property
    def key(self) -> str:
        return self.external_userid

    def shown_unionid(self) -> str | None:
        return self.unionid if self.bound and self.type == 1 else None


@dataclass
class Follow:
    """One member and one customer; what the member wrote about the customer belongs to the pair."""

    userid: str
    external_userid: str
    createtime: int
    number: int  # cursors point at it: it grows with every add
    relation: Relation = "mutual"
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tag_ids: list[str] = field(default_factory=list)
    add_way: int = 1
    state: str = ""
    oper_userid: str = ""

    @property
    def key(self) -> str:
        return follow_key(self.userid, self.external_userid)

    def is_contact(self) -> bool:
        """A customer who deleted the member still counts; a half add and a member's deletion do not."""
        return self.relation in ("mutual", "deleted_by_customer")


def follow_key(userid: str, external_userid: str) -> str:
    return f"{userid.lower()}|{external_userid}"


@dataclass
class TagGroup:
    group_id: str
    name: str
    order: int
    create_time: int
    owner: str  # "admin", or the app that made it
    deleted: bool = False

    @property
    def key(self) -> str:
        return self.group_id


@dataclass
class Tag:
    tag_id: str
    group_id: str
    name: str
    order: int
    create_time: int
    owner: str
    deleted: bool = False

    @property
    def key(self) -> str:
        return self.tag_id


@dataclass
class ContactWay:
    config_id: str
    type: int  # 1 one member, 2 several
    scene: int  # 1 mini-program button, 2 QR code
    created_at: int
    user: list[str] = field(default_factory=list)
    party: list[int] = field(default_factory=list)
    state: str = ""
    remark: str = ""
    style: int = 1
    skip_verify: bool = True
    is_temp: bool = False
    expires_in: int = 604800
    chat_expires_in: int = 86400
    unionid: str = ""
    is_exclusive: bool = False
    conclusions: dict[str, Any] = field(default_factory=dict)
    scans: int = 0

    @property
    def key(self) -> str:
        return self.config_id


@dataclass
class Pass:
    """Something issued for a while: an access token, a JS ticket, a sign-in code, a welcome code, a user ticket."""

    kind: str
    value: str
    issued_at: float
    expires_at: float
    holder: dict[str, Any]
    used_at: float | None = None
    withdrawn: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.value}"


@dataclass
class Media:
    media_id: str
    type: str
    name: str
    size: int
    url: str
    expires_at: float
    robot: str = ""  # the key of the robot it was uploaded for; nobody else can use it

    @property
    def key(self) -> str:
        return self.media_id


@dataclass
class Message:
    id: int
    at: float
    userid: str
    external_userid: str
    sender: str  # "staff" or "customer"
    kind: str
    content: dict[str, Any]
    source: str  # "chat", "welcome", "sidebar" or "mass"
    msgid: str = ""  # of the mass message

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass
class Event:
    """Something that happened; one with `xml` is pushed to the callback address."""

    id: int
    at: float
    kind: str
    text: str
    detail: dict[str, Any]
    xml: str | None = None
    delivery: str = ""  # "pending", "delivered", "failed", "dropped", "off"; empty: nothing to deliver
    tries: int = 0

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass
class Setting:
    name: str
    value: Any

    @property
    def key(self) -> str:
        return self.name
