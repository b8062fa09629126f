"""The page 任务 in a browser: a press has a job run, and the page says by itself how it went."""

import pytest
from playwright.sync_api import expect

from jobs.schedule import PLANS, TIMED
from jobs.ticks import Ticks, run
from runtime import ROOT
from tests.console.test_pages import address, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
__all__ = ["address"]


@pytest.mark.parametrize("width", [1280, 375])
def test_a_job_that_is_asked_for_runs_and_the_page_says_so(chromium, address, runtime, width):
    ticks = Ticks(runtime, "one", PLANS)
    ticks.tick()
    with signed_in(chromium, address, width=width) as page:
        page.get_by_role("link", name="任务", exact=True).click()
        line = page.locator("table.jobs tr", has_text="清掉用过的签名编号")
        expect(line).to_contain_text("还没跑过")

        line.get_by_role("button", name="现在跑一次").click()
        expect(line).to_contain_text("等着跑")
        claim = next(claim for claim in ticks.tick() if claim.job == "forget_nonces")
        run(runtime, claim, TIMED[claim.job][0])

        expect(line).to_contain_text("完成", timeout=9000)
        expect(line.get_by_role("button", name="现在跑一次")).to_be_visible()
        page.get_by_label("只看").select_option("清掉用过的签名编号")
        page.get_by_role("button", name="看", exact=True).click()
        expect(page.locator("table.runs tbody tr")).to_have_count(2)
