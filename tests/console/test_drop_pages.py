"""The drops' pages in the system's Chromium: phone and desktop, light and dark, read and used."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from app import create_app
from models import DropSeries, Media
from runtime import ROOT
from tests.console.test_audience_pages import keep
from tests.console.test_pages import CONTRAST, SMALL_TARGETS, served, signed_in
from tests.drop_weeks import PNG, Weeks
from tests.jobs.test_drops import on

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
PATHS = (
    "/console/drops", "/console/drops?edition=1", "/console/drops?month=2026-12", "/console/drops/new",
    "/console/drops/1", "/console/drops/editions/2",
)  # fmt: skip


@pytest.fixture
def weeks(runtime: Any, make: Any, sandbox: Any, clock: Any) -> Weeks:
    make.user("lan", name="周岚")
    return Weeks(runtime, make, sandbox, clock)


@pytest.fixture
def address(weeks: Weeks, runtime: Any) -> Iterator[str]:
    with served(create_app(runtime)) as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_every_page_fits_and_can_be_read(chromium, address, weeks, width, scheme):
    weeks.series()
    weeks.series(
        name="零食夜，一个名字特别特别特别特别长的爆款日", weekday=3, product="每日坚果大礼包" * 6, robot=False
    )
    weeks.pass_until(on(20, 20, 5), each=lambda: weeks.confirm("mei"))
    with signed_in(chromium, address, width=width, scheme=scheme) as page:
        for path in PATHS:
            page.goto(address + path)
            for folded in page.locator("details > summary").all():
                if folded.is_visible():
                    folded.click()
            assert (path, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (path, 0)
            assert (path, page.evaluate(CONTRAST)) == (path, [])
            keep(page, f"drops{PATHS.index(path)}-{width}-{scheme}")
            if width == 360:
                assert (path, page.evaluate(SMALL_TARGETS)) == (path, [])


@pytest.mark.parametrize("width", [360, 1280])
def test_a_series_is_planned_by_hand_with_its_picture_and_preview(chromium, address, weeks, make, tmp_path, width):
    picture = tmp_path / "tulip.png"
    picture.write_bytes(PNG)
    with signed_in(chromium, address, width=width) as page:
        page.goto(f"{address}/console/drops")
        page.get_by_role("link", name="定第一个爆款日").click()
        page.get_by_label("名字").fill("周五花市")
        page.get_by_label("商品", exact=True).fill("郁金香")
        page.get_by_label("价格").fill("39.9")
        page.get_by_label("份数").fill("300")
        page.get_by_label("图片").set_input_files(picture)
        expect(page.get_by_alt_text("商品图片")).to_be_visible()
        page.get_by_role("button", name="全选").click()
        expect(page.get_by_text("已选 3")).to_be_visible()
        page.get_by_label("预热", exact=True).last.fill("马上开抢")
        expect(page.locator("#preview")).to_contain_text("「马上」只在这一刻是真的")
        page.get_by_label("预热", exact=True).last.fill("{商品} {价格}，{时间} 开抢。")
        expect(page.locator("#preview")).to_contain_text("郁金香 ¥39.90，11 月 20 日周五 20:00 开抢。")
        page.get_by_role("button", name="定下这个爆款日").click()

        page.get_by_role("link", name="20:00 周五花市").click()
        expect(page.get_by_role("heading", name="周五花市 第 1 期")).to_be_visible()

    [series] = make.rows(DropSeries)
    assert (series.media_id, len(series.group_ids)) == (make.rows(Media)[0].id, 3)


@pytest.mark.parametrize("width", [360, 1280])
def test_owners_are_reminded_and_an_edition_is_skipped_by_hand(chromium, address, weeks, width):
    weeks.series()
    weeks.pass_until(on(20, 19, 55), each=lambda: weeks.confirm("mei"))
    with signed_in(chromium, address, width=width) as page:
        page.goto(f"{address}/console/drops")
        page.get_by_role("link", name="20:00 周五花市").first.click()
        expect(page.locator(".edition")).to_contain_text("1 个群收到了 · 2 个群在等群主点发送")
        page.get_by_role("button", name="提醒 1 位群主").last.click()
        expect(page.get_by_role("status")).to_contain_text("会再提醒他们一次")
        weeks.work()
        assert {task["reminded"] for each in weeks.masses.at_wecom() for task in each["tasks"]} == {0, 1}

        page.get_by_text("跳过这一期…").click()
        page.get_by_role("button", name="跳过第 1 期").click()
        expect(page.get_by_text("这一期跳过了。已经发出去的还在。")).to_be_visible()
    weeks.work()
    assert weeks.confirm() == 0
