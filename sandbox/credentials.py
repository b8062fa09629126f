"""What an admin would copy out of WeCom's console; the same seed gives the same corp."""

import base64
import hashlib
import string
from dataclasses import dataclass
from itertools import count

LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Account:
    """An account beside the corp, as WeChat's own console names it."""

    appid: str
    secret: str


@dataclass(frozen=True)
class Credentials:
    corp_id: str
    agent_id: int
    secret: str
    callback_token: str
    callback_aes_key: str
    contacts_secret: str  # the contacts-sync app's: good for the directory only
    official: Account  # the shop's official account (公众号)
    mini: Account  # its mini-program (小程序)

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
        official=_account(seed, "official"),
        mini=_account(seed, "mini"),
    )


def letters(seed: int, purpose: str, length: int) -> str:
    """`length` letters and digits, the same for the same seed and purpose."""
    text = "".join(LETTERS[byte % len(LETTERS)] for byte in _digest(seed, purpose) + _digest(seed, purpose + "+"))
    return text[:length]


def _account(seed: int, purpose: str) -> Account:
    return Account("wx" + _digest(seed, purpose).hex()[:16], _digest(seed, f"{purpose} secret").hex()[:32])


def _aes_key(seed: int) -> str:
    """43 letters and digits that are the base64 of exactly 32 bytes."""
    keys = (base64.b64encode(_digest(seed, f"aes {n}")).decode().rstrip("=") for n in count())
    return next(key for key in keys if key.isalnum())


def _digest(seed: int, purpose: str) -> bytes:
    return hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
