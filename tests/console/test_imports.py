"""Imports through the console: who may, what is refused, and what becomes of one that is stopped, killed or broken."""

import csv
import io
from datetime import timedelta

import pytest

from crm import file_imports
from files.uploads import PIECE
from jobs import imports as job
from jobs.retention import forget_old
from models import Audit, FileImport, Order, Product
from tests.console.conftest import text_of
from tests.files.exports import generate

OWN = "order_no,sku,name,quantity,price,created_at,category,status,buyer_id\n"
GOOD = "T{},S,湿巾,2,19.90,2026-11-20T20:15:00+08:00,护理,completed,b1\n"


@pytest.fixture
def settings(settings, tmp_path):
    folder = {"folder": str(tmp_path / "imports"), "largest_mb": 1}
    return settings.model_copy(update={"imports": settings.imports.model_copy(update=folder)})


class Uploader:
    """Sends files as the page's own script does."""

    def __init__(self, browser):
        self.browser = browser
        self.token = browser.token("/console/imports")

    def post(self, path, body, kind="application/octet-stream"):
        more = {"data": body} if isinstance(body, bytes) else {"json": body}
        headers = {"X-CSRF-Token": self.token, "Accept": "application/json"}
        kind = {"content_type": kind} if isinstance(body, bytes) else {}
        return self.browser.client.post(f"/console/imports{path}", headers=headers, **more, **kind)

    def begin(self, *sizes, name="orders.csv", **more):
        return self.post("", {"files": [{"name": name, "size": size} for size in sizes]} | more)

    def send(self, content, name="orders.csv", **more):
        number = self.begin(len(content), name=name, **more).json["id"]
        for at in range(0, len(content), PIECE):
            assert self.post(f"/{number}/files/0?at={at}", content[at : at + PIECE]).status_code == 200
        assert self.post(f"/{number}/arrived", {}).status_code == 200
        return number

    def start(self, number, how="import"):
        path = f"/console/imports/{number}"
        return self.browser.post(f"{path}/start", {"how": how}, page="/console/imports")


@pytest.fixture
def uploader(signed_in):
    return Uploader(signed_in("operator"))


def test_a_file_is_tried_and_then_taken_in_and_what_was_skipped_can_be_downloaded(uploader, make, runtime):
    number = uploader.send((OWN + GOOD.format(1) + GOOD.format(2) + "=cmd(),S,x,many,1,2026-11-20,,,\n").encode())

    uploader.start(number, "try")
    assert job.import_files(runtime) >= 1
    tried = make.rows(FileImport)[0]
    assert (tried.state, tried.report["orders"]) == ("checked", {"new": 2, "known": 0, "rejected": 0})
    assert make.rows(Order) == []
    uploader.start(number)
    while job.import_files(runtime):
        pass

    done = make.rows(FileImport)[0]
    assert (done.state, done.report["orders"]["accepted"], done.shop) == ("done", 2, "我的小店")
    assert "件数读不懂：many" in (errors := uploader.browser.get(f"/console/imports/{number}/errors")).get_data(
        as_text=True
    )
    assert [row[1] for row in csv.reader(io.StringIO(errors.get_data(as_text=True)))][1:] == [""]
    assert "导入完了" in text_of(uploader.browser.get(f"/console/imports/{number}"))
    assert {row.action for row in make.rows(Audit)} >= {"import.upload", "import.try", "import.import"}
    assert uploader.start(number).status_code == 409


@pytest.mark.parametrize("role", ["manager", "finance", "developer"])
def test_only_an_operator_imports(signed_in, role, make):
    here = signed_in(role)

    assert here.get("/console/imports").status_code == 403
    assert here.post("/console/imports/1/start", {"how": "import"}, page="/console/account").status_code == 403


def test_pieces_follow_one_another_and_never_exceed_what_was_announced(uploader, make):
    assert uploader.begin(2 * 1024**2).status_code == 413
    assert uploader.begin(0).status_code == 422
    number = uploader.begin(10).json["id"]

    answers = [
        uploader.post(f"/{number}/files/0?at=0", b"12345"),
        uploader.post(f"/{number}/files/0?at=0", b"12345"),
        uploader.post(f"/{number}/files/0?at=5", b"678901"),
        uploader.post(f"/{number}/files/1?at=0", b"1"),
        uploader.post(f"/{number}/arrived", {}),
        uploader.post(f"/{number}/files/0?at=5", b"67890"),
    ]

    assert [answer.status_code for answer in answers] == [200, 409, 422, 422, 409, 200]
    assert answers[1].json["message"] == "这一段接不上，已经收到 5 字节"


def test_a_bomb_and_a_file_that_is_none_are_shown_in_words_and_cannot_be_started(uploader):
    number = uploader.send(b"PK\x03\x04 no spreadsheet", name="../../etc/<b>.xlsx")

    page = uploader.browser.get(f"/console/imports/{number}")

    assert "表格文件是坏的" in text_of(page)
    assert "<b>.xlsx" not in page.get_data(as_text=True)
    assert uploader.start(number).status_code == 409


def test_a_stopped_import_goes_on_where_it_stopped_and_a_killed_one_is_taken_over(
    uploader, make, runtime, tmp_path, clock
):
    number = uploader.send(generate(tmp_path / "orders.csv.gz", orders=300).read_bytes(), name="orders.csv.gz")
    uploader.start(number)
    page = f"/console/imports/{number}"
    assert uploader.browser.post(f"{page}/stop", page=page).status_code == 303

    job.import_files(runtime)
    stored = len(make.rows(Order))
    assert make.rows(FileImport)[0].state == "stopped"
    assert stored > 0

    uploader.start(number)
    with runtime.transaction() as session:  # a worker that leased it and died
        assert file_imports.lease(session, now=runtime.now()) is not None
    assert job.import_files(runtime) == 0
    clock.tick(seconds=file_imports.LEASE / timedelta(seconds=1) + 1)
    while job.import_files(runtime):
        pass

    row = make.rows(FileImport)[0]
    assert (row.state, row.report["orders"]["accepted"]) == ("done", len(make.rows(Order)))
    assert row.report["orders"]["unchanged"] == 0
    assert len(make.rows(Order)) > stored


def test_columns_chosen_by_hand_are_kept_and_what_is_missing_is_said(uploader, make):
    number = uploader.send("流水号,货品,数量,成交价,下单日期\nS1,湿巾,2,19.9,2026-11-20 20:15\n".encode("gbk"))
    path = f"/console/imports/{number}"
    chosen = {
        "shop": "门店",
        "preset": "",
        "name": "货品",
        "quantity": "数量",
        "price": "成交价",
        "ordered_at": "下单日期",
    }

    refused = uploader.browser.post(path, chosen, page=path)
    kept = uploader.browser.post(path, chosen | {"order_no": "流水号"}, page=path)

    assert (refused.status_code, kept.status_code) == (422, 303)
    assert "订单号、商品、件数、下单时间这几列都要选" in text_of(refused)
    assert (make.rows(FileImport)[0].shop, make.rows(FileImport)[0].mapping["columns"]["order_no"]) == (
        "门店",
        "流水号",
    )
    assert "S1 交易成功 湿巾 2 ¥19.90" in text_of(uploader.browser.get(path))


def test_products_are_previewed_tried_and_taken_in_and_their_misfits_named(uploader, make, runtime):
    lines = "编号,商品名称,价格,淘口令\nA,湿巾,19.90,￥aBc￥\n=B,茶,many,\n".encode("gbk")
    number = uploader.send(lines, kind="products")
    path = f"/console/imports/{number}"

    assert uploader.start(number, "try").status_code == 409  # nobody knows yet which column is the code
    refused = uploader.browser.post(path, {"shop": "店", "name": "商品名称"}, page=path)
    columns = {"shop": "店", "sku": "编号", "name": "商品名称", "price": "价格", "share_text": "淘口令"}
    assert uploader.browser.post(path, columns, page=path).status_code == 303
    preview = text_of(uploader.browser.get(path))
    uploader.start(number, "try")
    job.import_files(runtime)
    tried = make.rows(FileImport)[0]
    assert make.rows(Product) == []
    uploader.start(number)
    job.import_files(runtime)

    assert (refused.status_code, "商品编码、商品名、价格这几列都要选" in text_of(refused)) == (422, True)
    assert "2 A 在售 湿巾 ¥19.90 – – 口令" in preview
    assert "跳过：价格 应为金额，例如 19.90" in preview
    assert (tried.state, tried.report["products"], tried.report["skipped"]) == ("checked", {"new": 1, "known": 0}, 1)
    done = make.rows(FileImport)[0]
    assert (done.state, done.report["products"]) == ("done", {"accepted": 1})
    assert [(product.sku, product.price_fen) for product in make.rows(Product)] == [("A", 1990)]
    assert "第 3 行 =B ：价格 应为金额" in text_of(uploader.browser.get(path)).replace("B：", "B ：")
    assert "3,'=B,茶,价格," in uploader.browser.get(f"{path}/errors").get_data(as_text=True)
    assert uploader.begin(1, 1, kind="products").status_code == 422


def test_uploads_nobody_starts_and_old_files_of_skipped_lines_are_deleted(
    uploader, signed_in, runtime, clock, tmp_path, make
):
    imported = uploader.send((OWN + GOOD.format(1) + "x\n").encode())
    uploader.start(imported)
    job.import_files(runtime)
    draft, half = uploader.send((OWN + GOOD.format(2)).encode()), uploader.begin(9).json["id"]
    clock.tick(days=runtime.settings.retention.upload_days - 1)
    young = Uploader(signed_in("operator")).send((OWN + GOOD.format(3)).encode())
    assert len(list((tmp_path / "imports").iterdir())) == 3

    clock.tick(days=2)
    forget_old(runtime)

    assert [path.name for path in (tmp_path / "imports").iterdir()] == [f"upload-{young}-0"]
    assert [row.id for row in make.rows(FileImport) if row.forgotten_at] == [imported, draft, half]
    here = Uploader(signed_in("operator"))
    assert "已经清掉了" in text_of(here.browser.get(f"/console/imports/{draft}"))
    assert here.start(draft).status_code == 409
