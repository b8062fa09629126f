"""Coupon codes of another system, one a line: pasted, or in a file of text or CSV."""

import csv
from typing import NamedTuple

LONGEST = 64
HEADINGS = {"code", "codes", "券码", "优惠码", "优惠券码", "兑换码", "卡密"}


class Line(NamedTuple):
    number: int
    text: str  # no longer than what is shown of it


class CodeLines(NamedTuple):
    """Each code once, in the order of the file; and which lines brought one again, or are none."""

    codes: list[str]
    again: list[Line]
    wrong: list[Line]


def read_codes(text: str) -> CodeLines:
    """A heading, empty lines and quotes around a code are what programs put there; two columns are no code."""
    first: dict[str, int] = {}
    again, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        code = _unquoted(line.strip())
        if not code or (number == 1 and code.lower() in HEADINGS):
            continue
        if len(code) > LONGEST or not code.isprintable() or " " in code or "," in code:
            wrong.append(Line(number, code[:LONGEST]))
        elif code in first:
            again.append(Line(number, code))
        else:
            first[code] = number
    return CodeLines(list(first), again, wrong)


def decoded(content: bytes) -> str | None:
    """UTF-8, or what Chinese spreadsheets write; None for what is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _unquoted(line: str) -> str:
    if not line.startswith('"') and not line.endswith(","):
        return line
    try:
        cells = next(csv.reader([line], strict=True))
    except csv.Error:
        return line
    return cells[0].strip() if not any(cells[1:]) else line
