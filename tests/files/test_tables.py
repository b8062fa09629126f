"""Rows of whatever file a shop has: every encoding and form is read, and what is no table is refused in words."""

import gzip
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.reader.excel import ExcelReader

from files import cells, sheets
from files.exports import harmless
from files.refusals import FileRefused
from files.tables import Table

ROOT = Path(__file__).resolve().parents[2]
ROWS = [["订单号", "商品", "件数"], ["T1", "湿巾，80 抽", "2"], ["T2", "冻干", "1"]]
TEXT = '订单号,商品,件数\r\n\r\nT1,"湿巾，80 抽",2\nT2,冻干,1'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("gbk"),
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.replace("，80", "，㐀80").replace("冻", "𠮷").encode("gb18030"),
        gzip.compress(TEXT.encode("gb18030")),
        TEXT.replace(",", "\t").encode("utf-16"),
        ("," * 3_000_000).join(["订单号\n", ""]).encode(),
    ],
    ids=["gbk", "utf-8", "bom", "utf-16", "utf-16-le", "gb18030", "gzip", "tabs", "one endless line"],
)
def test_a_table_is_read_in_whatever_encoding_it_comes(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)

    if len(content) > 1_000_000:
        with pytest.raises(FileRefused, match="不是表格"):
            list(Table(tmp_path / "a.csv").rows())
        return
    found = list(Table(tmp_path / "a.csv").rows())

    rare = [[cell.replace("㐀", "").replace("𠮷", "冻") for cell in row] for row in found]
    assert rare == ROWS
    assert Table(tmp_path / "a.csv").header() == ROWS[0]


def sheet(path, rows):
    book = openpyxl.Workbook(write_only=True)
    made = book.create_sheet("订单")
    for row in rows:
        made.append(row)
    book.save(path)
    return path


def test_a_spreadsheet_is_read_as_texts_and_a_number_too_long_for_one_is_known_as_ruined(tmp_path):
    at = datetime(2026, 11, 20, 20, 15)  # noqa: DTZ001
    path = sheet(tmp_path / "a.xlsx", [["订单号", "时间", "价"], ["T1", at, 19.9], [], [2154240000000000000, at, 2]])

    _, first, second = Table(path.rename(tmp_path / "upload-7-0")).rows()  # as an uploaded one is called

    assert first == ["T1", "2026-11-20 20:15:00", "19.9"]
    assert second[0] == "2.15424E+18"
    assert second[2] == "2"
    assert cells.is_ruined(second[0])


def test_a_spreadsheet_that_would_unpack_to_too_much_is_refused_unopened(tmp_path, monkeypatch):
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "")
        packed.writestr("xl/workbook.xml", "")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_000)
        packed.infolist()[-1].file_size = sheets.MOST_BYTES + 1  # as its table of contents tells
    many = tmp_path / "many.xlsx"
    with zipfile.ZipFile(many, "w") as packed:
        for number in range(sheets.MOST_ENTRIES + 1):
            packed.writestr(str(number), "")
    monkeypatch.setattr(ExcelReader, "read_manifest", lambda *_, **__: pytest.fail("it was opened"))

    for path in (bomb, many):
        assert path.stat().st_size < 3_000_000
        with pytest.raises(FileRefused, match="解开后太大"):
            list(Table(path).rows())


CELL = b'<c t="inlineStr"><is><t>x</t></is></c>'
GROWS = {  # what stands in which part before what; a file of some KB
    "one endless row": (b"<row>" + CELL * 120_000 + b"</row>", "xl/worksheets/sheet1.xml", b"</sheetData>"),
    "styles without end": (b"<xf/>" * 250_000, "xl/styles.xml", b"</cellXfs>"),
}


@pytest.mark.parametrize("how", GROWS)
def test_what_unpacks_to_more_than_can_be_held_is_refused_wherever_it_stands(tmp_path, how):
    more, part, there = GROWS[how]
    with (
        zipfile.ZipFile(sheet(tmp_path / "a.xlsx", ROWS)) as packed,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in packed.namelist():
            text = packed.read(name)
            bomb.writestr(name, text.replace(there, more + there) if name == part else text)

    with pytest.raises(FileRefused, match="解开后太大"):
        list(Table(tmp_path / "b.xlsx").rows())


def test_a_row_far_below_the_others_is_the_next_one(tmp_path):
    """A reader that fills the gap up never comes back."""
    with (
        zipfile.ZipFile(sheet(tmp_path / "a.xlsx", ROWS)) as packed,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as moved,
    ):
        for name in packed.namelist():
            moved.writestr(name, packed.read(name).replace(b'<row r="3"', b'<row r="300000000000"'))

    assert list(Table(tmp_path / "b.xlsx").rows()) == ROWS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 Excel"),
        (b"PK\x03\x04 nothing of a zip", "坏的"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b'a,b\n1,"' + b"x" * 200_000, "引号"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"\xff\xfeA", "编码"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "读不下去"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, content, words):
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(FileRefused, match=words):
        list(Table(tmp_path / "a.csv").rows())


def test_a_file_larger_than_the_memory_it_may_take_is_read(tmp_path):
    """A gzip of some hundred KB that unpacks to 130 MB, a line at a time: what a gigabyte takes is no more."""
    block = gzip.compress((b"T1,sku,name,1,2.50,2026-11-20 20:15:00," + b"x" * 100_000 + b"\n") * 100)
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(b"no,sku,name,n,price,at,more\n", mtime=0) + block * 13)
    script = (
        "import re, sys; from pathlib import Path; from files.tables import Table;"
        "print(sum(1 for row in Table(Path(sys.argv[1])).rows()),"
        " int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )

    ran = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True, check=True)

    rows, megabytes = map(int, ran.stdout.split())
    assert rows == 13 * 100 + 1
    assert megabytes < 100


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('="2154240000000000001"', "2154240000000000001"),
        ("'13800138000", "13800138000"),
        ("T1\t", "T1"),
        ("=1+1", "=1+1"),
    ],
)
def test_what_keeps_a_spreadsheet_from_reading_a_number_is_taken_off(text, bare):
    assert cells.bare(text) == bare


@pytest.mark.parametrize(
    ("text", "is_ruined"),
    [("2.15E+18", True), ("2.15424E+18", True), ("2E18", True), ("E18", False), ("215424", False)],
)
def test_a_rounded_order_number_is_known(text, is_ruined):
    assert cells.is_ruined(text) == is_ruined


@pytest.mark.parametrize(
    "text", ["2026-11-20 20:15", "2026/11/20 20:15:00", "2026年11月20日 20:15", "2026-11-20T12:15:00Z"]
)
def test_times_are_read_as_exports_write_them(text):
    assert cells.clock("", "Asia/Shanghai")(text) == int(datetime.fromisoformat("2026-11-20T12:15:00Z").timestamp())


def test_nothing_we_write_is_a_formula():
    written = [harmless(value) for value in ("=HYPERLINK(1)", "+1", "@a", "-1", -1, "\ta", None, "a=b", "＝1", "\n=1")]

    assert written == ["'=HYPERLINK(1)", "'+1", "'@a", "'-1", "-1", "'\ta", "", "a=b", "'＝1", "'\n=1"]
