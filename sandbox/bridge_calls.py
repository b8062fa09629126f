"""One call of a framed page, and what the client says to it."""

from dataclasses import dataclass, field
from typing import Any

NO_PERMISSION = "fail_no permission to execute"


@dataclass(frozen=True)
class Call:
    """`external_userid` or `chat_id`: the chat that is open."""

    frame: str
    userid: str
    external_userid: str | None
    name: str
    chat_id: str | None = None
    entry: str = "single_chat_tools"
    href: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.href.split("#")[0]


def said(call: Call, words: str) -> dict[str, Any]:
    return {"err_msg": f"{call.name}:{words}"}
