"""The error file: every line that was not imported, and why."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from files.exports import write_rows
from files.reports import REASONS

HEADER = ("行号", "订单号", "商品编码", "商品", "件数", "原因", "说明")


def write(path: Path, skipped: Iterable[sqlite3.Row]) -> None:
    """The lines of a file of orders that were skipped."""
    write_cells(path, HEADER, map(_row, skipped))


def write_cells(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write it, for its owner's eyes only; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(".part")
    with os.fdopen(
        os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        write_rows(file, header, rows)
    half.replace(path)


def _row(line: sqlite3.Row) -> tuple[object, ...]:
    reason = REASONS.get(line["kind"], line["kind"])
    return line["number"], line["order_no"], line["sku"], line["name"], line["quantity"], reason, line["remark"]
