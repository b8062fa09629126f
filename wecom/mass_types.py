"""What was sent, as WeCom tells it: mass messages, tasks, results, app messages, media (docs/wecom.md 6, 7, 9)."""

from datetime import datetime
from typing import Any

from pydantic import Field, field_validator, model_validator

from wecom.types import Answer, moment


class MassMessageCreated(Answer):
    """`fail_list`: the external_userids or chat_ids that get no task, because WeCom knows or reaches them not."""

    msgid: str = Field(min_length=1)
    fail_list: tuple[str, ...] = ()


class MassMessageShown(Answer):
    """One line of the list, anybody's: create_type 0 by the corp, 1 by a member; made by an app it has no `creator`."""

    msgid: str
    creator: str = ""
    create_time: int = 0
    create_type: int = 0
    text: str = ""
    attachments: tuple[dict[str, Any], ...] = ()

    @property
    def created_at(self) -> datetime:
        return moment(self.create_time)

    @field_validator("text", mode="before")
    @classmethod
    def _content(cls, found: Any) -> Any:
        return found.get("content") or "" if isinstance(found, dict) else found


class MassMessagePage(Answer):
    messages: tuple[MassMessageShown, ...] = ()
    next_cursor: str = ""


class _Sent(Answer):
    status: int = 0
    send_time: int = 0

    @property
    def sent_at(self) -> datetime | None:
        return moment(self.send_time) if self.send_time else None


class MassTaskShown(_Sent):
    """One member's part of a mass message: status 0 not sent yet, 2 sent. Until they confirm nobody gets it."""

    userid: str


class MassTaskPage(Answer):
    tasks: tuple[MassTaskShown, ...] = ()
    next_cursor: str = ""


class MassResultShown(_Sent):
    """What became of one recipient: status 0 not sent yet, 1 sent, 2 no friend any more, 3 at their limit.

    `target` is the external_userid or chat_id, `userid` who really sends it, `send_time` only with status 1.
    """

    target: str = Field(min_length=1)
    userid: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_target(cls, found: Any) -> Any:
        if not isinstance(found, dict) or "target" in found:
            return found
        return found | {"target": found.get("external_userid") or found.get("chat_id")}


class MassResultPage(Answer):
    results: tuple[MassResultShown, ...] = ()
    next_cursor: str = ""


class AppMessage(Answer):
    """A message of the app to one member; `invalid`: nobody of that userid can get it."""

    msgid: str = ""
    invalid: bool = False


class UploadedMedia(Answer):
    """A picture or file WeCom keeps for three days from `created_at`."""

    media_id: str = Field(min_length=1)
    created_at: datetime

    @field_validator("created_at", mode="before")
    @classmethod
    def _moment(cls, found: Any) -> Any:
        return found if isinstance(found, datetime) else moment(found)
