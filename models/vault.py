"""Secrets at rest: seal and open bytes, digest what must be found again."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unopenable(Exception):
    """The bytes were sealed with another key, or are not sealed bytes."""


class Vault:
    """Keys derived from one master key: AES-256-GCM for sealing, HMAC-SHA256 for digests, one for sessions."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) < 32:
            raise ValueError("the master key needs at least 32 bytes")
        self._aead = AESGCM(self._derive(master_key, b"seal"))
        self._digest_key = self._derive(master_key, b"digest")
        self.session_key = self._derive(master_key, b"session")

    @staticmethod
    def _derive(master_key: bytes, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"huitou:" + purpose).derive(master_key)

    def seal(self, plain: bytes | str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._aead.encrypt(nonce, plain.encode() if isinstance(plain, str) else plain, None)

    def open(self, sealed: bytes) -> bytes:
        try:
            return self._aead.decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError):
            raise Unopenable from None

    def open_text(self, sealed: bytes) -> str:
        return self.open(sealed).decode()

    def digest(self, value: str) -> str:
        """A keyed hash: the same value always gives the same 64 hex digits, and none without the key."""
        return hmac.digest(self._digest_key, value.encode(), "sha256").hex()
