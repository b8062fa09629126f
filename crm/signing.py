"""How a request is signed, whoever sends it: a shop to us, or we to a shop."""

import hmac
from hashlib import sha256


def signature(secret: str, *, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
    """hex HMAC-SHA256 over version, method, raw target, timestamp, nonce and the body's hash, one a line."""
    text = "\n".join(("v1", method, target, timestamp, nonce, sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode("latin-1"), sha256).hexdigest()
