"""The callback envelope and the JS signature: AES-256-CBC padded to 32, SHA-1 over sorted parts."""

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class Undecipherable(Exception):
    """The bytes are not an envelope made with this key for this receiver."""


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()  # noqa: S324 - WeCom's choice


def js_signature(ticket: str, nonce: str, timestamp: str, url: str) -> str:
    """Sign one exact page address (without its fragment) for the browser SDK."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - WeCom's choice


def encrypt(aes_key: str, message: str, receiver: str) -> str:
    """Base64 of 16 random bytes, the message's length, the message and the receiver, padded by 1 to 32."""
    raw = message.encode()
    plain = secrets.token_bytes(16) + len(raw).to_bytes(4, "big") + raw + receiver.encode()
    pad = BLOCK - len(plain) % BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(aes_key: str, encrypted: str) -> tuple[str, str]:
    """The message and the receiver it was made for. Raises `Undecipherable`."""
    try:
        decryptor = _cipher(aes_key).decryptor()
        padded = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
        pad = padded[-1]
        if not 1 <= pad <= BLOCK:
            raise Undecipherable(f"padding of {pad}")
        plain = padded[16:-pad]
        length = int.from_bytes(plain[:4], "big")
        if length > len(plain) - 4:
            raise Undecipherable("the message is longer than its envelope")
        return plain[4 : 4 + length].decode(), plain[4 + length :].decode()
    except (ValueError, IndexError) as error:
        raise Undecipherable(str(error)) from None


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
