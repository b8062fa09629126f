"""A file's rows, whatever it is: CSV or TSV in any of the usual encodings, gzipped or not, or a spreadsheet."""

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from files import sheets
from files.refusals import FileRefused

SAMPLE = 1 << 20
LONGEST_LINE = 1 << 20  # letters; a "line" beyond it is no table, and would be held in memory
MOST_BYTES = 8 << 30  # unpacked: a gzip of a few MB can hold as much as it likes
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DELIMITERS = (",", "\t", ";")
OLD_SPREADSHEET, RAR = b"\xd0\xcf\x11\xe0", b"Rar!"


class Table:
    """One file and how to read it. `encoding` and `delimiter` are guessed when they are "".

    `is_glance`: only the first rows are wanted, so the first part is enough to guess by.
    """

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "", *, is_glance: bool = False) -> None:
        self.path, self._encoding, self._delimiter, self._is_glance = path, encoding, delimiter, is_glance
        self._size = path.stat().st_size
        self._raw: IO[bytes] | None = None

    def rows(self) -> Iterator[list[str]]:
        """Every row, the header first; empty ones are left out. Raises `FileRefused`."""
        try:
            with self.path.open("rb") as self._raw:
                start = self._raw.read(4)
                self._raw.seek(0)
                if start.startswith(b"PK"):
                    yield from sheets.rows(self.path)
                else:
                    yield from self._lines(self._raw, start)
        except UnicodeDecodeError as problem:
            raise FileRefused(f"文件不是 {problem.encoding} 编码。另存为 UTF-8 的 CSV 再试") from None
        except csv.Error:
            raise FileRefused("文件读不下去：有一个引号没有合上，或一格太长。从平台重新导出一份") from None
        except (EOFError, OSError) as problem:
            raise FileRefused(f"文件读不下去：{problem}") from None

    def header(self) -> list[str]:
        """The names of the columns."""
        rows = self.rows()
        try:
            return next(rows, [])
        finally:
            rows.close()  # type: ignore[attr-defined]

    def share_read(self) -> float:
        """How much of the file was read so far, 0 to 1."""
        if self._raw is None or self._raw.closed or not self._size:
            return 0.0
        return min(self._raw.tell() / self._size, 1.0)

    def _lines(self, raw: IO[bytes], start: bytes) -> Iterator[list[str]]:
        if start == OLD_SPREADSHEET:
            raise FileRefused("这是旧版 Excel 的 .xls。在表格软件里另存为 .xlsx 或 CSV 再传")
        if start == RAR:
            raise FileRefused("这是压缩包。解开后传里面的文件")
        is_packed = start.startswith(b"\x1f\x8b")
        unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if is_packed else raw
        encoding = self._encoding or _encoding(unpacked, most=SAMPLE if self._is_glance else MOST_BYTES)
        unpacked.seek(0)
        # Several small reads: a packed file tells its place by what was taken from it.
        text = io.TextIOWrapper(unpacked, encoding, newline="")
        try:
            first = text.readline(LONGEST_LINE)
            if "<html" in first.lower() or "<table" in first.lower():
                raise FileRefused("这是网页，只是名字像表格。在表格软件里打开，另存为 .xlsx 或 CSV 再传")
            delimiter = self._delimiter or max(DELIMITERS, key=first.count)
            yield from filter(None, csv.reader(_bounded(text, first), delimiter=delimiter))
        finally:
            text.detach()


def _bounded(text: io.TextIOWrapper, line: str) -> Iterator[str]:
    read = 0
    while line:
        if len(line) >= LONGEST_LINE:
            raise FileRefused("文件里有一行超过 100 万个字，不是表格")
        read += len(line)
        if read > MOST_BYTES:
            raise FileRefused("文件解开后超过 8 GB。分成几份再导入")
        yield line
        line = text.readline(LONGEST_LINE)


def _encoding(file: IO[bytes], *, most: int) -> str:
    """By its byte order mark, else UTF-8 when every byte of it is, else what Windows writes in China."""
    block = file.read(SAMPLE)
    for mark, name in BOMS:
        if block.startswith(mark):
            return name
    pairs = block[: len(block) // 2 * 2]
    for name, zeros in (("utf-16-le", pairs[1::2]), ("utf-16-be", pairs[0::2])):
        if zeros and zeros.count(0) > len(zeros) // 3:
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    try:
        while block:
            decoder.decode(block)
            read += len(block)
            block = file.read(SAMPLE) if read < most else b""
        if read < most:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"
