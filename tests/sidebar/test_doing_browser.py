"""What staff do about a customer, each once, from the chat to the record and to WeCom."""

import pytest
from playwright.sync_api import expect

from jobs.contact_edits import write_contact_edits
from models import ContactEdit, Note, Todo
from tests.sidebar.browsers import PHONES, looks_right
from tests.sidebar.chats import CHAT, keep

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    with sqlite_databases.fresh() as url:
        yield url


def plan(chat, kind, title, text, at):
    side = chat.side
    side.get_by_role("button", name="提醒我").click()
    expect(side.locator("#sheet")).to_be_visible()
    side.get_by_text(kind, exact=True).click()
    side.get_by_label("做什么").fill(title)
    side.get_by_label("什么时候").fill(at)
    side.get_by_label("要说的话").fill(text)
    looks_right(chat)
    keep(chat, f"plan-{'call' if kind == '打电话' else 'reminder'}")
    side.get_by_role("button", name="记下", exact=True).click()
    expect(side.locator("#sheet")).to_be_hidden()


def test_tags_remark_note_call_and_a_to_do_for_a_colleague(opened_chat, runtime, sandbox, make):
    chat = opened_chat(PHONES[2])
    side = chat.side
    side.locator("summary", has_text="标签").click()
    side.get_by_role("button", name="加标签、拿掉标签").click()
    tag = side.locator("#sheet").get_by_role("button", name="对香精过敏")
    tag.click()
    expect(tag).to_have_attribute("aria-pressed", "true")
    looks_right(chat)
    keep(chat, "tag-sheet")
    side.get_by_role("button", name="关上").click()
    expect(side.locator("#fold-tags")).to_contain_text("对香精过敏 · 写入中…")
    write_contact_edits(runtime)
    expect(side.locator("#fold-tags")).not_to_contain_text("写入中")
    expect(side.locator("#fold-tags .chip", has_text="对香精过敏")).to_be_visible()

    side.locator("summary", has_text="备注").click()
    side.get_by_placeholder("同事也看得到").fill("宝宝满月酒在 12 月 6 日")
    side.get_by_role("button", name="写备注").click()
    expect(side.locator("#fold-notes .words")).to_have_text("宝宝满月酒在 12 月 6 日")
    looks_right(chat)

    side.get_by_role("button", name="资料").click()
    side.get_by_label("备注名").fill("苏婉清 宝妈")
    side.get_by_label("描述").fill("只推无香款")
    side.get_by_label("生日").fill("1990-02-30")
    looks_right(chat)
    side.get_by_role("button", name="保存").click()
    expect(side.locator("#sheet [role=alert]")).to_be_visible()
    side.get_by_label("生日").fill("1990-11-24")
    keep(chat, "profile")
    side.get_by_role("button", name="保存").click()
    expect(side.locator("#sheet")).to_be_hidden()
    write_contact_edits(runtime)

    today = f"{runtime.now().astimezone(runtime.zone):%Y-%m-%dT%H:%M}"
    plan(chat, "打电话", "问问尺码合不合适", "您好，衣服收到了吗？尺码合适吗？", today)
    expect(side.locator("h1")).to_contain_text("苏婉清 宝妈")
    plan(chat, "跟进", "送百日礼", "", today)
    side.get_by_role("button", name="提醒我").click()
    expect(side.locator("#sheet")).to_be_visible()
    looks_right(chat)
    keep(chat, "todo-sheet")
    side.locator("#sheet li", has_text="送百日礼").get_by_label("交给同事").select_option("周梅")
    expect(side.locator("#toast")).to_contain_text("交给同事了")
    expect(side.locator(".todo h2")).to_have_text("问问尺码合不合适")
    keep(chat, "call")
    side.get_by_role("button", name="打完了，记结果").click()
    side.get_by_label("电话里怎么说的").fill("合适，下次要大一码")
    looks_right(chat)
    keep(chat, "call-result")
    side.get_by_role("button", name="记下结果").click()
    expect(side.locator("#sheet")).to_be_hidden()
    expect(side.locator(".todo")).not_to_contain_text("问问尺码")

    [theirs] = [one for one in sandbox.get("/sandbox/truth")["follows"] if one["external_userid"] == CHAT]
    assert (theirs["remark"], len(theirs["tag_ids"])) == ("苏婉清 宝妈", 1)
    assert [(edit.kind, edit.state) for edit in make.rows(ContactEdit)] == [("tag", "done"), ("remark", "done")]
    assert [note.text for note in make.rows(Note)] == ["宝宝满月酒在 12 月 6 日"]
    call, gift = make.rows(Todo)
    assert (call.state, call.result, call.staff_id) == ("done", "合适，下次要大一码", 1)
    assert (gift.state, gift.staff_id) == ("open", 2)
    assert [problem for problem in chat.problems if "422" not in problem] == []
