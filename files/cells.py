"""What stands in one cell: numbers, money, times, and the tricks spreadsheets and platforms play on them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

MOST = 10**12  # pieces, or units of money: more is a slip, and would not fit a column
RUINED = re.compile(r"\d(\.\d+)?E\+?\d{1,2}", re.IGNORECASE | re.ASCII)
QUOTED = re.compile(r"=\s*\"(.*)\"", re.DOTALL)
LOOSE_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?)?)?分?", re.ASCII
)
PHONE = re.compile(r"[0-9+*-]{6,20}", re.ASCII)


def bare(text: str) -> str:
    """Without what keeps a spreadsheet from reading a number: `="123"`, a leading `'`, a tab at the end."""
    text = text.strip()
    if text.startswith("=") and (quoted := QUOTED.fullmatch(text)):
        text = quoted[1].strip()
    return text[1:] if text.startswith("'") and text[1:2].isdigit() else text


def is_ruined(order_no: str) -> bool:
    """Whether a spreadsheet made it a rounded number, 2.15424E+18: its end is lost, and two orders may share it."""
    return RUINED.fullmatch(order_no) is not None


def pieces(text: str) -> int:
    count = int(text) if text.lstrip("-").isdigit() else _whole(Decimal(text))
    if abs(count) > MOST:
        raise ValueError(text)
    return count


def _whole(number: Decimal) -> int:
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(number)
    return int(number)


def amount(text: str) -> Decimal:
    """An amount of money, with or without its sign and its commas."""
    price = Decimal(text.lstrip("¥￥").removesuffix("元").replace(",", ""))
    if not price.is_finite() or abs(price) > MOST:
        raise ValueError(text)
    return price


def fen(price: Decimal, per_unit: int) -> int:
    return int((price * per_unit).to_integral_value(ROUND_HALF_UP))


def clock(form: str, zone_name: str) -> Callable[[str], int]:
    """Text → Unix seconds. `form` is Python's strptime; "" reads what exports usually write."""
    zone = ZoneInfo(zone_name)

    @lru_cache(maxsize=20_000)
    def seconds(text: str) -> int:
        moment = datetime.strptime(text, form) if form else _moment(text)  # noqa: DTZ007
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).timestamp())

    return seconds


def _moment(text: str) -> datetime:
    loose = LOOSE_TIME.fullmatch(text)
    if loose is None:
        return datetime.fromisoformat(text)
    return datetime(*(int(part or 0) for part in loose.groups()))  # type: ignore[arg-type]  # noqa: DTZ001


def phone(text: str) -> str | None:
    """A phone as we keep it, its extension (a virtual number's) behind a dash; None when it is none."""
    found = re.sub(r"[转,，\s]+", "-", text)
    return found if PHONE.fullmatch(found) else None
