"""What a mass message shows, in WeCom's shape (docs/wecom.md 6.2), and whether one of WeCom's shows the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from crm import attachments
from crm.attachments import Link, MiniProgram
from models.database import changed
from models.media import Media

GOOD_FOR = timedelta(hours=1)
"""An upload that ends sooner is made anew: the creation may have to wait for a window."""

KEPT = timedelta(days=3)
TELLING = ("title", "url", "appid", "page")
"""What tells two attachments apart; media ids may differ for the same picture."""


def media_of(kept: Sequence[dict[str, Any]]) -> list[int]:
    """The originals that must be at WeCom before this can be shown, each once."""
    return list(dict.fromkeys(each.media for each in attachments.parse(kept) if not isinstance(each, Link)))


def uploads(session: Session, media_ids: Iterable[int], *, now: datetime) -> dict[int, str]:
    """WeCom's names of those that were uploaded and stay good."""
    good = select(Media.id, Media.media_id).where(Media.id.in_(list(media_ids)), Media.media_id_until > now + GOOD_FOR)
    return {row.id: row.media_id for row in session.execute(good) if row.media_id}


def original(session: Session, media_id: int) -> Media:
    """One original with its bytes."""
    return session.get_one(Media, media_id, options=[undefer(Media.content)])


def uploaded(session: Session, media_id: int, name: str, *, at: datetime) -> None:
    """WeCom keeps it three days from then; of two uploads the newer one stays on record."""
    until = at + KEPT
    older = Media.media_id_until.is_(None) | (Media.media_id_until < until)
    changed(
        session,
        update(Media).where(Media.id == media_id, older).values(media_id=name, media_id_until=until),
    )


def bodies(kept: Sequence[dict[str, Any]], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """The attachments as `add_msg_template` takes them, with WeCom's names of the media."""
    made = []
    for each in attachments.parse(kept):
        if isinstance(each, Link):
            body = {"title": each.title, "url": each.url, "desc": each.desc, "picurl": each.picurl}
        elif isinstance(each, MiniProgram):
            name = names[each.media]
            body = {"title": each.title, "appid": each.appid, "page": each.page, "pic_media_id": name}
        else:
            body = {"media_id": names[each.media]}
        made.append({"msgtype": each.kind, each.kind: {key: value for key, value in body.items() if value}})
    return made


def shows_the_same(text: str, kept: Sequence[dict[str, Any]], shown_text: str, shown: Sequence[dict[str, Any]]) -> bool:
    """Whether a message at WeCom says this text and shows these attachments, in this order."""
    ours = [(each.kind, *(str(getattr(each, name, "") or "") for name in TELLING)) for each in attachments.parse(kept)]
    theirs = [(str(each.get("msgtype", "")), *_telling(each)) for each in shown]
    return _plain(text) == _plain(shown_text) and ours == theirs


def _telling(shown: dict[str, Any]) -> tuple[str, ...]:
    body = shown.get(str(shown.get("msgtype", "")))
    fields = body if isinstance(body, dict) else {}
    return tuple(str(fields.get(name) or "") for name in TELLING)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
