"""An import in the system's Chromium: chosen, uploaded in pieces, tried, taken in, and its skipped lines downloaded."""

import gzip
import os

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from models import FileImport, Order, OrderLine
from runtime import ROOT
from tests.console.test_pages import CONTRAST, SMALL_TARGETS, signed_in
from tests.files.exports import REAL, first_lines, generate
from tests.files.test_presets import ITEMS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
FOLDER = os.environ.get("SCREENSHOTS")
LINES = 50_000


@pytest.fixture
def settings(settings, tmp_path):
    return settings.model_copy(
        update={"imports": settings.imports.model_copy(update={"folder": str(tmp_path / "imports")})}
    )


def look(page, name, width):
    if FOLDER:
        page.screenshot(path=f"{FOLDER}/{name}-{width}.png", full_page=True)
    assert (name, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (name, 0)
    assert (name, page.evaluate(CONTRAST)) == (name, [])
    if width == 360:
        assert (name, page.evaluate(SMALL_TARGETS)) == (name, [])


def plain(tmp_path):
    """50,000 lines of the real shop, or as many made up, as a plain CSV of some megabytes: more than one piece."""
    packed = tmp_path / "orders.csv.gz"
    packed = first_lines(REAL, packed, LINES) if REAL.exists() else generate(packed, 3_600)
    path = tmp_path / "orders.csv"
    lines = gzip.decompress(packed.read_bytes()).splitlines(keepends=True)[: LINES + 1]
    path.write_bytes(b"".join(lines))
    return path, len(lines) - 1


def test_fifty_thousand_lines_go_in_through_the_console(chromium, running_app, make, tmp_path, runtime):
    make.user("lan", name="周岚")
    path, lines = plain(tmp_path)
    with signed_in(chromium, running_app.url, width=1280) as page:
        page.goto(f"{running_app.url}/console/imports")
        look(page, "imports-empty", 1280)
        page.get_by_label("选文件上传").set_input_files(path)
        expect(page.get_by_role("heading", level=1)).to_have_text("orders.csv", timeout=20_000)
        expect(page.get_by_label("哪个平台")).to_have_value("online_retail")
        expect(page.locator("#preview tbody tr").first).to_contain_text("536365")
        look(page, "import-draft", 1280)
        page.get_by_role("button", name="试算一次").click()
        expect(page.locator("#state")).to_contain_text("试算好了", timeout=60_000)
        page.reload()
        expect(page.locator(".figures")).to_contain_text("新的")
        look(page, "import-checked", 1280)
        assert make.rows(Order) == []
        page.get_by_role("button", name="开始导入").click()
        expect(page.locator("#state")).to_contain_text("导入完了", timeout=90_000)
        page.reload()
        look(page, "import-done", 1280)
        with page.expect_download() as coming:
            page.get_by_role("link", name="下载跳过的行和原因").click()
        errors = coming.value.path().read_text("utf-8-sig").splitlines()

    [row] = make.rows(FileImport)
    skipped = sum(part["lines"] for part in row.report["skipped"].values())
    assert row.report["file"]["lines"] == lines
    assert len(errors) - 1 == skipped
    with runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(OrderLine)) == row.report["sales"]["lines"]
        assert session.scalar(select(func.count()).select_from(Order)) == row.report["orders"]["accepted"]
    assert [path.name for path in (tmp_path / "imports").iterdir()] == [f"errors-{row.id}.csv"]


def test_a_file_nobody_knows_is_read_by_columns_chosen_on_a_phone(chromium, running_app, make, tmp_path):
    make.user("lan", name="周岚")
    path = tmp_path / "流水.csv"
    rows = [
        "流水号,货品,数量,成交价,下单日期,会员手机",
        "S1,湿巾,2,19.90,2026-11-20 20:15,13800138000",
        "2.15E+18,冻干,1,39.80,2026-11-20 20:15,",
    ]
    path.write_bytes("\n".join(rows).encode("gbk"))
    alone = tmp_path / "items.csv"
    alone.write_bytes(f"{ITEMS}\n1,湿巾,1,1,,,,".encode("gbk"))
    with signed_in(chromium, running_app.url, width=360) as page:
        page.goto(f"{running_app.url}/console/imports")
        page.get_by_label("选文件上传").set_input_files(path)
        expect(page.get_by_role("heading", level=1)).to_have_text("流水.csv")
        page.get_by_label("订单号").select_option("流水号")
        page.get_by_role("button", name="按这样读，看前几行").click()
        expect(page.locator("#preview")).to_contain_text("S1")
        expect(page.locator("#preview")).to_contain_text("被表格软件改成了科学计数")
        look(page, "import-columns", 360)
        page.get_by_role("button", name="试算一次").click()
        expect(page.locator("#state")).to_contain_text("试算好了", timeout=20_000)
        page.reload()
        look(page, "import-checked", 360)
        page.goto(f"{running_app.url}/console/imports")
        look(page, "imports", 360)
        page.get_by_label("选文件上传").set_input_files(alone)
        page.get_by_role("button", name="试算一次").click()

        expect(page.locator("#state")).to_contain_text("两个一起给", timeout=20_000)


def test_products_are_chosen_previewed_and_counted_on_a_phone(chromium, running_app, make, tmp_path):
    make.user("lan", name="周岚")
    path = tmp_path / "商品.csv"
    rows = [
        "商品编码,商品名称,类目,价格,商品链接,淘口令,回购周期,商品状态",
        "WIPES-80,婴儿湿巾 80 抽,护理,19.90,https://shop.example/1,￥aBc￥,30天,出售中",
        "BERRY-50,冻干草莓 50 g,零食,39.80,,,,仓库中",
        "BERRY-51,冻干草莓 50 g,零食,三十九,,,,",
    ]
    path.write_bytes("\n".join(rows).encode("gbk"))
    with signed_in(chromium, running_app.url, width=360) as page:
        page.goto(f"{running_app.url}/console/imports")
        page.get_by_label("商品，一行一个").check()
        look(page, "imports-products", 360)
        page.get_by_label("选文件上传").set_input_files(path)
        expect(page.locator("#preview")).to_contain_text("应为金额")
        page.locator("summary", has_text="每一列是什么").click()
        look(page, "import-products-draft", 360)
        page.get_by_role("button", name="试算一次").click()
        expect(page.locator("#state")).to_contain_text("试算好了", timeout=20_000)
        page.reload()
        expect(page.locator(".figures")).to_contain_text("新的")
        look(page, "import-products-checked", 360)
