"""The console in the system's Chromium: phone and desktop, light and dark, read and used."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from app import create_app
from models import Identity
from runtime import ROOT
from tests.factories import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
PATHS = (
    "/console/", "/console/inbox", "/console/inbox/2", "/console/inbox/3", "/console/outbound?open=1",
    "/console/coupons?new=1", "/console/audit", "/console/users", "/console/account", "/console/jobs",
)  # fmt: skip

# Every text against the nearest opaque ground beneath it; WCAG's formula. Answers the words that are too pale.
CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const grounds = new Map([[null, [255, 255, 255]]]);
  const ground = (node) => {
    if (!grounds.has(node)) {
      const found = parts(getComputedStyle(node).backgroundColor);
      grounds.set(node, found.length === 3 || found[3] === 1 ? found : ground(node.parentElement));
    }
    return grounds.get(node);
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.getClientRects().length) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.push(`${walker.currentNode.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return pale;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")]
  .filter((node) => node.getClientRects().length && !node.closest(".skip"))
  .map((node) => [node.textContent.trim() || node.name, node.closest("label.choice") || node])
  .map(([words, node]) => [words, node.getBoundingClientRect(), node])
  .filter(([words, box, node]) => box.height < 43.5 && getComputedStyle(node, "::after").position !== "absolute")
  .filter(([words, box]) => box.right > 0)
  .map(([words, box]) => `${words} ${box.height}`)"""


@pytest.fixture
def address(runtime: Any, make: Any) -> Iterator[str]:
    """A served console of a small shop; `lan` is its owner."""
    make.user("lan", name="周岚")
    staff = make.staff("lan", name="林晓雯")
    make.contact("wm1", followers=(staff,), name="阳光暖暖 🌞 一位名字特别特别特别长的客户")
    make.order(make.rows(Identity)[0])
    make.notice("change_external_tag.update")
    sent = make.notice(state="failed", tries=8, errcode=-1, deliveries=3)
    make.touch("sent", inbox_id=sent.id)
    make.notice("something.new", state="unknown")
    for state in ("unknown", "failed", "would_send", "held", "expired"):
        make.touch(state, kind="coupon")
    make.coupon_batch(name="老客回头券")
    make.coupon_batch(name="停发的券", closed_at=runtime.now())
    for state in ("done", "failed", "killed", "skipped"):
        make.run("sync", state, reason="Throttled")
    make.run("forget_old", "running", expected_by=runtime.now())
    with served(create_app(runtime)) as url:
        yield url


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@contextmanager
def signed_in(
    chromium: Browser, address: str, *, width: int, height: int = 812, scheme: Any = "light"
) -> Iterator[Page]:
    """A page after signing in; it must end without a word on its error console."""
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(8000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{address}/console/")
    page.get_by_label("登录名").fill("lan")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("周岚")
    yield page
    context.close()
    assert wrong == []


def test_on_a_phone_the_menu_shows_where_one_is(chromium, address):
    with signed_in(chromium, address, width=360) as page:
        page.goto(f"{address}/console/users")

        left, right = page.locator(".side [aria-current]").evaluate(
            "(here) => [here.getBoundingClientRect().left, here.getBoundingClientRect().right]"
        )
        assert 0 <= left < right <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800, 1280])
def test_every_page_fits_and_can_be_read(chromium, address, width, scheme):
    with signed_in(chromium, address, width=width, scheme=scheme) as page:
        for path in PATHS:
            page.goto(address + path)
            assert (path, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (path, 0)
            assert (path, page.evaluate(CONTRAST)) == (path, [])
            if width == 375:
                assert (path, page.evaluate(SMALL_TARGETS)) == (path, [])


def test_a_notice_opens_beside_the_list_and_on_a_phone_instead_of_it(chromium, address):
    for width, beside in [(1280, True), (375, False)]:
        with signed_in(chromium, address, width=width) as page:
            page.goto(f"{address}/console/inbox")
            page.get_by_role("link", name="客户添加了好友").click()

            expect(page.get_by_text("不会再发一遍欢迎语")).to_be_visible()
            expect(page.locator("aside#detail ol.steps li")).to_have_count(4)
            expect(page).to_have_url(f"{address}/console/inbox/2")
            expect(page.locator("table.inbox")).to_be_visible(visible=beside)
            page.go_back()
            expect(page.locator("table.inbox")).to_be_visible()


def test_a_new_notice_appears_by_itself(chromium, address, make):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/inbox")
        expect(page.locator("#chips")).to_contain_text("今天全部 3")

        make.notice("change_external_contact.del_follow_user")

        expect(page.get_by_role("link", name="客户删了好友")).to_be_visible(timeout=9000)
        expect(page.locator("#chips")).to_contain_text("今天全部 4")


def test_going_live_and_stopping_by_hand(chromium, address, runtime):
    with signed_in(chromium, address, width=375) as page:
        page.goto(f"{address}/console/outbound")
        page.get_by_role("link", name="打开真发…").click()
        page.get_by_label("照着打：真的发给客户").fill("真的发给客户")
        page.get_by_role("button", name="打开真发").click()
        expect(page.get_by_text("欢迎语和同事点的券会真的发给客户")).to_be_visible()
        assert runtime.gate([("lan", "wm1")]) == "live"

        page.get_by_role("button", name="全部停发").click()

        expect(page.get_by_text("全部停发中")).to_be_visible()
        assert runtime.gate([("lan", "wm1")]) == "stopped"


def test_a_keyboard_reaches_everything_and_sees_where_it_is(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/coupons")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="跳到内容")).to_be_focused()
        for _ in range(9):
            page.keyboard.press("Tab")
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_walk_would_see_a_pale_word(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.evaluate("document.querySelector('h1').style.setProperty('color', '#8a8a8a')")

        assert len(page.evaluate(CONTRAST)) == 1
