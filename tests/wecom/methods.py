"""Every public method of the gateway, and how to call it."""

import inspect
from datetime import UTC, datetime
from typing import Any

from wecom.client import READS, TAKES_BACK, WeCom

PUBLIC = {name for name, _ in inspect.getmembers(WeCom, inspect.isfunction) if not name.startswith("_")}
EFFECTS = PUBLIC - READS - TAKES_BACK
ARGUMENTS: dict[str, Any] = {
    "welcome_code": "CODE",
    "text": "欢迎",
    "userid": "lan",
    "external_userid": "wm1",
    "userids": ["lan"],
    "state": "counter",
    "config_id": "c1",
    "department_id": 1,
    "code": "C",
    "kind": "jsapi",
    "chat_id": "wr1",
    "chat_type": "single",
    "since": datetime(2026, 3, 1, tzinfo=UTC),
    "until": datetime(2026, 3, 2, tzinfo=UTC),
    "msgid": "msg1",
    "sender": "lan",
    "title": "今晚 20:00 开抢",
    "description": "点这里转发到群",
    "url": "https://shop.example/drop/7",
    "filename": "tea.png",
    "content": b"a picture",
    "key": "key-of-the-robot",
}
MORE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "create_mass_message": {"external_userids": ["wm1"]},
    "send_robot": {"text": "战报"},
    "upload_media": {"kind": "image"},
}


def call(gateway: WeCom, name: str) -> Any:
    """Call a method with plausible arguments."""
    method = getattr(gateway, name)
    wanted = [each for each in inspect.signature(method).parameters.values() if each.default is each.empty]
    return method(**{each.name: ARGUMENTS[each.name] for each in wanted} | MORE_ARGUMENTS.get(name, {}))
