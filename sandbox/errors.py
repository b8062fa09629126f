"""Error codes, and the envelope that every answer of the API wears."""

import secrets
from typing import Any

OK = {"errcode": 0, "errmsg": "ok"}

TEXTS = {
    -1: "system busy",
    40001: "invalid credential",
    40002: "invalid grant_type",
    40003: "invalid userid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40031: "invalid userid list",
    40032: "userid list too long",
    40035: "invalid parameter",
    40050: "invalid chat_id",
    40057: "callback url missing",
    40058: "invalid parameter",
    40063: "some parameters are empty",
    40066: "invalid department id",
    40068: "invalid tag id",
    40071: "tag name already exists",
    40093: "invalid jsapi signature",
    40096: "invalid external userid",
    40125: "invalid appsecret",
    40097: "handover user has not resigned",
    40098: "user is not verified",
    40099: "takeover user has too many customers",
    40100: "customer is in transfer",
    40126: "corp tags over limit",
    40163: "code been used",
    40226: "code blocked",
    40128: "customer is transferred too often",
    40129: "customer is being transferred",
    40130: "handover and takeover are the same user",
    40131: "handover user is not the follower",
    40143: "takeover user is blocked",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41008: "code missing",
    41033: "description missing",
    41035: "external userid missing",
    41041: "contact way has too many users",
    41044: "invalid config_id",
    41045: "contact way over limit",
    41046: "msgid missing",
    41047: "invalid msgid",
    41048: "no customer to send",
    41049: "welcome_code missing",
    41050: "welcome code expired",
    41051: "customer has started chatting",
    41053: "conversation archive not accepted",
    41054: "user not activated",
    41063: "group message is being dispatched",
    41064: "too many attachments",
    41065: "invalid attachments",
    41093: "group message is cancelled",
    41094: "remind over limit",
    41095: "too many acquisition links",
    41096: "welcome message is being sent",
    42001: "access_token expired",
    42003: "oauth code expired",
    42014: "task_id needed",
    42015: "invalid task_id",
    42016: "invalid card_type",
    42022: "oauth code already used",
    43004: "require POST",
    44001: "empty media data",
    44004: "empty content",
    45001: "media file too large",
    45002: "message content too long",
    45009: "api freq out of limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45033: "api concurrency out of limit",
    45035: "conflicting operation is running",
    48001: "api unauthorized",
    48002: "api forbidden for this access_token",
    48009: "api forbidden for this ip",
    49008: "group is dismissed",
    50001: "redirect_uri unauthorized",
    50003: "app disabled",
    60003: "department not found",
    60011: "no privilege to access",
    60020: "not allow to access from your ip",
    60021: "userid out of range",
    60111: "userid not found",
    81011: "no permission for this tag",
    81012: "no receiver",
    81013: "all receivers are out of reach",
    81017: "too many requested",
    82001: "all receivers are empty",
    84014: "user_ticket expired",
    84015: "invalid user_ticket",
    84061: "not external contact",
    84074: "no external contact permission",
    90500: "group owner has not resigned",
    90501: "not a customer group",
    90502: "group owner has resigned",
    90503: "group is full",
    90504: "group owner is unchanged",
    90507: "group is in transfer",
    90508: "group is inherited already",
    91040: "invalid ticket type",
    93000: "invalid webhook url",
    301002: "agentid not match",
    701008: "no licensed user",
}


class Refused(Exception):
    """WeCom says no; `text` replaces the usual words."""

    def __init__(self, errcode: int, text: str | None = None) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.text = text or TEXTS.get(errcode, "unknown error")


def refusal(error: Refused, empty: dict[str, Any], caller: str) -> dict[str, Any]:
    """The body of a failure: never parse its words, and its empty fields prove nothing."""
    hint = secrets.randbelow(9 * 10**18) + 10**18
    return {
        "errcode": error.errcode,
        "errmsg": f"{error.text}, hint: [{hint}_1_{secrets.token_hex(16)}], from ip: {caller},"
        f" more info at https://open.work.weixin.qq.com/devtool/query?e={error.errcode}",
        **empty,
    }
