"""The platforms there are, by name, and what each needs to be told."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from connectors import generic, jushuitan, wechat_shop, youzan
from connectors.outside import Outside
from connectors.shapes import Connector


class Platform(NamedTuple):
    """`connect` is handed the secrets, by name."""

    connect: Callable[[dict[str, Any], Outside], Connector]
    secrets: tuple[str, ...]
    is_pulled: bool = True
    is_pushed: bool = True
    knows_unionids: bool = False


SHAPES = {"kdt_id": r"\d{1,18}", "shop_id": r"\d{1,18}", "aes_key": r"[0-9A-Za-z+/]{43}"}
OPTIONAL = {"token", "aes_key"}
"""WeChat's callback: without them its orders are pulled and never pushed."""


def is_right(name: str, value: str) -> bool:
    """Whether a secret of this name can look like that."""
    if not value:
        return name in OPTIONAL
    return len(value) <= 512 and re.fullmatch(SHAPES.get(name, r"[\x21-\x7e]+"), value, re.ASCII) is not None


PLATFORMS: dict[str, Platform] = {
    "youzan": Platform(youzan.Youzan, youzan.SECRETS, knows_unionids=True),
    "wechat_shop": Platform(wechat_shop.WechatShop, wechat_shop.SECRETS),
    "jushuitan": Platform(jushuitan.Jushuitan, jushuitan.SECRETS, is_pushed=False),
    "generic": Platform(generic.Generic, generic.SECRETS, is_pulled=False),
}
