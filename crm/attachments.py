"""What may be attached to a mass message, with WeCom's limits (docs/wecom.md 6.2). Media by our own row ids."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import BadInput
from models.media import Media

MOST = 9
TEXT_BYTES = 4000
ADDRESS = r"(?i)^https?://\S+$"  # a phone's keyboard begins it with a capital letter
BYTES = {"link.title": 128, "link.desc": 512, "miniprogram.title": 64}


MediaId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Image(_Kind):
    kind: Literal["image"] = "image"
    media: MediaId


class Video(_Kind):
    kind: Literal["video"] = "video"
    media: MediaId


class File(_Kind):
    kind: Literal["file"] = "file"
    media: MediaId


class Link(_Kind):
    kind: Literal["link"] = "link"
    title: str = Field(min_length=1)
    desc: str = ""
    url: str = Field(pattern=ADDRESS, max_length=2048)
    picurl: str = Field(default="", pattern=f"^$|{ADDRESS}", max_length=2048)


class MiniProgram(_Kind):
    """`media` is the cover."""

    kind: Literal["miniprogram"] = "miniprogram"
    title: str = Field(min_length=1)
    appid: str = Field(min_length=1, max_length=64)
    page: str = Field(min_length=1, max_length=1024)
    media: MediaId


Attachment = Annotated[Image | Video | File | Link | MiniProgram, Field(discriminator="kind")]
_ALL: TypeAdapter[list[Attachment]] = TypeAdapter(list[Attachment])


def parse(kept: Sequence[dict[str, Any]]) -> list[Attachment]:
    """What was kept with a push or a message. Raises `BadInput` when one has not the shape of its kind."""
    try:
        return _ALL.validate_python(list(kept))
    except ValidationError as problem:
        at = problem.errors(include_url=False, include_input=False)[0]["loc"]
        number, name = (int(at[0]) + 1 if at else 1), str(at[-1]) if at else ""
        raise _wrong(number, name) from None


def _wrong(number: int, name: str) -> BadInput:
    if name == "title":
        return BadInput("第 %(n)s 个附件还没写标题", field="attachments", n=number)
    if name in ("url", "picurl"):
        return BadInput("第 %(n)s 个附件的网址要以 https:// 开头", field="attachments", n=number)
    if name in ("appid", "page"):
        return BadInput("第 %(n)s 个附件要填小程序的 AppID 和页面路径", field="attachments", n=number)
    return BadInput("第 %(n)s 个附件填得不对，去掉再加一次", field="attachments", n=number)


def check(session: Session, text: str, kept: Sequence[dict[str, Any]]) -> None:
    """Refuse what WeCom would: too many or too long, a picture that is not there, nothing said at all."""
    attached = parse(kept)
    if not text.strip() and not attached:
        raise BadInput("文字和附件至少要有一样", field="text")
    if len(attached) > MOST:
        raise BadInput("附件最多 9 个，现在有 %(n)s 个", field="attachments", n=len(attached))
    for number, each in enumerate(attached, 1):
        for name in ("title", "desc"):
            most = BYTES.get(f"{each.kind}.{name}")
            size = len(str(getattr(each, name, "")).encode())
            if most is not None and size > most:
                raise BadInput(
                    "第 %(n)s 个附件的文字太长：最多 %(most)s 字节（约 %(letters)s 个汉字），现在 %(size)s 字节",
                    field="attachments", n=number, most=most, letters=most // 3, size=size,
                )  # fmt: skip
    _check_media(session, attached)


def _check_media(session: Session, attached: list[Attachment]) -> None:
    wanted = {each.media for each in attached if not isinstance(each, Link)}
    known = dict(session.execute(select(Media.id, Media.kind).where(Media.id.in_(wanted))).all())
    for number, each in enumerate(attached, 1):
        if isinstance(each, Link):
            continue
        kind = "image" if isinstance(each, MiniProgram) else each.kind
        if known.get(each.media) != kind:
            raise BadInput("第 %(n)s 个附件的图片、视频或文件不见了，重新传一次", field="attachments", n=number)
