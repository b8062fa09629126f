"""The rows of an .xlsx file, read as a stream, after a look at what it would unpack to."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, XMLPullParser

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader, apply_stylesheet
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from files.refusals import FileRefused

MOST_ENTRIES = 1_000
MOST_BYTES = 1 << 30  # of all entries, unpacked; what an entry unpacks to beyond its own word is not read
MOST_SHARED = 48 << 20  # of the table of texts, which is held in memory
MOST_TEXTS = 2_500_000  # of them: the shortest that says anything takes 20 bytes
MOST_WHOLE = 1 << 20  # of every other part that is held as a tree, such as the styles: 200 bytes a style, in memory 500
MOST_ELEMENT = 4 << 20  # of one row or text as it is written
MOST_ROWS = 1 << 20  # a sheet has no more
MOST_COLUMNS = 500
BLOCK = 1 << 16
SURE = 10**15  # a spreadsheet keeps 15 digits of a number: what is longer has lost its end
BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, EOFError)
TEXT_TAG = f"{{{SHEET_MAIN_NS}}}si"
TOO_MUCH = "这个文件解开后太大，不像一张表格，没有打开它。把数据另存为 CSV 再传"


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of the first sheet, as texts; empty ones are left out. Raises `FileRefused`."""
    try:
        _look(path)
        with path.open("rb") as file:
            width = 0
            for texts in _sheet(file):
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    width = width or len(texts)
                    yield texts + [""] * (width - len(texts))
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
        raise FileRefused(TOO_MUCH)
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise FileRefused("这是压缩包，不是表格。解开后传里面的文件")


class _Parts(zipfile.ZipFile):
    """The parts of a workbook. Which part is what a file may say as it likes: by how it is read it is bounded."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """A part that is held as a tree."""
        size = name.file_size if isinstance(name, zipfile.ZipInfo) else self.getinfo(name).file_size
        if size > MOST_WHOLE:
            raise FileRefused(TOO_MUCH)
        return super().read(name, pwd)


def _sheet(file: IO[bytes]) -> Iterator[list[str]]:
    """The first sheet's rows. openpyxl reads the workbook around it; its own reader of rows knows no bounds."""
    book = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    book.archive = parts = _Parts(file)
    book.read_manifest()
    book.read_workbook()
    apply_stylesheet(parts, book.wb)
    sheets = (rel.target for _, rel in book.parser.find_sheets() if "chartsheet" not in rel.Type)
    sheet = next((target for target in sheets if target in book.valid_files), None)
    if sheet is None:
        raise FileRefused("表格文件里没有表")
    wb: Any = book.wb
    reader = WorkSheetParser(
        None, _shared(book, parts), data_only=True, epoch=wb.epoch, date_formats=wb._date_formats,
        timedelta_formats=wb._timedelta_formats,
    )  # fmt: skip
    with parts.open(sheet) as source:
        for row in _elements(source, ROW_TAG, DATA_TAG, MOST_ROWS):
            reader.row_counter, reader.col_counter = reader.row_counter + 1, 0
            cells = {cell["column"]: cell["value"] for cell in map(reader.parse_cell, row)}
            last = min(max(cells, default=0), MOST_COLUMNS)
            yield [_text(cells.get(column)) for column in range(1, last + 1)]


def _shared(book: ExcelReader, parts: _Parts) -> list[str]:
    """The table of texts that cells name by their place."""
    part = book.package.find(SHARED_STRINGS)
    if part is None:
        return []
    name = part.PartName[1:]
    if parts.getinfo(name).file_size > MOST_SHARED:
        raise FileRefused("表格里的文字太多。另存为 CSV 再传")
    with parts.open(name) as source:
        found = _elements(source, TEXT_TAG, "", MOST_TEXTS)
        return [Text.from_tree(element).content.replace("x005F_", "") for element in found]


def _elements(source: IO[bytes], tag: str, until: str, most: int) -> Iterator[Element]:
    """Each element of this name, emptied when the next one is asked for. None is larger than `MOST_ELEMENT`."""
    puller: Any = XMLPullParser()
    since = 0
    while block := source.read(BLOCK):
        since += len(block)
        if since > MOST_ELEMENT:
            raise FileRefused(TOO_MUCH)
        puller.feed(block)
        for _, element in puller.read_events():
            if element.tag == until:
                return
            if element.tag == tag:
                since, most = 0, most - 1
                if most < 0:
                    raise FileRefused(TOO_MUCH)
                yield element
                element.clear()
    puller.close()


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
