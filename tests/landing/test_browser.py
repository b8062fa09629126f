"""A customer's phone in the system's Chromium: from the parcel's card to the order beside the chat."""

import os
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from app import create_app
from config import Landing, Server
from crm import parcel_links
from models import Channel, Product, Shop
from tests.apps import running
from tests.landing.conftest import WECHAT
from tests.sandbox.looking import PALE_TEXTS, SMALL_TARGETS, too_wide
from tests.sidebar.browsers import opened

pytestmark = pytest.mark.browser
FOLDER = os.environ.get("SCREENSHOTS")
REGULAR = "wmAAAAAwang" + "A" * 21
SIZES = ((360, 640), (375, 740))


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    """Browsers look at one database; the doors' tests have looked at both."""
    with sqlite_databases.fresh() as url:
        yield url


@pytest.fixture
def shop_open(runtime, sandbox, corp, make):
    """The program as it runs, a Taobao shop's order in it, Lan's code on the customers' pages; its address."""
    way = sandbox.request(
        "POST", "/cgi-bin/externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["lan"], "state": "parcel"},
        access_token=runtime.wecom.access_token(),
    )  # fmt: skip
    lan = make.staff("lan", name="林岚")
    sandbox.post(
        "/sandbox/load",
        {
            "customers": [{"external_userid": REGULAR, "name": "老王"}],
            "follows": [{"userid": "lan", "external_userid": REGULAR, "createtime": 1740000000}],
        },
    )
    make.contact(REGULAR, name="老王", followers=(lan,))
    make._save(
        Channel(
            state="parcel", name="包裹卡", config_id=way["config_id"], qr_code=way["qr_code"], created_at=runtime.now()
        )
    )
    make.gate("live")
    taobao = make.shop("淘宝店")
    buyer = make.identity("buyer_id", "tb-su", taobao.name)
    make.order(buyer, taobao, order_no="TB20261127", buyer_id="tb-su")
    with running(create_app(runtime, bridge_origin=sandbox.url), runtime, sandbox) as server:
        runtime.settings = runtime.settings.model_copy(
            update={"server": Server(public_url=server.url), "landing": Landing(contact_way_state="parcel")}
        )
        sandbox.put("/sandbox/client", {"sidebar_url": f"{server.url}/sidebar/"})
        yield server.url, parcel_links.link(server.url, taobao, "TB20261127", vault=runtime.vault)


def keep(page, name):
    """A picture of the screen, when somebody wants to look: SCREENSHOTS=folder."""
    if FOLDER:
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


def looks_right(page):
    assert (too_wide(page), page.evaluate(PALE_TEXTS)) == (0, [])
    assert page.locator("body").evaluate(SMALL_TARGETS) == []


def test_who_opens_the_parcels_page_and_adds_a_member_has_the_order_in_the_sidebar_within_three_seconds(
    chromium, sandbox, shop_open
):
    _, link = shop_open
    customer = sandbox.post("/sandbox/customers", {"name": "苏苏"})["external_userid"]
    tapped = f"{sandbox.url}/sandbox/client/open?external_userid={customer}&url={quote(link, safe='')}"
    with (
        opened(chromium, tapped, SIZES[0], user_agent=WECHAT) as phone,
        opened(chromium, f"{sandbox.url}/#lan/{REGULAR}/side", (1280, 860)) as desk,
    ):
        expect(desk.side.get_by_role("heading", name="老王")).to_be_visible()  # the member is at work
        expect(phone.page.get_by_role("heading")).to_have_text("谢谢您的订单")
        expect(phone.page.get_by_alt_text("客服的微信二维码")).to_be_visible()
        keep(phone.page, "parcel-light")
        looks_right(phone.page)

        sandbox.post("/sandbox/scan", {"external_userid": customer, "state": "parcel"})
        began = time.monotonic()
        phone.page.get_by_role("link", name="我加好了").click()
        expect(phone.page.get_by_role("heading")).to_have_text("订单归到您名下了")
        desk.page.goto(f"{sandbox.url}/#lan/{customer}/side")
        expect(desk.side.get_by_role("button", name="婴儿湿巾")).to_be_visible()
        took = time.monotonic() - began
        keep(phone.page, "parcel-added")
        keep(desk.page, "parcel-sidebar")

    assert took < 3
    assert phone.problems == []


@pytest.mark.parametrize(("size", "scheme"), list(zip(SIZES, ("light", "dark"), strict=True)))
def test_every_page_fits_a_phone_in_its_light(chromium, sandbox, shop_open, make, runtime, size, scheme):
    url, link = shop_open
    make._save(
        Product(
            shop_id=make.rows(Shop)[0].id, sku="W", name="婴儿手口湿巾 80 抽 × 6 包 无香型 带盖", price_fen=1990,
            on_sale=True, link_url="https://shop.example/w", share_text="7€复制¥abcd1234¥",
            care_note="开封后三个月内用完", changed_at=runtime.now(), stored_at=runtime.now(), fingerprint="",
        )
    )  # fmt: skip
    make.shop("京东店")
    customer = sandbox.post("/sandbox/customers", {"name": "苏苏"})["external_userid"]
    tapped = f"{sandbox.url}/sandbox/client/open?external_userid={customer}&url={quote(link, safe='')}"
    with opened(chromium, tapped, size, scheme, user_agent=WECHAT) as phone:
        for name in ("parcel", "bind", "privacy", "g/W"):
            if name != "parcel":
                phone.page.goto(f"{url}/{name}")
            looks_right(phone.page)
            keep(phone.page, f"{name.replace('/', '-')}-{size[0]}-{scheme}")
        phone.page.goto(f"{url}/bind")
        phone.page.get_by_label("在哪里买的").select_option("淘宝店")
        phone.page.get_by_label("完整的订单号").fill("TB-X")
        phone.page.get_by_label("我看过并同意").check()
        phone.page.get_by_role("button", name="绑定这笔订单").click()
        expect(phone.page.get_by_role("alert")).to_contain_text("还没查到这个订单号")
        looks_right(phone.page)
        keep(phone.page, f"bind-wrong-{size[0]}-{scheme}")
        phone.page.get_by_label("完整的订单号").fill("TB20261127")
        phone.page.get_by_label("我看过并同意").check()
        phone.page.get_by_role("button", name="绑定这笔订单").click()
        expect(phone.page.get_by_role("heading")).to_have_text("订单归到您名下了")
        keep(phone.page, f"bound-{size[0]}-{scheme}")

    assert [problem for problem in phone.problems if "422" not in problem] == []
