"""Signatures for WeCom's browser SDK: for addresses of our own sidebar only."""

from typing import Literal
from urllib.parse import urlsplit

from flask import request
from flask.typing import ResponseReturnValue

from crm.errors import BadInput, TryAgain
from runtime import runtime
from sidebar.door import blueprint, staff_only
from wecom.jssdk import sign

KINDS: dict[str, Literal["jsapi", "agent_jsapi"]] = {"config": "jsapi", "agent": "agent_jsapi"}
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
    ticket = runtime().wecom.cached_ticket(kind)
    if ticket is None:
        runtime().wake("tokens")
        raise TryAgain("还在准备，过几秒再试")
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
