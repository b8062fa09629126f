"""An event or message WeCom pushed, typed (docs/wecom.md 2.6)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wecom.types import moment

LONGEST_KIND = 100  # those we know have up to 60 letters; it becomes a label in /metrics
LONGEST_MSG_ID = 64  # WeCom's are numbers of 64 bits

_OWN_FIELDS = frozenset(
    (
        "tousername",
        "fromusername",
        "createtime",
        "msgtype",
        "event",
        "changetype",
        "msgid",
        "userid",
        "externaluserid",
        "state",
        "welcomecode",
    )
)


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """One push. `kind` is "change_external_contact.add_external_contact", an event's bare name, or a message's type.

    `key` tells two pushes of one event from two events: "msg:" and the MsgId of a message, else the hash of the whole
    decrypted text, because CreateTime counts seconds and two customers may be added in one. A value that came twice,
    or with children, is a list or dict in `fields`.
    """

    kind: str
    key: str
    create_time: datetime
    msg_id: str | None
    userid: str | None
    external_userid: str | None
    state: str | None
    welcome_code: str | None
    fields: dict[str, Any]
    xml: bytes

    def __repr__(self) -> str:
        return f"<Event {self.kind} {self.key[:16]}>"


def event_of(fields: dict[str, Any], xml: bytes) -> Event:
    """The event that the message's top-level fields make; their names count whatever their case."""
    texts = {name.lower(): value for name, value in fields.items() if isinstance(value, str | int) and value != ""}
    found = {name: str(texts[name]) if name in texts else None for name in _OWN_FIELDS}
    msg_type, event, msg_id = found["msgtype"], found["event"], found["msgid"]
    if msg_type == "event" and event:
        kind = f"{event}.{found['changetype']}" if found["changetype"] else event
    else:
        kind = msg_type or str(texts.get("infotype", "unknown"))
    is_message = msg_type not in (None, "event") and msg_id is not None and len(msg_id) <= LONGEST_MSG_ID
    sender = found["fromusername"]
    return Event(
        kind=kind[:LONGEST_KIND],
        key=f"msg:{msg_id}" if is_message else hashlib.sha256(xml).hexdigest(),
        create_time=moment(found["createtime"]),
        msg_id=msg_id,
        userid=found["userid"] or (sender if sender != "sys" else None),
        external_userid=found["externaluserid"],
        state=found["state"],
        welcome_code=found["welcomecode"],
        fields={name: value for name, value in fields.items() if name.lower() not in _OWN_FIELDS},
        xml=xml,
    )
