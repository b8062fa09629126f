"""The body of `POST /sandbox/load`: a whole corp."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.control.forms import ChatId, CustomerForm, ExternalUserId, Form, Moment, Name, TagRef, Text, UserId
from sandbox.control.group_forms import GroupForm, RobotForm


class DepartmentForm(Form):
    id: Annotated[int, Field(ge=1, lt=2**32)]
    name: Name
    parentid: int = 0
    order: int = 0


class MemberForm(Form):
    userid: UserId
    name: Name
    department: list[int] = Field(default_factory=lambda: [1])
    position: Text = ""
    avatar: Text = ""
    gender: Literal[0, 1, 2] = 0
    customer_contact: bool = True
    licensed: bool = True
    status: Literal[1, 2, 4, 5] = 1
    visible: bool = True


class FollowForm(Form):
    userid: UserId
    external_userid: ExternalUserId
    createtime: Annotated[int, Field(ge=0, lt=2**32)]
    remark: Text = ""
    description: Text = ""
    remark_mobiles: list[Text] = Field(default_factory=list)
    add_way: int = 1
    state: Annotated[Text, Field(max_length=30)] = ""
    relation: Literal["half", "mutual", "deleted_by_member", "deleted_by_customer"] = "mutual"
    tags: list[TagRef] = Field(default_factory=list)


class TagGroupForm(Form):
    name: Name
    tags: list[Name]


class ContactWayForm(Form):
    user: list[UserId]
    state: Annotated[Text, Field(max_length=30)] = ""
    remark: Annotated[Text, Field(max_length=30)] = ""
    config_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    skip_verify: bool = True


class LoadedMessage(Form):
    userid: UserId
    external_userid: ExternalUserId
    from_: Annotated[Literal["staff", "customer"], Field(alias="from")]
    text: Name
    at: Moment


class LoadedGroup(GroupForm):
    chat_id: ChatId | None = None
    create_time: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    notice: Text = ""
    admins: list[UserId] = Field(default_factory=list)


class LoadedGroupMessage(Form):
    chat_id: ChatId
    userid: UserId | None = None
    external_userid: ExternalUserId | None = None
    text: Name
    at: Moment


class LoadForm(Form):
    departments: list[DepartmentForm] = Field(default_factory=list)
    staff: list[MemberForm] = Field(default_factory=list)
    customers: list[CustomerForm] = Field(default_factory=list)
    tag_groups: list[TagGroupForm] = Field(default_factory=list)
    follows: list[FollowForm] = Field(default_factory=list)
    contact_ways: list[ContactWayForm] = Field(default_factory=list)
    messages: list[LoadedMessage] = Field(default_factory=list)
    groups: list[LoadedGroup] = Field(default_factory=list)
    group_messages: list[LoadedGroupMessage] = Field(default_factory=list)
    robots: list[RobotForm] = Field(default_factory=list)
