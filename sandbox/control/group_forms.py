"""The bodies of the calls about groups, mass messages and robots."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sandbox.control.forms import ChatId, ExternalUserId, Form, Name, Text, UserId

Line = Annotated[Text, Field(min_length=1, max_length=4000)]


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
    members: list[SeatForm] = Field(default_factory=list)


class RobotForm(Form):
    name: Name
    key: Annotated[str, Field(pattern=r"^[0-9A-Za-z\-]{8,64}$")] | None = None


class JoinForm(SeatForm):
    join_scene: Literal[1, 2, 3] | None = 3


class JoinScanForm(Form):
    """A code by its config_id or its state; nobody named is somebody new."""

    config_id: Text | None = None
    state: Text | None = None
    external_userid: ExternalUserId | None = None

    @model_validator(mode="after")
    def one_code(self) -> "JoinScanForm":
        if (self.config_id is None) == (self.state is None):
            raise ValueError("name one of config_id and state")
        return self


class LeaveForm(Form):
    userid: UserId | None = None
    external_userid: ExternalUserId | None = None
    quit_scene: Literal[0, 1] = 0


class ChangeForm(Form):
    name: Name | None = None
    owner: UserId | None = None
    notice: Text | None = None


class GroupLineForm(Form):
    chat_id: ChatId
    userid: UserId | None = None
    external_userid: ExternalUserId | None = None
    text: Line


class ConfirmForm(Form):
    msgid: Name
    userid: UserId


class MassForm(Form):
    """What a member sends by themselves, or, with a `creator`, what that admin asks them to send."""

    userid: UserId
    creator: UserId | None = None
    external_userids: list[ExternalUserId] = Field(default_factory=list)
    chat_ids: list[ChatId] = Field(default_factory=list)
    text: Line

    @model_validator(mode="after")
    def one_kind(self) -> "MassForm":
        if bool(self.external_userids) == bool(self.chat_ids):
            raise ValueError("name external_userids or chat_ids")
        return self


class RulesForm(Form):
    quota: Literal["month", "week", "day"] | None = None
    routing: Literal["chosen", "last_talker"] | None = None
    dispatch_seconds: Annotated[float, Field(ge=0, le=86400)] | None = None
    group_lag_seconds: Annotated[float, Field(ge=0, le=86400)] | None = None


class TapForm(Form):
    key: Name
