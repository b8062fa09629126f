"""Uploaded media: for three days good to be sent; its bytes stay, so that what was sent can be seen."""

from io import BytesIO
from typing import Any

from flask import Response, request, send_file

from sandbox.api.dispatch import Call, api
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Media

LIFETIME_SECONDS = 3 * 86400
FOR_EVER = 10.0**11
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
LARGEST_PICTURE = 2 << 20
SMALLEST = 6


@api("media/upload", "POST")
def upload(call: Call) -> dict[str, Any]:
    kind = call.query.get("type", "")
    if kind not in LARGEST:
        raise Refused(40058)
    return keep_upload(call.corp, kind, *received(LARGEST[kind]))


@api("media/uploadimg", "POST")
def uploadimg(call: Call) -> dict[str, Any]:
    name, content = received(LARGEST_PICTURE)
    url = f"{request.host_url}sandbox/pictures/{call.corp.new_id('p', 24)}"
    return {"url": _keep(call.corp, "picture", name, content, url, FOR_EVER).url}


@api("media/get")
def get(call: Call) -> Response:
    """The bytes, or with `Range` some of them."""
    media = usable(call.corp, call.query.get("media_id", ""))
    content = call.corp.state.bytes_of(media.media_id) or b""
    return send_file(BytesIO(content), "application/octet-stream", as_attachment=True, download_name=media.name)


def usable(corp: Corp, media_id: Any, *, kind: str = "", robot: str = "") -> Media:
    """What was uploaded (for this robot), while it lives. Raises 40007."""
    media = corp.state.media.get(media_id) if isinstance(media_id, str) else None
    if media is None or media.robot != robot or kind not in ("", media.type) or corp.clock.now() >= media.expires_at:
        raise Refused(40007)
    return media


def received(largest: int) -> tuple[str, bytes]:
    """Name and content of the one file of a form."""
    file = next(iter(request.files.values()), None)
    content = file.read() if file else b""
    if file is None or len(content) < SMALLEST:
        raise Refused(44001)
    if len(content) > largest:
        raise Refused(45001)
    return file.filename or "file", content


def keep_upload(corp: Corp, kind: str, name: str, content: bytes, robot: str = "") -> dict[str, Any]:
    now = corp.clock.now()
    made = _keep(corp, kind, name, content, "", now + LIFETIME_SECONDS, robot)
    return {"type": kind, "media_id": made.media_id, "created_at": str(int(now))}


def _keep(corp: Corp, kind: str, name: str, content: bytes, url: str, expires_at: float, robot: str = "") -> Media:
    made = Media(corp.new_id("3M", 64), kind, name, len(content), url, expires_at, robot)
    corp.state.keep_bytes(made.media_id, content)
    return corp.state.media.put(made)
