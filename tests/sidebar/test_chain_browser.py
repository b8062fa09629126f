"""The whole way of a coupon, from the chat to the customer to the shop and back, on each phone with a mishap."""

import json
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import expect

from models import Coupon, CouponUse, ProductShare, Touch
from tests.landing.conftest import WECHAT
from tests.mall.conftest import new_shop  # noqa: F401
from tests.sidebar.browsers import PHONES, looks_right, opened
from tests.sidebar.chats import CHAT, keep
from tests.test_bad_input import ORDER

pytestmark = pytest.mark.browser
TWICE = "button => { button.click(); button.click() }"


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    with sqlite_databases.fresh() as url:
        yield url


def closed(side, layer):
    side.locator(f"#layer-{layer}").get_by_role("button", name="返回").click()
    expect(side.locator(f"#layer-{layer}")).to_be_hidden()


@pytest.mark.parametrize(
    ("size", "scheme", "answer", "words", "state"),
    [
        (PHONES[1], "light", "refused", "没发出去，客户没收到", "failed"),
        (PHONES[2], "dark", "cancelled", "你取消了，没有发。券还在", "cancelled"),
        (PHONES[3], "light", "never", "不知道发出去没有，看一眼聊天", "unknown"),
    ],
    ids=["360", "375-dark", "420"],
)
def test_words_a_product_and_a_coupon_reach_the_customer_who_buys_with_it(
    opened_chat,
    chromium,
    runtime,
    sandbox,
    make,
    new_shop,  # noqa: F811
    size,
    scheme,
    answer,
    words,
    state,
):
    chat = opened_chat(size, scheme)
    side = chat.side
    chat.page.clock.install()
    expect(side.locator("h1")).to_contain_text("苏婉清")
    expect(side.locator(".figures")).to_contain_text("4,661")
    keep(chat, f"card-{size[0]}-{scheme}")
    looks_right(chat, least=30)

    side.get_by_role("button", name="全部 26 笔").click()
    side.locator("#orders li").first.click()
    expect(side.locator("#order")).to_contain_text("路上")
    closed(side, "order")
    closed(side, "orders")
    side.get_by_role("button", name="话术", exact=True).click()
    side.get_by_role("button", name="发「问好」").evaluate(TWICE)
    expect(side.locator("#toast")).to_contain_text("发到聊天里了")
    side.get_by_role("button", name="发商品").click()
    side.get_by_role("button", name="发「婴儿湿巾").evaluate(TWICE)
    expect(side.locator("#sheet")).to_be_hidden()
    expect(side.locator("#toast")).to_contain_text("发到聊天里了")

    chat.page.clock.fast_forward(5_000)
    expect(side.locator("#toast")).to_be_empty()

    sandbox.put("/sandbox/client/next-send", {"answer": answer})
    side.get_by_role("button", name="发优惠券").click()
    expect(side.locator("#sheet")).to_contain_text("最合适")
    keep(chat, f"sheet-{size[0]}-{scheme}")
    looks_right(chat)
    side.locator("#sheet").get_by_role("button", name="发给她").first.evaluate(TWICE)
    if answer == "never":
        expect(side.locator("#sheet")).to_be_hidden()  # it is on record and with the client
        chat.page.clock.fast_forward(11_000)
    expect(side.locator("#banner")).to_contain_text(words)
    assert [touch.state for touch in make.rows(Touch)] == ["sent", "sent", state]
    assert len(sandbox.messages("lan", CHAT)) == 2
    keep(chat, state)
    if answer == "never":
        side.get_by_role("button", name="聊天里没有").click()
    side.locator(".held").get_by_role("button", name="再发").evaluate(TWICE)
    expect(side.locator("#toast")).to_contain_text("券已发到聊天里")
    keep(chat, f"sent-{size[0]}-{scheme}")
    looks_right(chat)
    settled = "failed" if answer == "never" else state
    assert [touch.state for touch in make.rows(Touch)] == ["sent", "sent", settled, "sent"]
    assert (len(make.rows(Coupon)), len(make.rows(ProductShare))) == (1, 1)
    *_, message = said = sandbox.messages("lan", CHAT)
    assert [one["kind"] for one in said] == ["text", "news", "news"]

    link = quote(message["content"]["link"], safe="")
    tapped = f"{sandbox.url}/sandbox/client/open?external_userid={CHAT}&url={link}"
    with opened(chromium, tapped, size, scheme, user_agent=WECHAT) as phone:
        expect(phone.page.get_by_role("button", name="领取")).to_be_visible()
        keep(phone, f"coupon-{size[0]}-{scheme}")
        looks_right(phone, phone.page.locator("html"))
        phone.page.get_by_role("button", name="领取").click()
        [coupon] = make.rows(Coupon)
        expect(phone.page.locator("#code")).to_have_text(coupon.code)
        keep(phone, f"claimed-{size[0]}-{scheme}")
        looks_right(phone, phone.page.locator("html"))
    program = new_shop("小程序")
    moments = dict.fromkeys(("created_at", "paid_at", "updated_at"), runtime.now().isoformat())
    items = [{"sku": "SKU1", "name": "婴儿湿巾 80 抽", "quantity": 2, "price_fen": 10000}]
    money = {"total_fen": 20000, "paid_fen": 18500, "discount_fen": 1500, "items": items}
    bought = ORDER | moments | money | {"coupon_codes": [coupon.code]}
    body = json.dumps({"shop": program.name, "orders": [bought]}).encode()
    headers = program.headers(body) | {"Content-Type": "application/json"}
    taken = requests.post(f"{runtime.settings.server.public_url}/mall/orders", data=body, headers=headers, timeout=20)
    assert (taken.status_code, taken.json()["results"][0]["result"]) == (200, "accepted")
    chat.page.reload()
    expect(side.get_by_role("button", name="全部 27 笔")).to_be_visible()
    expect(side.locator(".held .status")).to_have_text("已用")
    side.locator(".held").evaluate("row => row.scrollIntoView({ block: 'center' })")
    keep(chat, f"used-{size[0]}-{scheme}")

    [row] = make.rows(Coupon)
    assert row.issued_at < row.opened_at < row.claimed_at < row.used_at
    assert [(use.source, use.order_no) for use in make.rows(CouponUse)] == [("order", "A1")]
    assert (chat.problems, phone.problems) == ([], [])
