"""The audience builder in the system's Chromium: built by mouse and keyboard, read in both themes."""

import os
import re

import pytest
from playwright.sync_api import expect

from app import create_app
from models import Audience, Identity, Tag, TagAssignment
from runtime import ROOT
from tests.console.test_pages import CONTRAST, SMALL_TARGETS, served, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
FOLDER = os.environ.get("SCREENSHOTS")


def keep(page, name):
    """A picture of the whole page, when somebody wants to look: SCREENSHOTS=folder."""
    if FOLDER:
        page.wait_for_timeout(300)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


@pytest.fixture
def address(runtime, make):
    """A shop of forty customers, three of staff, some tags and two audiences; `lan` is its owner."""
    owner, now = make.user("lan", name="周岚"), runtime.now()
    staff = [make.staff(name, name=words) for name, words in (("a", "林晓雯"), ("b", "周婷"), ("c", "陈嘉怡"))]
    names = [
        ("喜好", "爱买鲜花"),
        ("喜好", "低糖零食"),
        ("宝宝", "6–12 个月"),
        ("宝宝", "12–24 个月"),
        ("来源", "门店扫码"),
    ]
    tags = [
        make._save(Tag(wecom_id=f"t{n}", group_name=group, name=name, position=n))
        for n, (group, name) in enumerate(names)
    ]
    for number in range(40):
        member = staff[min(number % 5, 2)]
        contact = make.contact(f"wm{number:02d}", followers=(member,), name=f"阳光暖暖 {number}")
        owners = {"identity_id": contact.identity_id, "customer_id": contact.customer_id}
        if number % 2:
            make._save(
                TagAssignment(
                    tag_id=tags[number // 2 % 4].id, staff_id=member.id, source="staff", assigned_at=now, **owners
                )
            )
        for _ in range(number % 4):
            make.order(Identity(id=owners["identity_id"], customer_id=owners["customer_id"]))
    for number in range(6):
        make.order(make.identity("shop_buyer", f"b{number}", scope="1"))
    for name, conditions in (("老客", {"orders": {"least": 2}}), ("宝妈 <b>", {"tags_any": [tags[2].id, tags[3].id]})):
        make._save(
            Audience(name=name, conditions=conditions, created_at=now, changed_at=now, changed_by=f"user:{owner.id}")
        )
    with served(create_app(runtime)) as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_lists_and_builder_fit_and_can_be_read(chromium, address, width, scheme):
    with signed_in(chromium, address, width=width, scheme=scheme) as page:
        for name in ("audiences", "audiences/new", "audiences/2"):
            page.goto(f"{address}/console/{name}")
            page.wait_for_load_state("networkidle")
            keep(page, f"{name.replace('/', '-')}-{width}-{scheme}")
            assert (name, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (name, 0)
            assert (name, page.evaluate(CONTRAST)) == (name, [])
            if width == 360:
                assert (name, page.evaluate(SMALL_TARGETS)) == (name, [])


@pytest.mark.parametrize("width", [360, 1280])
def test_an_audience_is_built_with_figures_that_follow(chromium, address, make, width):
    with signed_in(chromium, address, width=width) as page:
        page.goto(f"{address}/console/audiences/new")
        expect(page.locator("#said")).to_contain_text("每一位客户")
        page.get_by_role("button", name="标签 · 有任一").click()
        page.get_by_role("combobox", name="找标签").fill("个月")
        page.get_by_role("option", name="6–12 个月").click()
        expect(page.locator(".hero")).to_contain_text("5 人")
        page.get_by_role("button", name="下单次数").click()
        page.get_by_label("下单次数，最少").fill("9")
        expect(page.locator("#reach")).to_contain_text("没有这样的人")
        page.get_by_label("下单次数，最少").fill("1")
        expect(page.locator("#said")).to_contain_text("6–12 个月")
        expect(page.locator("#reach")).to_contain_text("看几个人")
        keep(page, f"built-{width}")
        page.get_by_role("button", name="去掉这一条：下单次数").click()
        expect(page.locator(".hero")).to_contain_text("5 人")
        page.get_by_label("名字").fill("大宝宝")
        page.get_by_role("button", name="保存人群").click()

        expect(page.get_by_role("status")).to_have_text("存好了")
        expect(page.locator(".chosen li")).to_have_count(1)
        assert make.rows(Audience)[-1].conditions == {"tags_any": [3]}


def test_who_was_signed_out_meanwhile_is_asked_to_sign_in_by_the_page_not_by_its_picker(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/audiences/new")
        page.context.clear_cookies()
        page.get_by_role("button", name="标签 · 全都有").click()

        expect(page).to_have_url(re.compile("/console/sign-in"))
        expect(page.get_by_role("button", name="登录")).to_be_visible()


def test_a_keyboard_is_enough_to_pick_a_tag(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/audiences/new")
        page.get_by_role("button", name="标签 · 全都有").press("Enter")
        search = page.get_by_role("combobox", name="找标签").first
        expect(search).to_be_focused()
        page.keyboard.type("鲜花")
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page.locator(".chosen li")).to_contain_text("爱买鲜花")
        expect(page.locator("#said")).to_contain_text("爱买鲜花")  # the next change would break off the request
        page.keyboard.press("Backspace")
        expect(page.locator(".chosen li")).to_have_count(0)


def test_figures_come_soon_after_a_change(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.goto(f"{address}/console/audiences/1")
        took = page.evaluate("""() => new Promise((done) => {
          const field = document.querySelector('[name=orders_least]');
          document.addEventListener('htmx:afterSwap', () => done(performance.now() - began), { once: true });
          const began = performance.now();
          field.value = '1';
          field.dispatchEvent(new Event('input', { bubbles: true }));
        })""")

        assert took < 1500  # about 200 here; the machine of a test may be busy
