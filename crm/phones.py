"""Phone numbers as orders carry them: which of them lead to a person, and how they are compared."""

import re
import unicodedata
from typing import Literal

from models.vault import Vault

Kind = Literal["real", "masked", "virtual", "landline", "other"]
"""`real`: somebody's mobile. `virtual`: a platform's number in its place. `masked`: digits are hidden."""

MASK = re.compile(r"[*•●xX]")
COUNTRY = re.compile(r"(?:\+|00)?86(?=1[3-9]\d{9})")
MOBILE = re.compile(r"1[3-9]\d{9}")
EXTENDED = re.compile(r"1[3-9]\d{9}(?:[-,#转]\d{1,6})+")
SERVICE = re.compile(r"(?:400\d{7}|95\d{3,16})(?:[-,#转]\d{1,8})*")
LANDLINE = re.compile(r"(?:0\d{9,11}|0\d{2,3}-?\d{7,8}(?:[-,#转]\d{1,6})?)")


def kind_of(phone: str) -> Kind:
    """What a number is good for, however it is written: +86, blanks and dashes between its groups do not matter."""
    plain = _plain(phone)
    if MASK.search(plain):
        return "masked"
    if EXTENDED.fullmatch(plain) or SERVICE.fullmatch(plain.replace("-", "")) or SERVICE.fullmatch(plain):
        return "virtual"
    if MOBILE.fullmatch(plain):
        return "real"
    return "landline" if LANDLINE.fullmatch(plain) else "other"


def digest(phone: str, vault: Vault) -> str | None:
    """What a mobile number is found by, however it is written; None for any that does not lead to one person."""
    return vault.digest(f"phone:{_plain(phone)}") if kind_of(phone) == "real" else None


def _plain(phone: str) -> str:
    """Without country code and blanks, and without dashes inside a mobile number; full-width digits as usual ones."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", phone))
    text = re.sub(r"^((?:\+|00)?86)-", r"\1", text)
    text = re.sub(r"(1[3-9]\d)-(\d{4})-(\d{4})(?!\d)", r"\1\2\3", text)
    return COUNTRY.sub("", text, count=1) if COUNTRY.match(text) else text
