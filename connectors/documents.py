"""Reading a platform's JSON: whatever is missing or of another type is named by its path. No number is ever a float."""

import json
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import Misfit

LOCAL = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)


def parse(body: bytes | str, path: str = "") -> "Document":
    """The JSON object of a body. Raises `Misfit`."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Misfit(path or "body") from None
    return Document(found, path)


def dump(value: Any) -> bytes:
    """A part of a parsed document as JSON again; amounts become texts, which are read alike."""
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


def _refuse(name: str) -> None:
    raise ValueError(name)


class Document:
    """One object and where it stands in what came."""

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise Misfit(path or "body")
        self.value, self.path = value, path

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def misfit(self, key: str) -> Misfit:
        return Misfit(self.at(key))

    def has(self, key: str) -> bool:
        return self.value.get(key) not in (None, "", [], {})

    def child(self, key: str) -> "Document":
        return Document(self.value.get(key), self.at(key))

    def maybe_child(self, key: str) -> "Document":
        """Empty when it is not there."""
        return Document({}, self.at(key)) if self.value.get(key) in (None, "") else self.child(key)

    def children(self, key: str) -> list["Document"]:
        """Its list of objects; none when it is not there."""
        found = self.value.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.misfit(key)
        return [Document(each, f"{self.at(key)}.{number}") for number, each in enumerate(found)]

    def text(self, key: str, most: int = 128) -> str:
        found = self.maybe_text(key, most)
        if found is None:
            raise self.misfit(key)
        return found

    def maybe_text(self, key: str, most: int = 128) -> str | None:
        """A text, or a whole number as one: platforms send ids as either."""
        found = self.value.get(key)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found) if abs(found) < 10**40 else None
        if found is None:
            return None
        if not isinstance(found, str):
            raise self.misfit(key)
        found = found.strip()
        if len(found) > most or "\0" in found or not _is_whole(found):
            raise self.misfit(key)
        return found or None

    def name(self, key: str) -> str:
        """Words for people: too long ones are cut rather than refused."""
        found = self.value.get(key)
        return self.text(key) if not isinstance(found, str) else Document({key: found[:255]}, self.path).text(key, 255)

    def whole(self, key: str) -> int:
        found = self.value.get(key)
        if isinstance(found, Decimal) and found.adjusted() < 18 and found == found.to_integral_value():
            return int(found)
        if isinstance(found, str) and WHOLE.fullmatch(found.strip()):
            return int(found)
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**18:
            return found
        raise self.misfit(key)

    def maybe_whole(self, key: str) -> int:
        """0 when it is not there."""
        return self.whole(key) if self.has(key) else 0

    def yuan(self, key: str, *, rounded: bool = False) -> int:
        """An amount in yuan as fen. What an average price has beyond the fen is rounded if asked for."""
        found = self.value.get(key)
        text = str(found).strip() if isinstance(found, str | int | Decimal) and not isinstance(found, bool) else ""
        if isinstance(found, Decimal) and found.is_finite() and abs(found.adjusted()) < 20:
            text = f"{found:f}"
        if not AMOUNT.fullmatch(text):
            raise self.misfit(key)
        try:
            fen = Decimal(text) * 100
        except InvalidOperation:
            raise self.misfit(key) from None
        whole = fen.to_integral_value(ROUND_HALF_UP)
        if whole != fen and not rounded:
            raise self.misfit(key)
        return int(whole)

    def maybe_yuan(self, key: str, *, rounded: bool = False) -> int:
        return self.yuan(key, rounded=rounded) if self.has(key) else 0

    def seconds(self, key: str) -> datetime | None:
        """A moment in Unix seconds; 0 and nothing are none."""
        found = self.maybe_whole(key)
        try:
            return datetime.fromtimestamp(found, UTC) if found else None
        except (ValueError, OverflowError, OSError):
            raise self.misfit(key) from None

    def local(self, key: str, zone: ZoneInfo) -> datetime | None:
        """A moment in the platform's zone, "2026-11-20 20:15:00"; nothing and the year 0 are none."""
        found = self.maybe_text(key)
        if found is None or found.startswith("0000-"):
            return None
        if not LOCAL.fullmatch(found[:19]):
            raise self.misfit(key)
        try:
            return datetime.fromisoformat(found[:19]).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.misfit(key) from None


def required(moment: datetime | None, field: str) -> datetime:
    if moment is None:
        raise Misfit(field)
    return moment


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
