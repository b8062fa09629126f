"""Signed requests: which shop is calling, checked before anything is read as JSON. docs/mall.md has an example."""

import hmac
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import g, request

from bodies import read_bytes
from callers import declare
from crm import shops
from crm.errors import BadSignature, NonceUsed
from crm.signing import signature
from models.shop import Shop, SigningKey
from runtime import runtime

log = logging.getLogger("huitou.mall")
LARGEST_BODY = 8 * 1024 * 1024
WINDOW = timedelta(seconds=300)
NDJSON = "application/x-ndjson"
TAKE_LINES = {"/mall/orders", "/mall/products", "/mall/events"}
KEY, TIMESTAMP, NONCE, SIGNATURE = (f"X-Huitou-{name}" for name in ("Key", "Timestamp", "Nonce", "Signature"))
SHAPES = {
    KEY: (re.compile(r"[\x21-\x7e]{1,128}"), "应为店铺的 key"),
    TIMESTAMP: (re.compile(r"[0-9]{1,12}"), "应为 Unix 时间的秒数"),
    NONCE: (re.compile(r"[\x21-\x7e]{1,128}"), "应为 1 到 128 个可见的 ASCII 字符，每次不同"),
    SIGNATURE: (re.compile(r"[0-9a-fA-F]{64}"), "应为 64 位十六进制的签名"),
}
View = TypeVar("View", bound=Callable[..., Any])


def shop_signed(view: View) -> View:
    """Only a shop that signed this very request: `g.shop` is the shop, `g.body` the bytes it signed."""

    @wraps(view)
    def checked(*args: Any, **more: Any) -> Any:
        try:
            _check()
        except (BadSignature, NonceUsed) as refusal:
            log.warning("signed request refused: %s %s", refusal.code, refusal.field or "")
            raise
        return view(*args, **more)

    return declare("shop")(checked)  # type: ignore[return-value]


def raw_target(environ: dict[str, Any]) -> str:
    """The path as it was sent, still percent-encoded, plus "?" and the raw query when there is one.

    PATH_INFO is decoded already, so it cannot be signed. waitress, Werkzeug and gunicorn keep the request line's
    target as REQUEST_URI or RAW_URI; a proxy may send it with scheme and host, which are not part of it.
    """
    sent: str = environ.get("REQUEST_URI") or environ["RAW_URI"]
    if not sent.startswith("/"):
        parts = urlsplit(sent)
        sent = parts.path + ("?" + parts.query if parts.query else "")
    return sent.removesuffix("?") if sent.count("?") == 1 else sent


def _check() -> None:
    sent = {name: _header(name) for name in SHAPES}
    now = runtime().now()
    if abs(int(sent[TIMESTAMP]) - now.timestamp()) > WINDOW.total_seconds():
        raise BadSignature(f"{TIMESTAMP} 与服务器的时间相差超过 300 秒。请校准时钟", field=TIMESTAMP)
    with runtime().reading() as session:
        found = shops.live_key(session, sent[KEY])
    body = read_bytes(limit=LARGEST_BODY, content_type=_content_type())
    expected = signature(
        runtime().vault.open_text(found[0].secret_sealed) if found else "nobody's",
        method=request.method,
        target=raw_target(request.environ),
        timestamp=sent[TIMESTAMP],
        nonce=sent[NONCE],
        body=body,
    )
    matches = hmac.compare_digest(expected, sent[SIGNATURE].lower())
    if found is None or not matches:
        raise BadSignature("签名不对，或 key 不在用。签名的算法见 docs/mall.md")
    _use_nonce(*found, sent[NONCE])
    g.body = body


def _content_type() -> str | None:
    """What a body has to be: JSON, or on the routes that take it one record a line."""
    if request.method != "POST":
        return None
    return NDJSON if request.mimetype == NDJSON and request.path in TAKE_LINES else "application/json"


def _header(name: str) -> str:
    shape, expected = SHAPES[name]
    value = request.headers.get(name)
    if value is None:
        raise BadSignature(f"缺少请求头 {name}", field=name)
    if not shape.fullmatch(value):
        raise BadSignature(f"{name} {expected}", field=name)
    return value


def _use_nonce(key: SigningKey, shop: Shop, nonce: str) -> None:
    """Only now, with the signature right: strangers cannot fill the table or burn a shop's nonces."""
    g.shop, g.actor = shop, f"shop:{shop.id}"
    with runtime().transaction() as session:
        fresh = shops.use_nonce(session, key, nonce, now=runtime().now())
    if not fresh:
        raise NonceUsed(f"这个 {NONCE} 用过了。每次请求都要换一个新的", field=NONCE)
