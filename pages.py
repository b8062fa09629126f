"""What every page shares: its assets, its headers, its ways to write money and moments."""

import gzip
import json
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, current_app, g, request
from flask_babel import get_locale
from whitenoise import WhiteNoise

from runtime import ROOT, runtime
from words import gettext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TEXTS = ("text/html", "text/css", "text/javascript", "application/javascript", "application/json")
WITH_PAGES = ("/sidebar/", "/console/", "/static/", "/p", "/bind", "/g/", "/c/", "/landing/")
WORTH_GZIPPING = 1024
SCRIPTS = (
    "core", "screens", "layers", "chat", "sending", "acts", "quick_replies", "products", "doing", "group", "writing",
    "begin",
)  # fmt: skip
JOINED = {
    "sidebar.js": tuple(f"sidebar/{part}.js" for part in SCRIPTS),
    "sidebar_first.css": ("base.css", "sidebar.css"),
}
"""Files that are written in parts and leave as one: a request less each."""
HASHED = re.compile(r"/static/vendor/.+\.[0-9a-f]{8,}\.")


@cache
def _manifest() -> dict[str, str]:
    manifest = ROOT / "static" / "vendor" / "manifest.json"
    names: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}
    return names


@cache
def asset(name: str) -> str:
    """The URL of a static file: vendor files by their hashed name, our own with a hash of what is in them."""
    hashed = _manifest().get(name)
    if hashed:
        return f"/static/vendor/{hashed}"
    if name in JOINED:
        return f"/static/joined/{name}?v={sha256(_join(name)).hexdigest()[:10]}"
    return f"/static/{name}?v={sha256((ROOT / 'static' / name).read_bytes()).hexdigest()[:10]}"


@cache
def _join(name: str) -> bytes:
    return b"\n".join((ROOT / "static" / part).read_bytes() for part in JOINED[name])


def joined(name: str) -> Response:
    """A file that was written in parts; its address carries a hash of it, so browsers may keep it."""
    if name not in JOINED:
        abort(404)
    kind = "text/javascript" if name.endswith(".js") else "text/css"
    response = Response(_join(name), mimetype=kind)
    response.headers["Cache-Control"] = "max-age=31536000, public"
    return response


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def set_headers(response: Response) -> Response:
    """The same for every answer; only in the demo its sandbox frames the sidebar and has the pictures."""
    pictures = current_app.config["BRIDGE_ORIGIN"] or "https:"
    bridge = current_app.config["BRIDGE_ORIGIN"] if request.path.startswith("/sidebar") else None
    scripts = f"'self' 'nonce-{csp_nonce()}'" + (f" {bridge}" if bridge else "")
    frames = bridge or "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data: {pictures}; "
        "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {frames}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    policy = "strict-origin" if bridge else "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer" if request.path.startswith("/c/") else policy  # it has a token
    if not bridge:
        response.headers["X-Frame-Options"] = "DENY"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def serve_static(app: Flask) -> None:
    """Static files straight from their folder; every URL carries a hash, so browsers may keep them."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(ROOT / "static"),
        prefix="static/",
        max_age=31_536_000,
        immutable_file_test=lambda path, url: bool(HASHED.search(url)),
    )
    app.wsgi_app = Gzipped(app.wsgi_app)  # type: ignore[method-assign]


class Gzipped:
    """Pages and our own static files leave gzipped; vendor files have their compressed copy beside them."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        accepts = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") and "HTTP_RANGE" not in environ
        if not accepts or not environ["PATH_INFO"].startswith(WITH_PAGES):
            return self._app(environ, start_response)
        response = Response.from_app(self._app, environ, buffered=True)
        if response.mimetype in TEXTS:
            response.vary.add("Accept-Encoding")
            data = response.get_data()
            if len(data) >= WORTH_GZIPPING and "Content-Encoding" not in response.headers:
                response.set_data(_gzip(data))
                response.headers["Content-Encoding"] = "gzip"
        return response(environ, start_response)


@lru_cache(64)
def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def register(app: Flask) -> None:
    app.jinja_env.globals.update(csp_nonce=csp_nonce)
    app.jinja_env.filters.update(money=money, big_money=big_money, moment=moment, day=day, ago=ago, number=number)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def bridge() -> dict[str, object]:
        return {"bridge_origin": app.config["BRIDGE_ORIGIN"], "business": runtime().settings.business}


def money(fen: int) -> str:
    """¥168.00, −¥8.00: what stands in a detail."""
    return f"{'−' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def big_money(fen: int) -> str:
    """¥3,486 in a figure: the fen are left away only when there are none."""
    return money(fen).removesuffix(".00")


def number(value: int) -> str:
    return f"{value:,}"


def _local(at: datetime) -> datetime:
    return at.astimezone(runtime().zone)


def moment(at: datetime) -> str:
    """Today 20:14, yesterday 昨天 22:10, this year 11 月 20 日 12:40, before that with the year."""
    local, today = _local(at), _local(runtime().now()).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return gettext("昨天 %(time)s", time=f"{local:%H:%M}")
    return f"{day(at)} {local:%H:%M}"


def day(at: datetime) -> str:
    """11 月 20 日, with the year when it is not this one."""
    local = _local(at)
    if str(get_locale()) == "en":
        return f"{local:%d %b}" if local.year == _local(runtime().now()).year else f"{local:%d %b %Y}"
    words = f"{local.month} 月 {local.day} 日"
    return words if local.year == _local(runtime().now()).year else f"{local.year} 年 {words}"


def ago(at: datetime) -> str:
    """How long ago, in the largest whole unit."""
    seconds = max(0, int((runtime().now() - at).total_seconds()))
    if seconds < 60:
        return gettext("刚刚")
    if seconds < 3600:
        return gettext("%(n)s 分钟前", n=seconds // 60)
    if seconds < 86400:
        return gettext("%(n)s 小时前", n=seconds // 3600)
    return gettext("%(n)s 天前", n=seconds // 86400)
