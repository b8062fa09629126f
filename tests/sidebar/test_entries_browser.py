"""However the page was opened: beside a profile, by itself, and from there into the chat."""

import re

import pytest
from playwright.sync_api import expect

from models import Coupon, Staff
from tests.sidebar.browsers import PHONES
from tests.sidebar.chats import CHAT, give

pytestmark = pytest.mark.browser
OTHER = "wmAAAAzhaoAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    with sqlite_databases.fresh() as url:
        yield url


@pytest.fixture
def other(sandbox, shop, make):
    """Another customer of the same member."""
    follows = [{"userid": "lan", "external_userid": OTHER, "createtime": 1740000000}]
    customers = [{"external_userid": OTHER, "name": "赵赵", "gender": 2}]
    sandbox.post("/sandbox/load", {"customers": customers, "follows": follows})
    contact = make.contact(OTHER, name="赵赵", gender=2)
    with make.runtime.reading() as session:
        [lan] = session.query(Staff).filter_by(userid="lan")
    return make.follow(contact, lan)


def test_where_nothing_can_be_sent_the_page_leads_to_the_chat(opened_chat, other, make, sandbox):
    chat = opened_chat(PHONES[2])
    entry: dict[str, str] = {}
    chat.page.route(
        "**/sandbox/bridge",
        lambda route: route.continue_(post_data=route.request.post_data.replace("single_chat_tools", entry["is"])),
    )

    def offered_at(name):
        entry["is"] = name
        chat.page.evaluate("location.hash = location.hash.replace(/(.side)?$/, '/side')")
        chat.page.reload()

    offered_at("contact_profile")
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    give(chat.side)
    expect(chat.side.locator("#banner")).to_contain_text("到和客户的聊天里")
    chat.side.get_by_role("button", name="去聊天").click()
    expect(chat.page).to_have_url(re.compile(f"#lan/{CHAT}$"))

    offered_at("normal")
    chat.side.get_by_text("赵赵").click()
    expect(chat.side.locator("h1")).to_contain_text("赵赵")
    give(chat.side)
    sandbox.faults({"on": "bridge", "name": "openEnterpriseChat", "times": 1, "err_msg": "openEnterpriseChat:fail"})
    chat.side.get_by_role("button", name="去聊天").click()
    expect(chat.side.locator("#banner")).to_contain_text("请自己点开")
    give(chat.side)
    chat.side.get_by_role("button", name="去聊天").click()
    expect(chat.page).to_have_url(re.compile(f"#lan/{OTHER}$"))

    assert make.rows(Coupon) == []
    assert sandbox.get("/sandbox/messages")["messages"] == []
    assert [words for words in chat.problems if "favicon" not in words] == []
