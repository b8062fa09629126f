"""Words and products in a browser: from the card into the chat, and words to copy when the chat refuses the card."""

import pytest
from playwright.sync_api import expect

from app import create_app
from config import Server
from models import ProductShare, QuickReply, Touch
from tests.sidebar.browsers import PHONES, opened
from web import serve_in_thread

pytestmark = pytest.mark.browser
CHAT = "wmAAAAwangAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    with sqlite_databases.fresh() as url:
        yield url


@pytest.fixture
def client(runtime, sandbox, make):
    """The sandbox's client of Lan, who has one customer and one group; live, with a product and a quick reply."""
    seat = {"external_userid": CHAT}
    sandbox.post(
        "/sandbox/load",
        {
            "staff": [{"userid": "lan", "name": "林岚"}],
            "customers": [seat | {"name": "苏苏"}],
            "follows": [{"userid": "lan", "external_userid": CHAT, "createtime": 1740000000}],
            "groups": [{"chat_id": f"wr{1:030d}", "name": "鲜花群", "owner": "lan", "members": [seat]}],
        },
    )  # fmt: skip
    lan = make.staff("lan", name="林岚")
    wang = make.contact(CHAT, name="苏苏", followers=(lan,))
    group = make.group(f"wr{1:030d}", owner=lan, name="鲜花群", members=2, customers=1)
    make.group_member(group, wang)
    make.product("LAMP", name="台灯")
    make.quick_reply(title="问好", text="{称呼}您好")
    make.gate("live")
    server = serve_in_thread(create_app(runtime, bridge_origin=sandbox.url))
    runtime.settings = runtime.settings.model_copy(update={"server": Server(public_url=server.url)})
    runtime.wecom.warm()
    sandbox.put("/sandbox/client", {"sidebar_url": f"{server.url}/sidebar/"})
    yield f"{sandbox.url}/#lan"
    server.close()


def test_words_and_a_product_go_into_the_chat_and_what_is_refused_can_be_copied(chromium, client, sandbox, make):
    with opened(
        chromium, f"{client}/{CHAT}/side", PHONES[1], permissions=["clipboard-read", "clipboard-write"]
    ) as chat:
        side = chat.side
        side.get_by_role("button", name="话术", exact=True).click()
        side.get_by_text("写一条自己的").click()
        side.get_by_label("名字").fill("晚安")
        side.get_by_label("内容").fill("晚安，{称呼}")
        side.get_by_role("button", name="存下来").click()
        expect(side.locator("#quick-reply-rows")).to_contain_text("晚安，苏苏")
        assert side.locator("html").evaluate("html => html.scrollWidth - html.clientWidth") == 0
        side.get_by_role("button", name="发「问好」").click()
        expect(side.locator("#toast")).to_contain_text("发到聊天里了")

        sandbox.put("/sandbox/client/next-send", {"answer": "refused"})
        side.get_by_role("button", name="发商品").click()
        side.get_by_role("button", name="发「台灯」").click()
        expect(side.locator("#banner")).to_contain_text("没让发")
        side.get_by_role("button", name="复制文字").click()
        expect(side.locator("#toast")).to_contain_text("复制好了")
        side.get_by_role("button", name="发商品").click()
        side.get_by_role("button", name="发「台灯」").click()
        expect(side.locator("#toast")).to_contain_text("发到聊天里了")

    said = sandbox.messages("lan", CHAT)
    assert [(one["kind"], one["content"].get("content", one["content"].get("title"))) for one in said] == [
        ("text", "苏苏您好"), ("news", "台灯"),
    ]  # fmt: skip
    assert [touch.state for touch in make.rows(Touch)] == ["sent", "failed", "sent"]
    assert [share.way for share in make.rows(ProductShare)] == ["page", "page"]
    assert [reply.uses for reply in make.rows(QuickReply)] == [1, 0]


def test_beside_a_group_the_totals_and_ones_own_customers_show(chromium, client, make):
    with opened(chromium, f"{client}/~group/wr{1:030d}/side", PHONES[1]) as chat:
        expect(chat.side.locator("h1")).to_contain_text("鲜花群")
        expect(chat.side.locator(".figures")).to_contain_text("认得出的客户")
        assert chat.side.locator("html").evaluate("html => html.scrollWidth - html.clientWidth") == 0
        assert chat.problems == []
        chat.side.get_by_role("button", name="苏苏").click()
        expect(chat.page.locator("#chat-name")).to_have_text("苏苏")
