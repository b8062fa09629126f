"""The text and the attachments of a message to a customer."""

from typing import Any

from sandbox.api.dispatch import Call
from sandbox.api.media import usable
from sandbox.corp import Corp
from sandbox.errors import Refused

MOST = 9
MOST_TEXT_BYTES = 4000
MEDIA = {"image": "image", "video": "video", "file": "file"}


def message_text(call: Call) -> str:
    given = call.body.get("text")
    if given is None:
        return ""
    content = given.get("content", "") if isinstance(given, dict) else None
    if not isinstance(content, str):
        raise Refused(40058)
    if len(content.encode()) > MOST_TEXT_BYTES:
        raise Refused(45002)
    return content


def check_attachments(corp: Corp, attachments: Any) -> list[tuple[str, dict[str, Any]]]:
    """Kind and content of each. Raises 41064 for too many and 41065 for one that is wrong."""
    if not isinstance(attachments, list):
        raise Refused(41065)
    if len(attachments) > MOST:
        raise Refused(41064)
    return [_checked(corp, attachment) for attachment in attachments]


def _checked(corp: Corp, attachment: Any) -> tuple[str, dict[str, Any]]:
    kind = attachment.get("msgtype") if isinstance(attachment, dict) else None
    content = attachment.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict):
        raise Refused(41065)
    if kind in MEDIA:
        _check_media(corp, kind, content)
    elif kind == "link":
        _check_texts(content, needed={"title": 128, "url": 2048}, allowed={"desc": 512, "picurl": 2048})
    elif kind == "miniprogram":
        _check_texts(content, needed={"title": 64, "appid": 128, "page": 1024, "pic_media_id": 512}, allowed={})
        usable(corp, content["pic_media_id"], kind="image")
    else:
        raise Refused(41065)
    return kind, content


def _check_media(corp: Corp, kind: str, content: dict[str, Any]) -> None:
    """A `pic_url` counts only when uploadimg gave it; `media_id` wins over it."""
    if content.get("media_id"):
        usable(corp, content["media_id"], kind=kind)
    elif kind != "image" or not any(media.url == content.get("pic_url") for media in corp.state.media if media.url):
        raise Refused(40007)


def _check_texts(content: dict[str, Any], *, needed: dict[str, int], allowed: dict[str, int]) -> None:
    """Limits are in bytes."""
    for name, most in {**needed, **allowed}.items():
        value = content.get(name, "")
        if not isinstance(value, str) or len(value.encode()) > most or (name in needed and not value):
            raise Refused(41065)
