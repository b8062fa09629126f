"""Words and products in a browser: from the card into the chat, and words to copy when the chat refuses the card."""

import pytest
from playwright.sync_api import expect

from models import ProductShare, QuickReply, Touch
from tests.sidebar.browsers import PHONES, looks_right, opened
from tests.sidebar.chats import CHAT, GROUP, keep

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    with sqlite_databases.fresh() as url:
        yield url


def test_words_and_a_product_go_into_the_chat_and_what_is_refused_can_be_copied(opened_chat, sandbox, make):
    chat = opened_chat(PHONES[1], permissions=["clipboard-read", "clipboard-write"])
    side = chat.side
    side.get_by_role("button", name="话术", exact=True).click()
    side.get_by_text("写一条自己的").click()
    side.get_by_label("名字").fill("晚安")
    side.get_by_label("内容").fill("晚安，{称呼}")
    side.get_by_role("button", name="存下来").click()
    expect(side.locator("#quick-reply-rows")).to_contain_text("晚安，苏婉清")
    keep(chat, "words")
    side.get_by_text("写一条自己的").click()
    looks_right(chat)
    side.get_by_role("button", name="发「问好」").click()
    expect(side.locator("#toast")).to_contain_text("发到聊天里了")

    sandbox.put("/sandbox/client/next-send", {"answer": "refused"})
    side.get_by_role("button", name="发商品").click()
    expect(side.locator("#sheet .goods").first).to_be_visible()
    looks_right(chat)
    keep(chat, "products")
    side.get_by_role("button", name="发「婴儿湿巾").click()
    expect(side.locator("#banner")).to_contain_text("没让发")
    side.get_by_role("button", name="复制文字").click()
    expect(side.locator("#toast")).to_contain_text("复制好了")
    side.get_by_role("button", name="发商品").click()
    side.get_by_role("button", name="发「婴儿湿巾").click()
    expect(side.locator("#toast")).to_contain_text("发到聊天里了")

    said = sandbox.messages("lan", CHAT)
    assert [(one["kind"], one["content"].get("content", one["content"].get("title"))) for one in said] == [
        ("text", "苏婉清您好"), ("news", "婴儿湿巾 80 抽"),
    ]  # fmt: skip
    assert [touch.state for touch in make.rows(Touch)] == ["sent", "failed", "sent"]
    assert [share.way for share in make.rows(ProductShare)] == ["page", "page"]
    assert [reply.uses for reply in make.rows(QuickReply)] == [1, 0]


def test_beside_a_group_the_totals_and_ones_own_customers_show(chromium, client_at, make):
    with opened(chromium, client_at.replace(CHAT, f"~group/{GROUP}"), PHONES[1]) as chat:
        expect(chat.side.locator("h1")).to_contain_text("鲜花群")
        expect(chat.side.locator(".figures")).to_contain_text("认得出的客户")
        looks_right(chat)
        keep(chat, "group")
        assert chat.problems == []
        chat.side.get_by_role("button", name="苏婉清").click()
        expect(chat.page.locator("#chat-name")).to_have_text("苏苏")
