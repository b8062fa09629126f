"""CSV files for people: what a spreadsheet would take for a formula is made harmless."""

import csv
from collections.abc import Iterable, Sequence
from typing import IO

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")  # a Chinese keyboard's wide ones, too


def harmless(value: object) -> str:
    """The text of a cell; a leading ' keeps a spreadsheet from running what a customer or a shop wrote."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(FORMULAS) and not is_number else text


def write_rows(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Header and rows; the file begins with a byte order mark, or a spreadsheet in China takes it for GBK."""
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow([harmless(name) for name in header])
    writer.writerows([harmless(value) for value in row] for row in rows)
