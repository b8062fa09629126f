"""Customer groups (客户群) as WeCom shows them (docs/wecom.md 5)."""

from datetime import datetime
from typing import Any

from pydantic import field_validator

from wecom.types import Answer, moment


class GroupChatStatus(Answer):
    """One line of the list: status 0 its owner is there, 1 resigned, 2 being handed over, 3 handed over."""

    chat_id: str
    status: int = 0


class GroupChatPage(Answer):
    chats: tuple[GroupChatStatus, ...] = ()
    next_cursor: str = ""


class GroupMember(Answer):
    """type 1 staff, 2 external; `userid` is then an external_userid. join_scene 1 invited, 2 by link, 3 by QR code."""

    userid: str
    type: int = 2
    unionid: str | None = None
    join_time: int = 0
    join_scene: int = 0
    invitor: str = ""
    name: str = ""
    state: str = ""

    @property
    def joined_at(self) -> datetime:
        return moment(self.join_time)

    @field_validator("invitor", mode="before")
    @classmethod
    def _userid_alone(cls, found: Any) -> Any:
        return _userid(found)


class GroupChat(Answer):
    """One group with everybody in it; `member_version` changes with every join and leave."""

    chat_id: str
    name: str = ""
    owner: str = ""
    create_time: int = 0
    notice: str = ""
    member_list: tuple[GroupMember, ...] = ()
    admin_list: tuple[str, ...] = ()
    member_version: str = ""

    @property
    def created_at(self) -> datetime:
        return moment(self.create_time)

    @field_validator("admin_list", mode="before")
    @classmethod
    def _userids_alone(cls, found: Any) -> Any:
        return [_userid(each) for each in found] if isinstance(found, list | tuple) else found


def _userid(found: Any) -> Any:
    return found.get("userid", "") if isinstance(found, dict) else found
