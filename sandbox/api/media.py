"""Uploaded media: what it was is kept for three days, its bytes are not."""

from typing import Any

from flask import request

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
    name, size = _received(LARGEST[kind])
    now = call.corp.clock.now()
    made = _keep(call.corp, kind, name, size, "", now + LIFETIME_SECONDS)
    return {"type": kind, "media_id": made.media_id, "created_at": str(int(now))}


@api("media/uploadimg", "POST")
def uploadimg(call: Call) -> dict[str, Any]:
    name, size = _received(LARGEST_PICTURE)
    url = f"{request.host_url}sandbox/pictures/{call.corp.new_id('p', 24)}"
    return {"url": _keep(call.corp, "picture", name, size, url, FOR_EVER).url}


def _received(largest: int) -> tuple[str, int]:
    file = next(iter(request.files.values()), None)
    size = len(file.read()) if file else 0
    if file is None or size < SMALLEST:
        raise Refused(44001)
    if size > largest:
        raise Refused(45001)
    return file.filename or "file", size


def _keep(corp: Corp, kind: str, name: str, size: int, url: str, expires_at: float) -> Media:
    return corp.state.media.put(Media(corp.new_id("3M", 64), kind, name, size, url, expires_at))
