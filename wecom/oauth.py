"""Where to send somebody who has to say who they are (docs/wecom.md 10.1)."""

from urllib.parse import urlencode


def authorize_url(address: str, *, corp_id: str, agent_id: int, redirect_uri: str, state: str) -> str:
    """WeCom's silent sign-in; it comes back to `redirect_uri` with `code` and `state` (letters and digits, ≤ 128)."""
    query = {
        "appid": corp_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        "agentid": agent_id,
    }
    return f"{address}?{urlencode(query)}#wechat_redirect"
