"""The rows of an .xlsx file, read as a stream, after a look at what it would unpack to."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl

from files.refusals import FileRefused

MOST_ENTRIES = 1_000
MOST_BYTES = 1 << 30  # of all entries, unpacked; what an entry unpacks to beyond its own word is not read
MOST_SHARED = 48 << 20  # of the table of texts, which is held in memory
MOST_COLUMNS = 500
SURE = 10**15  # a spreadsheet keeps 15 digits of a number: what is longer has lost its end
BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, EOFError)


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of the first sheet, as texts; empty ones are left out. Raises `FileRefused`."""
    try:
        _look(path)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # many programs write a wrong one
            width = 0
            for row in sheet.iter_rows(values_only=True):
                texts = [_text(value) for value in row[:MOST_COLUMNS]]
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    width = width or len(texts)
                    yield texts + [""] * (width - len(texts))
        finally:
            book.close()
    except FileRefused:
        raise
    except BROKEN as problem:
        raise FileRefused(f"表格文件是坏的（{type(problem).__name__}）。在表格软件里打开，另存一份再传") from None


def _look(path: Path) -> None:
    """Refuse what is no spreadsheet, and what would unpack to more than a spreadsheet holds."""
    with zipfile.ZipFile(path) as packed:
        entries = packed.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise FileRefused("这个文件解开后太大，不像一张表格，没有打开它。把数据另存为 CSV 再传")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise FileRefused("这是压缩包，不是表格。解开后传里面的文件")
    if any(entry.filename.endswith("sharedStrings.xml") and entry.file_size > MOST_SHARED for entry in entries):
        raise FileRefused("表格里的文字太多。另存为 CSV 再传")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if abs(value) >= SURE:
            return f"{value:.5E}"  # as the program shows it: no order number can be made of it
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return str(value)
