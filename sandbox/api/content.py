"""What an app or a robot may say to staff, kind by kind."""

import base64
import binascii
import re
from hashlib import md5
from typing import Any

from sandbox.api.media import usable
from sandbox.corp import Corp
from sandbox.errors import Refused

APP_BYTES = {"text": 2048, "markdown": 2048}
ROBOT_BYTES = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}
MEDIA = {True: ("image", "voice", "video", "file"), False: ("voice", "file")}
MOST_ARTICLES = 8
LARGEST_IMAGE = 2 << 20
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
WRONG_CARD = 42014  # which of 42014 to 42051 a wrong card gets is not known
TASK_ID = re.compile(r"[A-Za-z0-9_@-]{1,128}")


def check_content(corp: Corp, kind: str, given: Any, *, to_staff: bool, robot: str = "") -> dict[str, Any]:
    """The content as it is shown: a long text to staff is cut, everything else that is wrong is refused."""
    content = given if isinstance(given, dict) else None
    if kind in (APP_BYTES if to_staff else ROBOT_BYTES):
        return _words(kind, content, to_staff=to_staff)
    if kind in MEDIA[to_staff]:
        usable(corp, (content or {}).get("media_id"), kind=kind, robot=robot)
    elif kind == "textcard" and to_staff:
        _check_card_of_text(content or {})
    elif kind == "news":
        _check_articles(content or {})
    elif kind == "image":
        _check_image(content or {})
    elif kind == "template_card":
        _check_card(corp, content or {}, to_staff=to_staff)
    else:
        raise Refused(40008)
    return content or {}


def _words(kind: str, content: dict[str, Any] | None, *, to_staff: bool) -> dict[str, Any]:
    words = (content or {}).get("content")
    if content is None or not isinstance(words, str) or not words:
        raise Refused(44004)
    most = (APP_BYTES if to_staff else ROBOT_BYTES)[kind]
    if len(words.encode()) <= most:
        return content
    if to_staff and kind == "text":
        return {**content, "content": words.encode()[:most].decode(errors="ignore")}
    raise Refused(45002)


def _check_card_of_text(card: dict[str, Any]) -> None:
    if not card.get("description"):
        raise Refused(41033)
    _check_lengths(card, title=128, description=512, url=2048)
    if not card.get("title") or not card.get("url") or len(card["url"].encode()) > 2048:
        raise Refused(40058)


def _check_articles(news: dict[str, Any]) -> None:
    articles = news.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MOST_ARTICLES:
        raise Refused(40058)
    for article in articles:
        if (
            not isinstance(article, dict)
            or not article.get("title")
            or not (article.get("url") or article.get("appid"))
        ):
            raise Refused(40058)
        _check_lengths(article, title=128, description=512, url=2048)


def _leads_somewhere(given: Any) -> bool:
    return isinstance(given, dict) and bool(given.get("url") or given.get("appid"))


def _check_image(image: dict[str, Any]) -> None:
    """A robot's picture: its bytes as base64, and their MD5."""
    try:
        picture = base64.b64decode(str(image.get("base64", "")), validate=True)
    except (ValueError, binascii.Error):
        raise Refused(40058) from None
    if not picture.startswith(IMAGES) or len(picture) > LARGEST_IMAGE:
        raise Refused(40009)
    if md5(picture, usedforsecurity=False).hexdigest() != image.get("md5"):
        raise Refused(40058, "invalid md5")


def _check_card(corp: Corp, card: dict[str, Any], *, to_staff: bool) -> None:
    kind, task_id, action = card.get("card_type"), card.get("task_id"), card.get("card_action")
    allowed = ("text_notice", "news_notice", "button_interaction") if to_staff else ("text_notice", "news_notice")
    main = card.get("main_title")
    title = main.get("title") if isinstance(main, dict) else None
    if kind not in allowed or not (title or (kind == "text_notice" and card.get("sub_title_text"))):
        raise Refused(WRONG_CARD)
    if kind != "button_interaction" and (
        not isinstance(action, dict) or not (action.get("url") or action.get("appid"))
    ):
        raise Refused(WRONG_CARD)
    _check_rows(card, horizontal_content_list=6, jump_list=3, vertical_content_list=4)
    if kind == "button_interaction":
        _check_buttons(corp, card.get("button_list"))
    if task_id is None and kind != "button_interaction" and "action_menu" not in card:
        return
    if not isinstance(task_id, str) or not TASK_ID.fullmatch(task_id):
        raise Refused(WRONG_CARD)
    if any(message.content.get("task_id") == task_id for message in corp.state.app_messages):
        raise Refused(WRONG_CARD, "task_id is used")


def _check_buttons(corp: Corp, buttons: Any) -> None:
    """Somebody must be there to hear of a tap."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 6 or corp.pusher.url is None:
        raise Refused(WRONG_CARD)
    for button in buttons:
        key = button.get("key") if isinstance(button, dict) else None
        if not isinstance(key, str) or not key or len(key.encode()) > 1024 or not button.get("text"):
            raise Refused(WRONG_CARD)


def _check_rows(card: dict[str, Any], **most: int) -> None:
    for name, limit in most.items():
        rows = card.get(name, [])
        if not isinstance(rows, list) or len(rows) > limit or not all(isinstance(row, dict) for row in rows):
            raise Refused(WRONG_CARD)


def _check_lengths(texts: dict[str, Any], **most: int) -> None:
    """In characters."""
    for name, limit in most.items():
        value = texts.get(name, "")
        if not isinstance(value, str) or len(value) > limit:
            raise Refused(45002 if isinstance(value, str) else 40058)
