"""Signatures for WeCom's browser SDK: for addresses of our own sidebar only."""

from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask.typing import ResponseReturnValue

from crm.errors import BadInput, TryAgain
from runtime import runtime
from sidebar.door import blueprint, staff_only
from wecom.client import TicketKind
from wecom.jssdk import sign

KINDS: dict[str, TicketKind] = {"config": "jsapi", "agent": "agent_jsapi"}
LONGEST_URL = 2000


@blueprint.get("/signature")
@staff_only
def signature() -> ResponseReturnValue:
    """`?url=&kind=config|agent`: `{timestamp, nonceStr, signature}`; 503 `try_again` while the ticket is being fetched.

    Tickets come from the store alone: a page never waits for WeCom here.
    """
    url, kind = request.args.get("url", ""), KINDS.get(request.args.get("kind", ""))
    if kind is None:
        raise BadInput("kind: 应为 config 或 agent", field="kind")
    if not is_ours(url):
        raise BadInput("url: 只给侧边栏自己的地址签名", field="url")
    signed = _signed(url, kind)
    if signed is None:
        runtime().wake("tokens")
        raise TryAgain("还在准备，过几秒再试")
    return signed


def of_page(url: str) -> dict[str, Any] | None:
    """Both signatures of a page for the page itself, which then need not ask; None while a ticket is missing."""
    found = {name: _signed(url, kind) for name, kind in KINDS.items()}
    return {"url": url, **found} if is_ours(url) and all(found.values()) else None


def _signed(url: str, kind: TicketKind) -> dict[str, Any] | None:
    ticket = runtime().wecom.cached_ticket(kind)
    if ticket is None:
        return None
    nonce, timestamp = runtime().new_code(16), int(runtime().now().timestamp())
    return {"timestamp": timestamp, "nonceStr": nonce, "signature": sign(ticket, nonce, timestamp, url)}


def is_ours(url: str) -> bool:
    """Whether it is a page of this sidebar, at the address WeCom knows it by."""
    home = urlsplit(runtime().settings.server.public_url)
    if len(url) > LONGEST_URL or not url.isprintable() or "\\" in url:
        return False
    try:
        asked = urlsplit(url)
    except ValueError:
        return False
    path = asked.path
    inside = path == "/sidebar" or (path.startswith("/sidebar/") and ".." not in path.split("/"))
    return (asked.scheme, asked.netloc) == (home.scheme, home.netloc) and inside and not asked.fragment
