"""The signature a page needs to use WeCom's browser SDK (docs/wecom.md 10.2)."""

import hashlib


def sign(ticket: str, nonce: str, timestamp: int | str, url: str) -> str:
    """Sign the exact address of the page; its fragment does not count."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url.partition('#')[0]}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
