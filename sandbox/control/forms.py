"""The bodies of the `/sandbox/…` calls. Unknown keys and wrong types are refused, and so are NUL characters."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sandbox.clock import LATEST


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[Text, Field(min_length=1, max_length=128)]
UserId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-@.]{1,64}$")]
ExternalUserId = Annotated[str, Field(pattern=r"^w[mo][A-Za-z0-9_\-]{30}$")]
ChatId = Annotated[str, Field(pattern=r"^wr[A-Za-z0-9_\-]{30}$")]
Moment = Annotated[float, Field(ge=0, lt=LATEST)]


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


class TagRef(Form):
    group: Name
    name: Name


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


class CorpRulesForm(Form):
    concurrent_calls: Annotated[int, Field(ge=1)] = 20
    paid_scale: Annotated[int, Field(ge=0)] | None = None
    customers_per_member: Annotated[int, Field(ge=0)] = 5000
    member_list: Literal["items", "comma"] = "items"
    invited_join_scene: Literal[0, 1] = 0
    group_size: Annotated[int, Field(ge=2)] = 500
    transfer_keeps_notes: bool = True
    acquisition_links: Annotated[int, Field(ge=0)] = 1000


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


class CustomerRef(Form):
    external_userid: ExternalUserId


class EditForm(PairForm):
    remark: Annotated[Text, Field(max_length=20)] | None = None
    remark_mobiles: list[Text] | None = None
    add_tags: list[Name] = []
    remove_tags: list[Name] = []


class TagManyForm(Form):
    """All of the member's customers, unless it names some."""

    userid: UserId
    external_userids: list[ExternalUserId] | None = None
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
    chat_id: ChatId | None = None
    entry: Literal[
        "contact_profile", "single_chat_tools", "group_chat_tools", "chat_attachment", "single_kf_tools",
        "chain_single_chat_tools", "chain_group_chat_tools", "internal_group_chat_board", "normal",
    ] = "single_chat_tools"  # fmt: skip
    name: Name
    params: dict[str, Any] = {}
    href: Text


class NextSendForm(Form):
    answer: Literal["normal", "cancelled", "refused", "slow", "never"]
    seconds: Annotated[float, Field(ge=0, le=600)] = 15
