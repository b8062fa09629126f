"""The bodies of the `/sandbox/…` calls. Unknown keys and wrong types are refused, and so are NUL characters."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[Text, Field(min_length=1, max_length=128)]
UserId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-@.]{1,64}$")]
ExternalUserId = Annotated[str, Field(pattern=r"^w[mo][A-Za-z0-9_\-]{30}$")]
ChatId = Annotated[str, Field(pattern=r"^wr[A-Za-z0-9_\-]{30}$")]
Moment = Annotated[float, Field(ge=0, lt=253402300800)]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CallbackForm(Form):
    url: Text | None


class Cookie(Form):
    name: Name
    path: Text = "/"


class ClientForm(Form):
    sidebar_url: Text
    start_url: Text | None = None
    console_url: Text | None = None
    forget_cookies: list[Cookie] = []


class DepartmentForm(Form):
    id: Annotated[int, Field(ge=1, lt=2**32)]
    name: Name
    parentid: int = 0
    order: int = 0


class MemberForm(Form):
    userid: UserId
    name: Name
    department: list[int] = [1]
    position: Text = ""
    avatar: Text = ""
    gender: Literal[0, 1, 2] = 0
    customer_contact: bool = True
    licensed: bool = True
    status: Literal[1, 2, 4, 5] = 1


class CustomerForm(Form):
    """A key that is absent is made up; `unionid: null` means that there is none."""

    external_userid: ExternalUserId | None = None
    name: Name | None = None
    unionid: Name | None = None
    gender: Literal[0, 1, 2] = 0
    avatar: Text = ""
    type: Literal[1, 2] = 1
    bound: bool = True

    def given(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in self.model_fields_set}


class CustomerPatch(Form):
    name: Name | None = None
    unionid: Name | None = None
    bound: bool | None = None


class StaffPatch(Form):
    status: Literal[1, 2, 4, 5] | None = None
    customer_contact: bool | None = None
    licensed: bool | None = None


class TagRef(Form):
    group: Name
    name: Name


class FollowForm(Form):
    userid: UserId
    external_userid: ExternalUserId
    createtime: Annotated[int, Field(ge=0, lt=2**32)]
    remark: Text = ""
    description: Text = ""
    remark_mobiles: list[Text] = []
    add_way: int = 1
    state: Annotated[Text, Field(max_length=30)] = ""
    relation: Literal["half", "mutual", "deleted_by_member", "deleted_by_customer"] = "mutual"
    tags: list[TagRef] = []


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


class SeatForm(Form):
    """Somebody's place in a group."""

    userid: UserId | None = None
    external_userid: ExternalUserId | None = None
    join_time: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    join_scene: Literal[1, 2, 3] | None = None
    invitor: UserId | None = None
    state: Annotated[Text, Field(max_length=30)] = ""

    @model_validator(mode="after")
    def one_person(self) -> "SeatForm":
        if (self.userid is None) == (self.external_userid is None):
            raise ValueError("name one of userid and external_userid")
        return self


class GroupForm(Form):
    name: Name
    owner: UserId
    members: list[SeatForm] = []


class LoadedGroup(GroupForm):
    chat_id: ChatId | None = None
    create_time: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    notice: Text = ""
    admins: list[UserId] = []


class LoadedGroupMessage(Form):
    chat_id: ChatId
    userid: UserId | None = None
    external_userid: ExternalUserId | None = None
    text: Name
    at: Moment


class RobotForm(Form):
    name: Name
    key: Annotated[str, Field(pattern=r"^[0-9A-Za-z\-]{8,64}$")] | None = None


class LoadForm(Form):
    departments: list[DepartmentForm] = []
    staff: list[MemberForm] = []
    customers: list[CustomerForm] = []
    tag_groups: list[TagGroupForm] = []
    follows: list[FollowForm] = []
    contact_ways: list[ContactWayForm] = []
    messages: list[LoadedMessage] = []
    groups: list[LoadedGroup] = []
    group_messages: list[LoadedGroupMessage] = []
    robots: list[RobotForm] = []


class ResetForm(Form):
    seed: int | None = None


class Appointment(Form):
    """The next such moment in Shanghai; of any day without a weekday."""

    weekday: Annotated[int, Field(ge=1, le=7)] | None = None  # 1 is Monday
    time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class ClockForm(Form):
    now: Moment | None = None
    to: Appointment | None = None
    advance: Annotated[float, Field(ge=-(10**10), le=10**10)] | None = None
    frozen: bool | None = None


class ScanForm(Form):
    external_userid: ExternalUserId | None = None
    userid: UserId | None = None
    config_id: Text | None = None
    state: Text | None = None
    half: bool = False

    @model_validator(mode="after")
    def one_code(self) -> "ScanForm":
        if sum(value is not None for value in (self.userid, self.config_id, self.state)) != 1:
            raise ValueError("name one of userid, config_id and state")
        return self


class PairForm(Form):
    userid: UserId
    external_userid: ExternalUserId


class EditForm(PairForm):
    remark: Annotated[Text, Field(max_length=20)] | None = None
    remark_mobiles: list[Text] | None = None
    add_tags: list[Name] = []
    remove_tags: list[Name] = []


class DeleteForm(PairForm):
    by: Literal["staff", "customer"]


class MessageForm(PairForm):
    from_: Annotated[Literal["staff", "customer"], Field(alias="from")]
    text: Annotated[Text, Field(min_length=1, max_length=4000)]


class SignInForm(Form):
    userid: UserId


class BridgeForm(Form):
    frame: Name
    userid: UserId
    external_userid: ExternalUserId | None = None
    entry: Name = "single_chat_tools"
    name: Name
    params: dict[str, Any] = {}
    href: Text
