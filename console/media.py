"""Uploads: pictures, videos and files that pushes and drops carry."""

from urllib.parse import quote

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue

from console.door import MESSAGES, blueprint, user_only
from crm import audits, media
from crm.errors import BadInput
from models.media import KINDS, Media
from runtime import runtime
from words import gettext


def media_json(kept: Media) -> dict[str, object]:
    """What the page needs to show a file and to attach it."""
    unsure = kept.kind == "image" and kept.size > media.SURE_IMAGE
    return {
        "id": kept.id,
        "kind": kept.kind,
        "name": kept.name,
        "size": kept.size,
        "said": size_words(kept.size),
        "url": url_for("console.media_content", media_id=kept.id),
        "warning": gettext("超过 2 MB，企业微信可能不收") if unsure else "",
    }


def size_words(size: int) -> str:
    return f"{-(-size // 1024):,} KB" if size < 100_000 else f"{size / 1024**2:.1f} MB"


@blueprint.post("/media")
@user_only("operator")
def upload() -> ResponseReturnValue:
    """Store one file. Multipart: `kind` (image, video, file) and `file`; 201 with it, or 413 and 422."""
    files = list(request.files.items(multi=True))
    if set(request.form) - {"csrf_token"} != {"kind"} or [name for name, _ in files] != ["file"]:
        raise BadInput("请从页面上提交")
    kind = request.form["kind"]
    if kind not in KINDS:
        raise BadInput("没有这种附件", field="kind")
    content = files[0][1].read(media.LIMITS[kind] + 1)
    name, now = files[0][1].filename or "", runtime().now()
    with runtime().transaction() as session:
        kept = media.store(session, kind, name, content, by=g.actor, now=now)
        audits.note(session, actor=g.actor, action="media.upload", subject=f"media:{kept.id}", now=now, size=kept.size)
    return media_json(kept), 201


@blueprint.get("/media/<int:media_id>")
@user_only(*MESSAGES)
def media_content(media_id: int) -> ResponseReturnValue:
    """The original. Pictures show; everything else is a download, whatever it says it is."""
    with runtime().reading() as session:
        kept = media.one(session, media_id)
        answer = Response(kept.content, mimetype=kept.mime)
    shown = "inline" if kept.kind == "image" else "attachment"
    answer.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(kept.name, safe='')}"
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer
