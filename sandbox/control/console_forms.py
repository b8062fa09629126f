"""The bodies of what admins do in the console, and of what members do with the app."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sandbox.control.forms import ExternalUserId, Form, Name, Text, UserId

DepartmentId = Annotated[int, Field(ge=1, lt=2**32)]


class StaffPatch(Form):
    status: Literal[1, 2, 4, 5] | None = None
    customer_contact: bool | None = None
    licensed: bool | None = None
    visible: bool | None = None
    name: Name | None = None
    department: list[DepartmentId] | None = None
    position: Text | None = None
    new_userid: UserId | None = None


class DepartmentPatch(Form):
    name: Name | None = None
    parentid: DepartmentId | None = None
    order: int | None = None


class ContactTagForm(Form):
    """Who was put under a directory tag of the corp, and who was taken out."""

    tag_id: DepartmentId
    add_users: list[UserId] = Field(default_factory=list)
    remove_users: list[UserId] = Field(default_factory=list)
    add_parties: list[DepartmentId] = Field(default_factory=list)
    remove_parties: list[DepartmentId] = Field(default_factory=list)


class NameForm(Form):
    name: Annotated[Name, Field(max_length=30)]


class ShuffleForm(Form):
    group_id: Name | None = None
    ids: list[Name]


class AppEventForm(Form):
    userid: UserId
    do: Literal["text", "enter", "click", "view"]
    text: Annotated[Text, Field(min_length=1, max_length=2048)] | None = None
    key: Text | None = None

    @model_validator(mode="after")
    def has_its_words(self) -> "AppEventForm":
        if (self.do == "text") != (self.text is not None):
            raise ValueError("a text has a text, and nothing else has")
        return self


class VisitForm(Form):
    """What a customer does with an acquisition link; nobody named is somebody new."""

    external_userid: ExternalUserId | None = None
    customer_channel: Text = ""
    text: Annotated[Text, Field(min_length=1, max_length=4000)] = "您好"


class QuotaPart(Form):
    expire_date: Annotated[int, Field(ge=0, lt=2**32)]
    balance: Annotated[int, Field(ge=0)]


class QuotaForm(Form):
    total: Annotated[int, Field(ge=0)]
    quota_list: list[QuotaPart]


class AlarmForm(Form):
    change: Literal["balance_low", "balance_exhausted", "balance_increased", "quota_expire_soon", "link_unavailable"]
    link_id: Name | None = None
    expire_time: int | None = None
    expire_quota_num: int | None = None


class OneCall(Form):
    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-@./]+$")]
    method: Literal["POST", "PATCH", "PUT", "DELETE"] = "POST"
    body: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def is_one(self) -> "OneCall":
        if self.path.strip("/.") == "many":
            raise ValueError("many calls in one of many calls")
        return self


class ManyForm(Form):
    calls: Annotated[list[OneCall], Field(max_length=1000)]
