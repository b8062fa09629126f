"""Customers, conflicts and the match rate in a browser: read on a phone and a desktop, in light and dark; used."""

import pytest
from playwright.sync_api import expect

from app import create_app
from crm import identities, identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models import Order
from runtime import ROOT
from tests.console.test_pages import CONTRAST, SMALL_TARGETS, served, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.skipif(not (ROOT / "static/vendor/manifest.json").exists(), reason="python3 bootstrap.py comes first"),
]
ORDER, BUYER = Key("order_no", "淘宝店", "TB1"), Key("buyer_id", "淘宝店", "buyer-7")
LONG = "阳光暖暖 🌞\u202e 一位名字特别特别特别特别长的客户<script>alert(1)</script>"


@pytest.fixture
def address(runtime, make):
    """A shop where two customers claim one order; `lan` is its owner."""
    make.user("lan", name="周岚")
    staff, now = make.staff("lin", name="林晓雯"), runtime.now()
    first = make.contact("wm-first", followers=(staff,), name=LONG)
    later = make.contact("wm-later", name="林晓")
    make.tag("爱买鲜花", carried_by=(first,))
    make.touch(customer_id=first.customer_id)
    shop, vault = make.shop("淘宝店"), runtime.vault
    with runtime.transaction() as session:
        buyer = identities.ensure(session, *BUYER, now=now)
    for number in ("TB1", "TB2"):
        make.order(
            buyer, shop, order_no=number, buyer_id=BUYER.value, phone_sealed=vault.seal("13800136021"),
            phone_digest=vault.digest("phone:13800136021"), phone_kind="real",
        )  # fmt: skip
    mine = Key("external_userid", "", first.external_userid)
    with runtime.transaction() as session:
        claims = [
            Fact(Key("external_userid", "", one.external_userid), ORDER, "customer_claim", now, "landing", "customer")
            for one in (first, later)
        ]
        named = Fact(mine, Key("unionid", "", "u-1"), "wecom_contact", now, "wecom", "system")
        identity_links.state(session, [named], now=now)
        for fact in claims:
            identity_links.state(session, [fact], now=now)
    with served(create_app(runtime)) as url:
        yield url


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_page_about_customers_fits_and_can_be_read(chromium, address, width, scheme):
    tabs = [
        f"/console/customers/1?tab={tab}"
        for tab in ("orders", "behaviour", "coupons", "touches", "follows", "identity")
    ]
    paths = [
        "/console/customers", "/console/customers?q=nobody", *tabs, "/console/conflicts", "/console/conflicts/4",
        "/console/identity-links/1?deed=retract", "/console/match-rate", "/console/staff-figures",
    ]  # fmt: skip
    with signed_in(chromium, address, width=width, scheme=scheme) as page:
        for path in paths:
            page.goto(address + path)
            assert (path, page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")) == (path, 0)
            assert (path, page.evaluate(CONTRAST)) == (path, [])
            if width == 360:
                assert (path, page.evaluate(SMALL_TARGETS)) == (path, [])


def test_a_customer_is_found_their_phone_shown_and_a_wrong_claim_taken_apart(chromium, address, make):
    with signed_in(chromium, address, width=1280) as page:
        page.get_by_role("link", name="客户", exact=True).click()
        page.get_by_label("找谁").fill("TB2")
        page.get_by_role("button", name="找", exact=True).click()
        page.get_by_role("link", name="阳光暖暖").click()
        page.get_by_role("button", name="138****6021").click()
        expect(page.get_by_text("13800136021")).to_be_visible()

        page.get_by_role("link", name="身份").click()
        page.locator("tr", has_text="客户自己填了订单号").get_by_role("link", name="拆开").click()
        expect(page.get_by_text("2 笔订单").first).to_be_visible()
        page.get_by_role("button", name="收回这条依据").click()

        expect(page.locator("tr", has_text="客户自己填了订单号")).to_contain_text("拆开了")
        assert {order.customer_id for order in make.rows(Order)} == {2}


def test_a_conflict_is_decided_for_the_later_claimant(chromium, address, make):
    with signed_in(chromium, address, width=1280) as page:
        page.get_by_role("link", name="认人冲突").click()
        page.get_by_role("link", name="淘宝店的订单 TB1").click()
        page.get_by_role("button", name="归后来者").click()

        expect(page.get_by_role("heading", name="没有冲突")).to_be_visible()
        assert {order.customer_id for order in make.rows(Order)} == {2}


def test_the_match_rate_shows_its_bars_and_its_table(chromium, address):
    with signed_in(chromium, address, width=1280) as page:
        page.get_by_role("link", name="匹配率").click()

        expect(page.locator(".chart svg")).to_be_visible()
        page.get_by_text("看表格").click()
        expect(page.locator("details.table tbody tr")).to_have_count(5)
        expect(page.locator("table.rates").first).to_contain_text("100%")
