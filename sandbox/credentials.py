"""What an admin would copy out of WeCom's console; the same seed gives the same corp."""

import base64
import hashlib
import string
from dataclasses import dataclass
from itertools import count

LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Credentials:
    corp_id: str
    agent_id: int
    secret: str
    callback_token: str
    callback_aes_key: str
    contacts_secret: str  # the contacts-sync app's: good for the directory only

    def app_of(self, secret: str) -> str | None:
        return {self.secret: "agent", self.contacts_secret: "contacts"}.get(secret)


def from_seed(seed: int) -> Credentials:
    return Credentials(
        corp_id="ww" + _digest(seed, "corp").hex()[:16],
        agent_id=1000002,
        secret=letters(seed, "secret", 43),
        callback_token=letters(seed, "callback token", 24),
        callback_aes_key=_aes_key(seed),
        contacts_secret=letters(seed, "contacts secret", 43),
    )


def letters(seed: int, purpose: str, length: int) -> str:
    """`length` letters and digits, the same for the same seed and purpose."""
    text = "".join(LETTERS[byte % len(LETTERS)] for byte in _digest(seed, purpose) + _digest(seed, purpose + "+"))
    return text[:length]


def _aes_key(seed: int) -> str:
    """43 letters and digits that are the base64 of exactly 32 bytes."""
    keys = (base64.b64encode(_digest(seed, f"aes {n}")).decode().rstrip("=") for n in count())
    return next(key for key in keys if key.isalnum())


def _digest(seed: int, purpose: str) -> bytes:
    return hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
