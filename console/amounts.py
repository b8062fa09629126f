"""Money, whole numbers and days as they are typed."""

import re
from datetime import date, datetime, time

from crm.errors import BadInput
from runtime import runtime

YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2}))?", re.ASCII)


def fen(field: str, yuan: str) -> int:
    """15, 15.5, 15.50 → fen. Raises `BadInput` naming the field."""
    found = YUAN.fullmatch(yuan.strip().removeprefix("¥"))
    if found is None:
        raise BadInput("写成 15 或 15.50 这样的金额", field=field)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0") or 0)


def whole(field: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise BadInput("写一个整数", field=field)
    return int(text)


def midnight(field: str, day: str) -> datetime:
    """2026-11-30 → when that day begins in the shop's zone."""
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        raise BadInput("选一个日期", field=field) from None
    if not 2000 <= on.year < 2100:  # the calendar's first and last days are no moments everywhere
        raise BadInput("选一个日期", field=field)
    return datetime.combine(on, time(), runtime().zone)
