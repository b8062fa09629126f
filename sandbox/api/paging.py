"""Cursors: opaque to the caller, a few numbers to us."""

import base64
import binascii

from sandbox.errors import Refused


def write_cursor(*numbers: int) -> str:
    text = ".".join(str(number) for number in numbers)
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(cursor: str | None, size: int) -> tuple[int, ...]:
    """The numbers of a cursor, all zero for none. Raises 40058 for one that was never handed out."""
    if not cursor:
        return (0,) * size
    try:
        numbers = tuple(int(part) for part in base64.urlsafe_b64decode(cursor.encode()).decode().split("."))
    except (ValueError, binascii.Error):
        raise Refused(40058, "invalid cursor") from None
    if len(numbers) != size or min(numbers) < 0:
        raise Refused(40058, "invalid cursor")
    return numbers
