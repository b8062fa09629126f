"""The sandbox's own pages in the system's Chromium."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from sandbox import crypto, demo_shop
from sandbox.server import Running, start
from tests.sandbox.looking import DESKTOP, PALE_TEXTS, PHONES, SMALL_TARGETS, opened, too_wide

pytestmark = pytest.mark.browser


def test_a_newcomer_who_scans_appears_on_top_of_the_list_with_a_history_to_find(chromium, shop):
    with opened(chromium, shop.url) as page:
        expect(page.locator("#me-name")).to_have_text("林晓雯")

        page.get_by_role("button", name="来一位扫码新客户").first.click()

        expect(page.locator("#conversations a").first).to_contain_text("阳光暖暖")
        expect(page.locator("#tour-text")).to_contain_text("阳光暖暖 加上林晓雯了")
    newcomer = demo_shop.newcomers(7)[0]
    [customer] = requests.get(f"{shop.url}/sandbox/customers", {"q": newcomer["external_userid"]}, timeout=5).json()[
        "customers"
    ]
    assert customer["follows"] == ["linxiaowen"]
    assert customer["unionid"] == newcomer["unionid"]


def test_staff_and_customer_can_both_talk(chromium, shop):
    with opened(chromium, shop.url) as page:
        page.locator("#conversations a", has_text="陈雨桐").click()
        page.get_by_label("要说的话").fill("明天上午就到\n记得收")
        page.get_by_label("要说的话").press("Enter")
        expect(page.locator(".line.mine .bubble").last).to_have_text("明天上午就到\n记得收")

        page.get_by_label("替客户说").check()
        page.get_by_label("要说的话").fill("好<b>呀</b>")
        page.get_by_role("button", name="发送").click()

        expect(page.locator(".line:not(.mine) .bubble").last).to_have_text("好<b>呀</b>")
        expect(page.locator("#conversations a").first).to_contain_text("陈雨桐")


def test_a_word_without_an_end_wraps_in_its_bubble(chromium, shop):
    with opened(chromium, shop.url, PHONES[0]) as page:
        page.locator("#conversations a", has_text="陈雨桐").click()
        for voice in ("我说", "替客户说"):
            page.get_by_label(voice).check()
            page.get_by_label("要说的话").fill("https://example.com/" + "a1" * 200)
            page.get_by_label("要说的话").press("Enter")
            expect(page.get_by_label("要说的话")).to_have_value("")

        expect(page.locator(".bubble", has_text="a1a1")).to_have_count(2)
        assert too_wide(page) == 0
        assert page.evaluate("document.getElementById('lines').scrollWidth <= innerWidth")


def test_a_line_that_was_not_sent_is_said_and_kept(chromium, shop):
    with opened(chromium, shop.url, errors=1) as page:  # the browser itself reports the 409
        page.locator("#conversations a", has_text="王芳").click()
        expect(page.locator(".line").first).to_be_visible()
        friend = page.evaluate("location.hash").split("/")[1]
        gone = {"userid": "linxiaowen", "external_userid": friend, "by": "customer"}
        assert requests.post(f"{shop.url}/sandbox/follows/delete", json=gone, timeout=5).status_code == 200

        page.get_by_label("要说的话").fill("在吗")
        with page.expect_response(lambda answer: answer.status == 409):
            page.evaluate("document.getElementById('composer').requestSubmit()")

        expect(page.get_by_role("alert")).to_contain_text("你们已经不是好友了")
        expect(page.get_by_label("要说的话")).to_have_value("在吗")


def test_another_member_has_other_conversations(chromium, shop):
    with opened(chromium, shop.url) as page:
        page.locator("#me").click()
        page.locator("#members").get_by_role("button", name="周婷").click()

        expect(page.locator("#me-name")).to_have_text("周婷")
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        assert cookies["sandbox_member"] == "zhouting"
        page.reload()
        expect(page.locator("#me-name")).to_have_text("周婷")


@pytest.mark.parametrize("size", PHONES)
def test_on_a_phone_list_chat_and_sidebar_are_screens_and_back_goes_back(chromium, shop, size):
    with opened(chromium, shop.url, size) as page:
        expect(page.locator("#conversations a").first).to_be_visible()
        assert too_wide(page) == 0
        page.locator("#conversations a").first.click()
        expect(page.locator(".composer")).to_be_visible()
        expect(page.locator("#conversations")).to_be_hidden()
        assert too_wide(page) == 0

        page.get_by_role("button", name="客户资料", exact=True).click()
        expect(page.locator("#side")).to_be_visible()
        assert page.locator("#side").bounding_box() == {"x": 0, "y": 0, "width": size[0], "height": size[1]}

        page.go_back()
        expect(page.locator("#side")).to_be_hidden()
        page.go_back()
        expect(page.locator("#conversations a").first).to_be_visible()


@pytest.mark.parametrize("size", [PHONES[1], DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_member_tags_a_customer_and_the_app_is_told(chromium, shop, size, scheme):
    with opened(chromium, shop.url, size, scheme) as page:
        sheet = tag_sheet(page, "王芳")
        assert too_wide(page) == 0
        assert page.evaluate(PALE_TEXTS) == []
        assert sheet.evaluate(SMALL_TARGETS) == []
        sheet.get_by_label("喜欢粉色系").check()
        sheet.get_by_label("备注", exact=True).fill("王姐")
        sheet.get_by_role("button", name="保存标签和备注").click()

        expect(sheet).to_be_hidden()
        expect(page.locator("#chat-name")).to_have_text("王姐")
        [event] = edits(shop)
        assert event["detail"]["userid"] == "linxiaowen"
        page.get_by_role("button", name="标签和备注", exact=True).click()
        expect(sheet.get_by_label("喜欢粉色系")).to_be_checked()
        expect(sheet.get_by_label("备注", exact=True)).to_have_value("王姐")

        sheet.get_by_label("喜欢粉色系").uncheck()
        sheet.get_by_role("button", name="保存标签和备注").click()
        expect(sheet).to_be_hidden()
        page.get_by_role("button", name="标签和备注", exact=True).click()
        expect(sheet.get_by_role("button", name="保存标签和备注")).to_be_enabled()
        expect(sheet.get_by_label("喜欢粉色系")).not_to_be_checked()
        assert len(edits(shop)) == 2


def test_the_tag_sheet_holds_the_focus_and_goes_without_saving(chromium, shop):
    with opened(chromium, shop.url, PHONES[1]) as page:
        sheet = tag_sheet(page, "王芳")
        box = sheet.bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 375)
        outside = "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
        for _ in range(40):
            page.keyboard.press("Tab")
            assert not page.evaluate(outside)

        sheet.get_by_label("喜欢粉色系").check()
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        expect(page.get_by_role("button", name="标签和备注", exact=True)).to_be_focused()
        page.get_by_role("button", name="标签和备注", exact=True).click()
        expect(sheet.get_by_label("喜欢粉色系")).not_to_be_checked()
        page.go_back()
        expect(sheet).to_be_hidden()
        expect(page.locator("#composer")).to_be_visible()
        page.go_back()
        expect(page.locator("#conversations a").first).to_be_visible()
        assert edits(shop) == []


def test_saved_tags_frame_the_open_sidebar_again(chromium, shop, tmp_path):
    with framed(shop, tmp_path) as sidebar_url:
        requests.put(f"{shop.url}/sandbox/client", json={"sidebar_url": sidebar_url}, timeout=5).raise_for_status()
        with opened(chromium, shop.url) as page:
            sheet = tag_sheet(page, "王芳")
            expect(page.frame_locator("iframe").locator("#who")).to_contain_text("wm")
            sheet.get_by_label("喜欢粉色系").check()

            with page.expect_request(sidebar_url):
                sheet.get_by_role("button", name="保存标签和备注").click()

            expect(page.frame_locator("iframe").locator("#who")).to_contain_text("wm")


def test_a_corp_without_tags_says_so_and_takes_a_remark(chromium):
    running = start(port=0, seed=7, state_path=None)
    friend = "wm" + "a" * 30
    corp = {
        "departments": [{"id": 1, "name": "小满生活馆"}],
        "staff": [{"userid": "lan", "name": "兰"}],
        "customers": [{"external_userid": friend, "name": "王芳"}],
        "follows": [{"userid": "lan", "external_userid": friend, "createtime": 1795340000}],
    }
    try:
        requests.post(f"{running.url}/sandbox/load", json=corp, timeout=5).raise_for_status()
        with opened(chromium, running.url) as page:
            sheet = tag_sheet(page, "王芳")
            expect(sheet.get_by_text("公司还没有标签")).to_be_visible()
            sheet.get_by_label("备注", exact=True).fill("王姐")
            sheet.get_by_role("button", name="保存备注").click()
            expect(page.locator("#chat-name")).to_have_text("王姐")
    finally:
        running.close()


def tag_sheet(page: Page, name: str) -> Locator:
    page.locator("#conversations a", has_text=name).click()
    expect(page.locator("#chat-name")).to_have_text(name)
    page.get_by_role("button", name="标签和备注", exact=True).click()
    sheet = page.get_by_role("dialog", name="标签和备注")
    expect(sheet.get_by_role("button", name=re.compile("^保存"))).to_be_enabled()
    return sheet


def edits(shop: Running) -> list[Any]:
    happened = requests.get(f"{shop.url}/sandbox/events", timeout=5).json()["events"]
    return [event for event in happened if event["kind"] == "edit_external_contact"]


def test_on_a_phone_a_customer_can_still_scan_once_the_steps_are_closed(chromium, shop):
    with opened(chromium, shop.url, PHONES[1]) as page:
        page.get_by_role("button", name="收起演示步骤").click()
        page.get_by_role("button", name="来一位扫码新客户").click()

        expect(page.locator("#conversations a").first).to_contain_text("阳光暖暖")


@pytest.mark.parametrize("path", ["/", "/start"])
@pytest.mark.parametrize("size", [*PHONES, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_and_nothing_runs_over(chromium, shop, path, size, scheme):
    with opened(chromium, shop.url + path, size, scheme) as page:
        expect(page.locator("#tour-text, #steps .now").first).to_be_visible()

        assert too_wide(page) == 0
        assert page.evaluate(PALE_TEXTS) == []


def test_the_steps_follow_what_really_happens(chromium, shop):
    with opened(chromium, f"{shop.url}/start") as page:
        page.get_by_role("button", name="来一位扫码新客户").click()
        expect(page.locator("#steps li").nth(0)).to_have_class("done")
        expect(page.locator("#steps li").nth(0)).to_contain_text("阳光暖暖 加了林晓雯")
        expect(page.locator("#steps li").nth(1)).to_have_class("now")
        expect(page.locator("#news li").first).to_contain_text("阳光暖暖 扫码加了 林晓雯")

        page.get_by_role("button", name="重来一遍").click()

        expect(page.locator("#steps li").nth(0)).to_have_class("now")
        page.get_by_role("button", name="来一位扫码新客户").click()
        expect(page.locator("#news li").first).to_contain_text("米粒妈 扫码加了 林晓雯")


def test_the_loop_is_walked_to_its_end_in_the_chat(chromium, shop, tmp_path):
    with framed(shop, tmp_path) as sidebar_url:
        requests.put(f"{shop.url}/sandbox/client", json={"sidebar_url": sidebar_url}, timeout=5).raise_for_status()
        with opened(chromium, shop.url) as page:
            expect(page.locator("#tour-step")).to_have_text("第 1 步")
            with page.expect_response(lambda answer: answer.url.endswith("/sandbox/scan")) as scanned:
                page.locator("#tour-act").click()
            expect(page.locator("#tour-step")).to_have_text("第 2 步")
            welcome(shop, scanned.value.json()["welcome_code"], "欢迎来小满，买过的东西我都记着")
            expect(page.locator("#tour-text")).to_contain_text("秒就到了")
            expect(page.locator("#conversations a").first).to_contain_text("欢迎来小满")

            page.get_by_role("button", name="打开聊天").click()
            expect(page.locator("#chat-name")).to_have_text("阳光暖暖")
            expect(page.locator(".bubble").last).to_contain_text("欢迎语，自动发出")
            expect(page.locator("#tour-step")).to_have_text("第 4 步")
            page.frame_locator("iframe").get_by_role("button", name="发券").click()

            expect(page.locator("#tour-step")).to_have_text("第 5 步")
            expect(page.locator("#tour-text")).to_contain_text("把老客户带回来")
            mass_message(shop, "linxiaowen", scanned.value.json()["external_userid"], "老朋友专享满 99 减 15")
            expect(page.locator("#tour-text")).to_contain_text("替林晓雯点「发送」")
            page.get_by_role("button", name="去群发助手").click()
            page.get_by_role("button", name="发送", exact=True).click()
            expect(page.locator("#tour-step")).to_have_text("第 8 步")
            page.get_by_role("button", name="看客户的手机").click()
            expect(page.locator("#lines")).to_contain_text("老朋友专享满 99 减 15")


def test_a_welcome_that_does_not_come_is_said(chromium, shop):
    with opened(chromium, shop.url) as page:
        page.locator("#tour-act").click()
        expect(page.locator("#tour-step")).to_have_text("第 2 步")

        requests.put(f"{shop.url}/sandbox/clock", json={"advance": 21}, timeout=5).raise_for_status()

        expect(page.locator("#tour-text")).to_contain_text("没收到欢迎语")


def test_an_emptied_sandbox_is_noticed(chromium, shop):
    with opened(chromium, shop.url) as page:
        page.locator("#tour-act").click()
        expect(page.locator("#tour-step")).to_have_text("第 2 步")

        requests.post(f"{shop.url}/sandbox/reset", json={}, timeout=5).raise_for_status()

        expect(page.get_by_text("公司里还没有人")).to_be_visible(timeout=15000)


def test_a_day_can_be_skipped(chromium, shop):
    before = requests.get(f"{shop.url}/sandbox/clock", timeout=5).json()["now"]
    with opened(chromium, f"{shop.url}/start") as page:
        page.get_by_role("button", name="+1 天").click()
        expect(page.locator("#toast")).to_contain_text("现在是周")

    assert requests.get(f"{shop.url}/sandbox/clock", timeout=5).json()["now"] >= before + 86400


def test_an_empty_corp_is_said_in_words(chromium):
    running = start(port=0, seed=7, state_path=None)
    try:
        with opened(chromium, running.url) as page:
            expect(page.get_by_text("公司里还没有人")).to_be_visible()
            expect(page.get_by_role("button", name="来一位扫码新客户")).to_be_disabled()
    finally:
        running.close()


def test_who_are_you_lists_the_staff_and_goes_on_as_the_one_chosen(chromium, shop):
    corp = requests.get(f"{shop.url}/sandbox/credentials", timeout=5).json()
    address = (
        f"{shop.url}/connect/oauth2/authorize?appid={corp['corp_id']}&redirect_uri={shop.url}/start"
        "&response_type=code&scope=snsapi_base&state=abc#wechat_redirect"
    )
    with opened(chromium, address, (375, 740)) as page:
        assert too_wide(page) == 0
        page.get_by_role("link", name="何静").click()

        page.wait_for_url(re.compile(r"/start\?code=.+&state=abc"))


@pytest.mark.parametrize("size", [(360, 640), DESKTOP])
def test_a_framed_page_gets_its_rights_by_signature_and_its_message_becomes_a_bubble(chromium, shop, tmp_path, size):
    with framed(shop, tmp_path) as sidebar_url:
        requests.put(f"{shop.url}/sandbox/client", json={"sidebar_url": sidebar_url}, timeout=5).raise_for_status()
        with opened(chromium, shop.url, size) as page:
            page.locator("#conversations a", has_text="陈雨桐").click()
            page.wait_for_url(re.compile("#linxiaowen/wm"))
            expect(page.locator("#chat-name")).to_have_text("陈雨桐")
            friend = page.evaluate("location.hash").split("/")[1]
            if size != DESKTOP:
                page.get_by_role("button", name="客户资料", exact=True).click()
            frame = page.frame_locator("iframe")
            expect(frame.locator("#before")).to_contain_text("permission")
            expect(frame.locator("#who")).to_have_text(friend)
            assert "wxwork" in frame.locator("#agent").inner_text()

            frame.get_by_role("button", name="发券").click()
            expect(frame.locator("#sent")).to_contain_text("ok")
            if size != DESKTOP:
                page.get_by_role("button", name="关上客户资料").click()

            happened = requests.get(f"{shop.url}/sandbox/events", timeout=5).json()["events"]
            assert [event["text"] for event in happened[:2]] == [
                "林晓雯 从侧边栏发给 雨桐 一条消息",
                "林晓雯 打开了 雨桐 的资料",
            ]
            bubble = page.locator(".line.mine .bubble").last
            expect(bubble).to_contain_text("满 99 减 15，券码 ABCD-1234")
            assert too_wide(page) == 0


def test_beside_a_group_a_page_speaks_in_it_and_the_member_may_bend_the_next_sending(chromium, shop, tmp_path):
    with framed(shop, tmp_path) as sidebar_url:
        requests.put(f"{shop.url}/sandbox/client", json={"sidebar_url": sidebar_url}, timeout=5).raise_for_status()
        known = requests.get(f"{shop.url}/sandbox/groups?userid=linxiaowen", timeout=5).json()["groups"]
        with opened(chromium, f"{shop.url}/#linxiaowen/~group/{known[0]['chat_id']}", (360, 640)) as page:
            page.get_by_role("button", name="群工具").click()
            frame = page.frame_locator("iframe")
            expect(frame.locator("#agent")).to_contain_text("wxwork")
            page.get_by_role("button", name="侧边栏怎么应答").click()
            page.get_by_label("我点了取消").check()
            page.get_by_role("button", name="就这样").click()

            frame.get_by_role("button", name="发券").click()
            expect(frame.locator("#sent")).to_have_text("sendChatMessage:cancel")
            frame.get_by_role("button", name="发券").click()
            expect(frame.locator("#sent")).to_have_text("sendChatMessage:ok")
            assert too_wide(page) == 0
            page.get_by_role("button", name="关上客户资料").click()

            expect(page.locator(".line.mine .bubble").last).to_contain_text("券码 ABCD-1234")


def test_the_bridge_hears_only_the_frame_it_belongs_to(chromium, shop, tmp_path):
    with framed(shop, tmp_path) as sidebar_url:
        requests.put(f"{shop.url}/sandbox/client", json={"sidebar_url": sidebar_url}, timeout=5).raise_for_status()
        with opened(chromium, shop.url) as page:
            page.locator("#conversations a").first.click()
            expect(page.frame_locator("iframe").locator("#who")).to_contain_text("wm")
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url) if "/sandbox/bridge" in request.url else None)

            page.evaluate(
                "postMessage({__wecom: 1, type: 'invoke', id: 1, name: 'getContext', params: {}, href: 'x'}, '*')"
            )
            page.wait_for_timeout(300)

            assert asked == []


def test_the_bridge_script_may_be_loaded_by_the_app_and_stays_fresh(shop):
    answer = requests.get(f"{shop.url}/sandbox/bridge.js", timeout=5)

    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_forbid_foreign_and_inline_scripts_and_send_other_names_of_loopback_home(shop):
    policy = requests.get(shop.url, timeout=5).headers["Content-Security-Policy"]
    moved = requests.get(f"{shop.url}/start?x=1".replace("127.0.0.1", "localhost"), timeout=5, allow_redirects=False)

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert moved.headers["Location"] == f"{shop.url}/start?x=1"


@contextmanager
def framed(shop: Running, folder) -> Iterator[str]:
    """A sidebar of the test's own on another port: signs with the real ticket, speaks the raw bridge."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/sidebar.html"
    (folder / "sidebar.html").write_text(SIDEBAR.replace("BRIDGE", shop.url).replace("CONFIG", signed(shop, address)))
    yield address
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def welcome(shop: Running, code: str, text: str) -> None:
    """What an app does within seconds of an add."""
    answer = requests.post(
        f"{shop.url}/cgi-bin/externalcontact/send_welcome_msg",
        params={"access_token": token_of(shop)},
        json={"welcome_code": code, "text": {"content": text}},
        timeout=5,
    )
    assert answer.json()["errcode"] == 0, answer.text


def mass_message(shop: Running, sender: str, receiver: str, text: str) -> None:
    """What an operator plans, and it has reached the sender."""
    answer = requests.post(
        f"{shop.url}/cgi-bin/externalcontact/add_msg_template",
        params={"access_token": token_of(shop)},
        json={"external_userid": [receiver], "sender": sender, "text": {"content": text}},
        timeout=5,
    )
    assert answer.json()["errcode"] == 0, answer.text
    requests.put(f"{shop.url}/sandbox/clock", json={"advance": 4}, timeout=5).raise_for_status()


def token_of(shop: Running) -> str:
    corp = requests.get(f"{shop.url}/sandbox/credentials", timeout=5).json()
    who = {"corpid": corp["corp_id"], "corpsecret": corp["secret"]}
    return str(requests.get(f"{shop.url}/cgi-bin/gettoken", who, timeout=5).json()["access_token"])


def signed(shop: Running, address: str) -> str:
    corp = requests.get(f"{shop.url}/sandbox/credentials", timeout=5).json()
    asked = {"access_token": token_of(shop), "type": "agent_config"}
    ticket = requests.get(f"{shop.url}/cgi-bin/ticket/get", asked, timeout=5).json()["ticket"]
    signature = crypto.js_signature(ticket, "nonce", "1795340000", address)
    return json.dumps(
        {
            "corpid": corp["corp_id"],
            "agentid": str(corp["agent_id"]),
            "timestamp": "1795340000",
            "nonceStr": "nonce",
            "signature": signature,
            "jsApiList": ["getCurExternalContact", "sendChatMessage"],
        }
    )


SIDEBAR = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="BRIDGE/sandbox/bridge.js"></script>
<p id="agent"></p><p id="before"></p><p id="who"></p><p id="sent"></p><button>发券</button>
<script>
const show = (id, text) => { document.getElementById(id).textContent = text; };
const ask = (name, params) => new Promise((done) => WeixinJSBridge.invoke(name, params, done));
show('agent', navigator.userAgent);
document.querySelector('button').onclick = async () => {
  const text = { msgtype: 'text', text: { content: '满 99 减 15，券码 ABCD-1234' } };
  show('sent', (await ask('sendChatMessage', text)).err_msg);
};
(async () => {
  show('before', (await ask('getCurExternalContact', {})).err_msg);
  await ask('agentConfig', CONFIG);
  show('who', (await ask('getCurExternalContact', {})).userId);
})();
</script>"""
