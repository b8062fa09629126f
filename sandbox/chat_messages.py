"""What the client refuses about a message that a page wants to send."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.corp import Corp

BYTES = {"link": 2048, "title": 128, "desc": 512}


def wrong_with(corp: Corp, kind: str, content: dict[str, Any]) -> str | None:
    """What the client would refuse about a message, or None."""
    if any("\x00" in str(value) for value in content.values()):
        return "fail_invalid parameter"
    if kind == "text":
        text = content.get("content")
        return None if isinstance(text, str) and text.strip() else "fail_invalid content"
    if kind in ("image", "video", "file"):
        media = corp.state.media.get(str(content.get("mediaid")))
        return None if media and corp.clock.now() < media.expires_at else "fail_invalid mediaid"
    if kind == "news":
        return _wrong_with_news(content)
    if kind == "miniprogram":
        missing = [name for name in ("appid", "title", "page") if not content.get(name)]
        return "fail_invalid parameter" if missing or not _is_page(str(content["page"])) else _wrong_picture(content)
    return "fail_unsupported_msgtype"


def _wrong_with_news(content: dict[str, Any]) -> str | None:
    if not _is_web(content.get("link")):
        return "fail_msg_link_missing_url"
    if any(len(str(content.get(name, "")).encode()) > most for name, most in BYTES.items()):
        return "fail_invalid parameter"
    return _wrong_picture(content)


def _wrong_picture(content: dict[str, Any]) -> str | None:
    picture = content.get("imgUrl")
    return None if not picture or _is_web(picture) else "fail invalid imgUrl"


def _is_web(address: Any) -> bool:
    return isinstance(address, str) and urlsplit(address).scheme in ("http", "https")


def _is_page(page: str) -> bool:
    return page.split("?")[0].endswith(".html")
