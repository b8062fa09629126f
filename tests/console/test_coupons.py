"""Coupon batches on the console: every rule of one, a pool's codes, a link customers claim by."""

from datetime import datetime
from io import BytesIO

import pytest

from models import Coupon, CouponBatch, CouponCode, CouponLink
from tests.console.conftest import text_of

OFFER = {
    "name": "鲜花专场", "kind": "percentage", "tenths": "8.8", "value": "", "gift": "", "threshold": "39",
    "skus": "ROSE-12\nROSE-20\n\nROSE-12", "categories": "鲜花", "total": "100", "per_customer": "2",
    "per_staff_day": "20", "valid_days": "7", "valid_from": "", "valid_until": "", "stackable": "yes", "source": "own",
    "link_url": "", "returns_on_refund": "yes", "remind_days": "3",
}  # fmt: skip


def test_every_rule_of_a_batch_is_kept_and_shown(signed_in, make, runtime):
    here, audience = signed_in("operator"), make.audience(name="爱买花的")
    near = OFFER | {"valid_until": f"{runtime.now().year + 1}-01-31", "audience": str(audience.id)}

    assert here.post("/console/coupons", near, page="/console/account").status_code == 303

    [batch] = make.rows(CouponBatch)
    kept = batch.kind, batch.pays_percent, batch.value_fen, batch.threshold_fen, batch.skus, batch.categories
    assert kept == ("percentage", 88, 0, 3900, ["ROSE-12", "ROSE-20"], ["鲜花"])
    limits = batch.total, batch.per_customer, batch.per_staff_day, batch.audience_id, batch.remind_days
    assert limits == (100, 2, 20, audience.id, 3)
    assert (batch.stackable, batch.returns_on_refund, batch.valid_days) == (True, True, None)
    assert batch.valid_until == datetime(runtime.now().year + 1, 2, 1, tzinfo=runtime.zone)
    page = text_of(here.get(f"/console/coupons/{batch.id}?added=假的"))  # a link puts no words on the page
    assert "假的" not in page
    assert all(
        words in page for words in ("满 ¥39 8.8 折", "爱买花的", "ROSE-12、ROSE-20、鲜花", "到期前 3 天提醒发券的同事")
    )


def test_what_does_not_fit_is_named_by_its_field(signed_in, make, runtime):
    here, dated = signed_in(), OFFER | {"valid_until": f"{runtime.now().year + 1}-06-30"}
    wrong = {
        "tenths": OFFER | {"tenths": "88"}, "valid_until": OFFER | {"valid_until": "2020-01-01"},
        "link_url": OFFER | {"source": "youzan"}, "gift": OFFER | {"kind": "gift"},
        "audience": OFFER | {"audience": "12345"}, "valid_from": dated | {"valid_from": "0001-01-01"},
    }  # fmt: skip
    late = here.post("/console/coupons", OFFER | {"valid_until": "9999-12-31"}, page="/console/account")
    assert late.status_code == 422

    for field, sent in wrong.items():
        answer = here.post("/console/coupons", sent, page="/console/account")
        assert (field, answer.status_code) == (field, 422)
    assert make.rows(CouponBatch) == []


@pytest.fixture
def send_codes(signed_in):
    """A pool's page, and what it answers to codes that are typed or in a file."""
    here = signed_in()
    pool = OFFER | {"kind": "free_shipping", "source": "pool", "total": ""}
    here.post("/console/coupons", pool, page="/console/account")

    def send(typed="", file=None, name="codes.csv"):
        fields = {"codes": typed} | ({} if file is None else {"file": (BytesIO(file), name)})
        answer = here.post(
            "/console/coupons/1/codes", fields, page="/console/account", content_type="multipart/form-data"
        )
        return answer.status_code, text_of(answer)

    return send


def test_codes_of_another_system_are_added_once(send_codes, make):
    first, again = send_codes("A1\nA2\n\n A3 \nA1"), send_codes("A3\nA4")
    wrong = send_codes("B1\nB 2\n" + "B" * 65)

    assert [row.code for row in make.rows(CouponCode)] == ["A1", "A2", "A3", "A4"]
    assert make.rows(CouponBatch)[0].total == 4
    assert (first[0], "里面重复了 1 行，只算一次：A1（第 5 行）" in first[1]) == (200, True)
    assert (again[0], "以前就导入过 1 个，没有再加：A3" in again[1]) == (200, True)
    assert (wrong[0], "中间没有空格" in wrong[1], "第 2 行：B 2" in wrong[1]) == (422, True, True)
    assert f"第 3 行：{'B' * 64}" in wrong[1]


def test_codes_come_in_the_files_that_programs_write(send_codes, make):
    many = b"\n".join(b"%d" % number for number in range(50_001))
    files = {
        "excel.csv": '\ufeff"券码"\r\n"A1"\r\n"A2",\r\n'.encode(),
        "windows.txt": "兑换码\r\nB1\r\n中文码".encode("gb18030"),
        "plain": b"C1",
        "empty.txt": b"\n \n",
        "two.csv": b"D1,18.00",
        "picture.csv": b"\x89PNG\xff\xfe\x80",
        "large.txt": b"E" * (4 * 1024 * 1024 + 1),
        "nul.txt": b"F1\0",
        "many.txt": many,
    }

    answers = {name: send_codes(file=content, name=name) for name, content in files.items()}

    assert [row.code for row in make.rows(CouponCode)] == ["A1", "A2", "B1", "中文码", "C1"]
    assert [status for status, _ in answers.values()] == [303] * 3 + [422] * 6
    assert "第 1 行：D1,18.00" in answers["two.csv"][1]
    assert "最多 4 MB" in answers["large.txt"][1]
    assert "一次最多 50,000 个" in answers["many.txt"][1]


def test_a_long_list_is_taken_as_it_was_pasted(send_codes, make):
    """Longer than what a form may hold elsewhere; in transactions of 500."""
    status, _ = send_codes("\n".join(f"{'L' * 50}{number:010}" for number in range(10_000)))

    assert (status, make.rows(CouponBatch)[0].total) == (303, 10_000)


def test_a_batchs_link_is_shown_once_and_only_its_digest_is_kept(signed_in, make, runtime):
    here, batch = signed_in(), make.coupon_batch()

    page = text_of(here.post(f"/console/coupons/{batch.id}/link", page="/console/account"))

    token = page.partition("/c/")[2][:32]
    [link] = make.rows(CouponLink)
    assert (link.token_digest, link.batch_id, link.coupon_id) == (runtime.vault.digest(token), batch.id, None)
    assert token not in text_of(here.get(f"/console/coupons/{batch.id}"))
    assert make.rows(Coupon) == []
