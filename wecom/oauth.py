"""Where to send somebody who has to say who they are (docs/wecom.md 10.1)."""

from typing import Literal
from urllib.parse import urlencode


def authorize_url(
    address: str,
    *,
    app_id: str,
    redirect_uri: str,
    state: str,
    agent_id: int | None = None,
    scope: Literal["snsapi_base", "snsapi_userinfo"] = "snsapi_base",
) -> str:
    """The sign-in of a corp's app (silent), or of an official account: no `agent_id`, and snsapi_userinfo asks.

    It comes back to `redirect_uri` with `code` and `state` (letters and digits, ≤ 128).
    """
    query: dict[str, str | int] = {
        "appid": app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope,
        "state": state,
    }
    if agent_id is not None:
        query["agentid"] = agent_id
    return f"{address}?{urlencode(query)}#wechat_redirect"
