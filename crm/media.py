"""Originals of pictures, videos and files: what may be kept, judged by the content and not by the name."""

import re
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import BadInput, NotFound, TooLarge
from models.database import insert_if_absent
from models.media import KINDS, Media

MB = 1024 * 1024
LIMITS = {"image": 10 * MB, "video": 10 * MB, "file": 20 * MB}  # docs/wecom.md, section 9
LARGEST = max(LIMITS.values())
SURE_IMAGE = 2 * MB  # WeCom's own pages disagree about pictures above it
SHORTEST = 6
LONGEST_NAME = 100
BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"mmp4", b"dash", b"MSNV")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def mime_of(kind: str, content: bytes) -> str:
    """The type of this content. Raises `BadInput` or `TooLarge` when it cannot be sent as one of `kind`."""
    if kind not in KINDS:
        raise BadInput("没有这种附件", field="kind")
    if len(content) < SHORTEST:
        raise BadInput("这个文件是空的，换一个", field="file")
    if len(content) > LIMITS[kind]:
        raise TooLarge("太大了，最多 %(n)s MB", field="file", n=LIMITS[kind] // MB)
    if kind == "image":
        if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
            return "image/png"
        if content.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        raise BadInput("图片只能是 PNG 或 JPG。这个不是，另存一份再传", field="file")
    if kind == "video":
        if content[4:8] == b"ftyp" and content[8:12] in BRANDS:
            return "video/mp4"
        raise BadInput("视频只能是 MP4。这个不是，另存一份再传", field="file")
    return "application/octet-stream"


def name_of(given: str, kind: str) -> str:
    """The file's own name, short, without folders and without letters that nobody sees."""
    bare = UNPRINTABLE.sub("", re.split(r"[/\\]", given)[-1].encode("utf-8", "replace").decode()).strip()
    stem, dot, ending = bare.rpartition(".")
    if not bare or (dot and not stem):
        return kind + (f".{ending}" if dot else "")
    if len(bare) <= LONGEST_NAME:
        return bare
    end = f".{ending[:10]}" if dot else ""
    return (stem if dot else bare)[: LONGEST_NAME - len(end)] + end


def store(session: Session, kind: str, name: str, content: bytes, *, by: str, now: datetime) -> Media:
    """Keep an original, once however often it is sent. Refuses as `mime_of` does."""
    mime = mime_of(kind, content)
    digest = sha256(kind.encode() + b":" + content).hexdigest()
    found = session.scalar(select(Media).where(Media.digest == digest))
    if found is None:
        insert_if_absent(
            session, Media, digest=digest, kind=kind, name=name_of(name, kind), mime=mime, size=len(content),
            content=content, created_at=now, created_by=by,
        )  # fmt: skip
        found = session.scalars(select(Media).where(Media.digest == digest)).one()
    return found


def one(session: Session, media_id: int) -> Media:
    found = session.get(Media, media_id)
    if found is None:
        raise NotFound("没有这个文件")
    return found


def found(session: Session, media_id: int) -> Media | None:
    return session.get(Media, media_id)
