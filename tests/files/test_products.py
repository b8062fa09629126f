"""Import of a shop's products: each line is stored as `/mall/products` would, or skipped with its column and reason."""

import csv
import gzip
from datetime import date

import openpyxl
import pytest

from files.products import import_products
from files.refusals import FileRefused
from models import Product

HEADER = (
    "商家编码,商品名称,类目,售价（元）,主图,小程序路径,商品链接,淘口令,上市日期,回购周期,使用提示,商品状态,更新时间"
)
GOOD = (
    '="00123",湿巾 80 抽,护理,"1,019.99",https://img.example/a.jpg,pages/g?id=1,https://shop.example/1,￥aBc￥,'
    "2026/12/1,30天,避光,出售中,2026-11-20 20:15"
)


@pytest.fixture
def run(runtime, tmp_path):
    """Imports lines, or a file, and returns the report and the rows of the error file."""

    def run_import(content, name="products.csv"):
        path, errors = tmp_path / name, tmp_path / "errors.csv"
        if content:
            path.write_bytes(content)
        report = import_products(runtime, path, shop="店", errors_to=errors, progress=lambda *told: None)
        return report, list(csv.reader(errors.read_text("utf-8-sig").splitlines()))[1:]

    return run_import


def test_a_line_becomes_a_product_with_all_it_says_whatever_the_encoding(run, make):
    report, _ = run(gzip.compress(f"{HEADER}\n{GOOD}\n".encode("gbk")))

    [product] = make.rows(Product)
    assert (product.sku, product.name, product.category) == ("00123", "湿巾 80 抽", "护理")
    assert (product.price_fen, product.cycle_days, product.launch_on) == (101999, 30, date(2026, 12, 1))
    assert (product.image_url, product.mini_program_path) == ("https://img.example/a.jpg", "pages/g?id=1")
    assert (product.link_url, product.share_text, product.care_note) == ("https://shop.example/1", "￥aBc￥", "避光")
    assert (product.on_sale, product.changed_at.isoformat()) == (True, "2026-11-20T12:15:00+00:00")
    assert report.products == {"accepted": 1}
    assert run(None)[0].products == {"unchanged": 1}


def test_a_spreadsheet_without_times_is_as_new_as_now_and_off_sale_is_understood(run, make, runtime, tmp_path):
    book = openpyxl.Workbook()
    for row in (["sku", "name", "price", "on_sale", "launch_on"], ["A", "茶", 19.9, "下架", date(2026, 1, 2)]):
        book.active.append(row)
    book.save(tmp_path / "products.xlsx")

    before = runtime.now()
    run(None, "products.xlsx")

    [product] = make.rows(Product)
    assert (product.price_fen, product.on_sale, product.launch_on) == (1990, False, date(2026, 1, 2))
    assert before <= product.changed_at <= runtime.now()


def test_each_misfit_is_named_by_line_and_column_and_no_cell_of_the_error_file_is_a_formula(run, make):
    lines = [
        "sku,name,price,image_url,cycle_days,on_sale,updated_at",
        "A,茶,9.9,,,,",
        "A,茶,8.8,,,,",
        "B,茶,many,,,,",
        "=cmd(),茶,-1,,,,",
        "C,茶,1,ftp://x,,,",
        "D,茶,1,,0,,",
        "E,茶,1,,x,,",
        "F,茶,1,,,也许,",
        "G,茶,1,,,,2126-01-01",
        "6.9E+12,茶,1,,,,",
        "H,茶",
        ",茶,1,,,,",
    ]
    report, errors = run("\n".join(lines).encode())

    assert [(row[0], row[1], row[3]) for row in errors] == [
        ("3", "A", "sku"), ("4", "B", "price"), ("5", "'=cmd()", "price"), ("6", "C", "image_url"),
        ("7", "D", "cycle_days"), ("8", "E", "cycle_days"), ("9", "F", "on_sale"), ("10", "G", "updated_at"),
        ("11", "6.9E+12", "sku"), ("12", "H", ""), ("13", "", "sku"),
    ]  # fmt: skip
    assert (errors[0][4], errors[2][4]) == ("第 2 行已经有这个编码", "不能小于 0")
    assert [(product.sku, product.price_fen) for product in make.rows(Product)] == [("A", 990)]
    assert (report.lines, report.skipped) == (12, 11)
    assert next(line for line in report.words() if "第 4 行" in line) == "  第 4 行 B：price 应为金额，例如 19.90"


def test_a_file_whose_columns_nobody_knows_is_refused_and_nothing_is_stored(run, make):
    with pytest.raises(FileRefused, match="认不出这些列：商品编码、价格"):
        run("名称,颜色\n茶,绿\n".encode())

    assert make.rows(Product) == []
