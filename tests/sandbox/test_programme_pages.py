"""The pages of the second half: group-send assistant, groups, the app, robots, a customer's phone, the clock."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.server import Running
from tests.sandbox.conftest import Client
from tests.sandbox.looking import DESKTOP, PALE_TEXTS, PHONES, SMALL_TARGETS, opened, too_wide
from tests.sandbox.receivers import receiving

pytestmark = pytest.mark.browser
SHANGHAI = timezone(timedelta(hours=8))
TEXT = "宝宝的湿巾是不是快用完啦？老朋友专享满 99 减 15"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes.fromhex(
    "0000000d4948445200000001000000010806000000" + "1f15c4890000000d49444154789c63f8cfc0f01f00050001ff"
    "89993d1d0000000049454e44ae426082"
)
HOSTILE = '<img src=x onerror="document.title=1">"\'<b>{{7*7}}</b>'


@pytest.fixture
def corp(shop: Running) -> Client:
    """The demo shop, as an app with a token speaks to it."""
    client = Client(shop)
    client.sign_in()
    return client


def friends(corp: Client, userid: str, count: int) -> list[str]:
    """Contacts of a member, those of the newest chats first."""
    found = corp.ask("GET", f"conversations?userid={userid}&limit=10000")["conversations"]
    return [one["external_userid"] for one in found if one["relation"] == "mutual"][:count]


def groups_of(corp: Client, owner: str) -> list[Any]:
    return [group for group in corp.ask("GET", "groups")["groups"] if group["owner"] == owner]


def picture(corp: Client) -> str:
    address = f"{corp.url}/cgi-bin/media/upload"
    files = {"media": ("湿巾.png", PICTURE, "image/png")}
    answer = corp.http.post(address, params={"access_token": corp.token, "type": "image"}, files=files).json()
    return str(answer["media_id"])


def everything(corp: Client) -> list[dict[str, Any]]:
    """An attachment of each kind that shows something."""
    media = picture(corp)
    page = {"title": "婴儿湿巾 80 抽 × 6 包", "appid": "wx0123456789abcdef", "page": "pages/goods.html"}
    return [
        {"msgtype": "link", "link": {"title": "满 99 减 15", "desc": "7 天有效", "url": "https://shop.example/c/1"}},
        {"msgtype": "image", "image": {"media_id": media}},
        {"msgtype": "miniprogram", "miniprogram": {**page, "pic_media_id": media}},
    ]


def push(corp: Client, sender: str, targets: list[str], text: str = TEXT, **more: Any) -> str:
    """A mass message that has reached its sender."""
    kind = {"chat_type": "group", "chat_id_list": targets} if targets[0].startswith("wr") else {}
    body = kind or {"chat_type": "single", "external_userid": targets}
    answer = corp.post("externalcontact/add_msg_template", **body, sender=sender, text={"content": text}, **more)
    assert answer["errcode"] == 0, answer
    corp.advance(4)
    return str(answer["msgid"])


def confirm(corp: Client, msgid: str, userid: str) -> Any:
    return corp.ask("POST", "mass-messages/confirm", msgid=msgid, userid=userid)


def looks_right(page: Page) -> None:
    assert too_wide(page) == 0
    assert page.evaluate(PALE_TEXTS) == []


# The group-send assistant


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_a_member_sends_what_waits_in_the_assistant_and_reads_what_came_of_it(chromium, corp, size):
    chosen = friends(corp, "linxiaowen", 5)
    push(corp, "linxiaowen", chosen, attachments=everything(corp))
    corp.ask("POST", "follows/delete", userid="linxiaowen", external_userid=chosen[0], by="customer")
    with opened(chromium, f"{corp.url}/#linxiaowen", size) as page:
        expect(page.locator("#assistant-count")).to_contain_text("1")
        page.get_by_role("link", name="群发助手", exact=False).first.click()
        card = page.locator(".send-card")
        expect(card.locator(".as-sent")).to_contain_text(TEXT)
        expect(card.get_by_role("link", name="满 99 减 15")).to_have_attribute("href", "https://shop.example/c/1")
        expect(card.get_by_alt_text("图片")).to_be_visible()
        expect(card).to_contain_text("发给你的 5 位客户，每人只收一次")
        looks_right(page)
        assert card.evaluate(SMALL_TARGETS) == []

        card.get_by_role("button", name="发送", exact=True).click()

        expect(page.get_by_text("发出去了，4 位客户收到。没收到的：1 位客户已不是好友")).to_be_visible()
        expect(page.locator(".send-card.done")).to_contain_text("已发送 4")
        expect(page.locator(".send-card.done")).to_contain_text("已不是好友 1")
        expect(card.get_by_role("button")).to_have_count(0)
        expect(page.locator("#assistant-count")).to_be_hidden()
        looks_right(page)


def test_who_has_had_the_most_they_may_get_is_counted(chromium, corp):
    corp.ask("PUT", "mass-rules", quota="day")
    chosen = friends(corp, "linxiaowen", 3)
    confirm(corp, push(corp, "linxiaowen", chosen[:1]), "linxiaowen")
    push(corp, "linxiaowen", chosen, "第二条")
    with opened(chromium, f"{corp.url}/#linxiaowen/~assistant") as page:
        page.get_by_role("button", name="发送", exact=True).click()

        expect(page.locator(".send-card.done", has_text="第二条")).to_contain_text("已发送 2")
        expect(page.locator(".send-card.done", has_text="第二条")).to_contain_text("已达上限 1")


def test_what_is_put_off_leaves_the_badge_and_can_still_be_sent(chromium, corp):
    msgid = push(corp, "linxiaowen", friends(corp, "linxiaowen", 2))
    with opened(chromium, f"{corp.url}/#linxiaowen/~assistant") as page:
        page.get_by_role("button", name="先不发").click()
        expect(page.locator("#assistant-count")).to_be_hidden()
        expect(page.locator(".send-card.later")).to_contain_text("你先不发")
        page.reload()

        page.locator(".send-card.later").get_by_role("button", name="发送").click()

        expect(page.locator(".send-card.done")).to_contain_text("已发送 2")
    assert corp.ask("GET", f"mass-messages/{msgid}")["tasks"][0]["sent"] == 2


def test_what_the_company_took_back_meanwhile_is_not_sent(chromium, corp):
    msgid = push(corp, "linxiaowen", friends(corp, "linxiaowen", 2))
    with opened(chromium, f"{corp.url}/#linxiaowen/~assistant", errors=1) as page:  # the browser reports the 409
        send = page.get_by_role("button", name="发送", exact=True)
        expect(send).to_be_enabled()
        old = corp.ask("GET", "mass-messages?userid=linxiaowen")
        page.route("**/sandbox/mass-messages?*", lambda route: route.fulfill(json=old))  # it has not heard yet
        corp.post("externalcontact/cancel_groupmsg_send", msgid=msgid)
        send.click()

        expect(page.get_by_role("alert")).to_contain_text("公司刚撤回了这条")
        page.unroute_all()
        expect(page.locator(".send-card.done")).to_contain_text("公司撤回了，不用发")
    assert corp.ask("GET", f"mass-messages/{msgid}")["tasks"][0]["sent"] == 0


def test_a_member_without_tasks_is_told_so_and_another_members_task_stays_theirs(chromium, corp):
    push(corp, "linxiaowen", friends(corp, "linxiaowen", 2))
    with opened(chromium, f"{corp.url}/#zhouting/~assistant") as page:
        expect(page.get_by_text("没有要发的")).to_be_visible()
        expect(page.locator("#assistant-count")).to_be_hidden()


def test_the_rules_of_mass_messages_are_set(chromium, corp):
    with opened(chromium, f"{corp.url}/#linxiaowen/~assistant", PHONES[0]) as page:
        page.get_by_role("button", name="群发规则").click()
        expect(page.get_by_role("button", name="保存群发规则")).to_be_enabled()
        looks_right(page)
        page.get_by_label("按周").check()
        page.get_by_label("最近聊过的同事").check()
        page.get_by_label("任务几秒后到群发助手").fill("5")
        page.get_by_role("button", name="保存群发规则").click()
        expect(page.locator("#rules-sheet")).to_be_hidden()

    rules = corp.ask("GET", "mass-rules")
    assert (rules["quota"], rules["routing"], rules["dispatch_seconds"]) == ("week", "last_talker", 5)


# What arrived


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_a_customer_sees_what_arrived_from_each_member_and_in_their_groups(chromium, corp, size):
    [group] = groups_of(corp, "linxiaowen")[:1]
    inside = corp.ask("GET", f"groups/{group['chat_id']}")["member_list"]
    somebody = next(one["id"] for one in inside if one["type"] == 2)
    confirm(corp, push(corp, "linxiaowen", [somebody], attachments=everything(corp)), "linxiaowen")
    confirm(corp, push(corp, "linxiaowen", [group["chat_id"]], "今晚 20:00 开抢"), "linxiaowen")
    with opened(chromium, f"{corp.url}/customer#{somebody}/linxiaowen", size) as page:
        lines = page.locator("#lines")
        expect(lines).to_contain_text(TEXT)
        expect(page.locator(f"#customers [data-customer={somebody}]")).to_have_attribute("aria-current", "true")
        expect(lines).to_contain_text("群发收到的")
        expect(lines.get_by_role("link", name="满 99 减 15")).to_have_attribute("target", "_blank")
        expect(lines).to_contain_text("婴儿湿巾 80 抽 × 6 包")
        expect(lines.get_by_alt_text("图片")).to_be_visible()
        looks_right(page)
        if size != DESKTOP:
            page.get_by_role("button", name="回到这位客户的会话").click()
            looks_right(page)

        expect(page.locator("#quota")).to_contain_text("本月收了 1 条群发")
        page.locator("#chats a", has_text=group["name"]).click()

        expect(lines).to_contain_text("今晚 20:00 开抢")
        expect(lines).to_contain_text("林晓雯")
        looks_right(page)


def test_a_welcome_arrives_on_the_phone_of_who_scanned(chromium, corp):
    added = corp.ask("POST", "scan", userid="linxiaowen")
    text = {"content": "欢迎来小满，买过的东西我都记着"}
    corp.post("externalcontact/send_welcome_msg", welcome_code=added["welcome_code"], text=text)
    with opened(chromium, f"{corp.url}/customer", PHONES[1]) as page:
        [customer] = corp.ask("GET", f"customers?q={added['external_userid']}")["customers"]
        page.get_by_label("按微信名找客户").fill(customer["name"])
        page.locator(f"[data-customer={added['external_userid']}]").click()
        page.locator("#chats a", has_text="林晓雯").click()

        expect(page.locator("#lines")).to_contain_text("欢迎来小满")
        expect(page.locator("#lines")).to_contain_text("加上时收到的")


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_the_owner_confirms_and_the_group_has_it(chromium, corp, size):
    [group] = groups_of(corp, "zhouting")[:1]
    push(corp, "zhouting", [group["chat_id"]], "今晚 20:00 开抢：湿巾 6 包 ¥29.9")
    with opened(chromium, f"{corp.url}/#zhouting/~assistant", size) as page:
        expect(page.locator(".send-card")).to_contain_text(f"发到 1 个群：{group['name']}")
        page.get_by_role("button", name="发送", exact=True).click()
        expect(page.get_by_text("发出去了，1 个群收到")).to_be_visible()
        if size != DESKTOP:
            page.locator("#pane-back").click()

        page.locator("#conversations a", has_text=group["name"]).click()

        expect(page.locator("#pane-title")).to_have_text(f"{group['name']}（{group['members']}）")
        expect(page.locator("#pane-note")).to_have_text("群主 周婷")
        expect(page.locator("#pane-body")).to_contain_text("今晚 20:00 开抢：湿巾 6 包 ¥29.9")
        looks_right(page)


def test_a_group_is_renamed_joined_left_and_dismissed(chromium, corp):
    [group] = groups_of(corp, "zhouting")[:1]
    with opened(chromium, f"{corp.url}/#zhouting/~group/{group['chat_id']}", PHONES[1]) as page:
        sheet = group_sheet(page)
        looks_right(page)
        sheet.get_by_label("群名").fill("成都宝妈群")
        sheet.get_by_role("button", name="保存群资料").click()
        expect(page.locator("#pane-title")).to_have_text(f"成都宝妈群（{group['members']}）")

        sheet = group_sheet(page)
        sheet.get_by_role("button", name="拉进群").click()
        expect(page.locator("#group-count")).to_contain_text(f"群成员 {group['members'] + 1} 人")
        sheet.get_by_role("button", name=re.compile("移出群")).last.click()
        expect(page.locator("#group-count")).to_contain_text(f"群成员 {group['members']} 人")

        sheet.get_by_role("button", name="解散这个群").click()
        sheet.get_by_role("button", name="解散", exact=True).click()
        expect(page.locator("#pane-note")).to_have_text("已解散")

    kinds = [event["kind"] for event in corp.ask("GET", "events")["events"][:4]]
    assert kinds == ["dismiss", "update", "update", "update"]


def group_sheet(page: Page) -> Locator:
    page.get_by_role("button", name="群资料").click()
    sheet = page.get_by_role("dialog", name="群资料")
    expect(sheet.get_by_label("群名")).to_be_visible()
    return sheet


# The app and the robots


def send(corp: Client, userid: str, msgtype: str, **content: Any) -> None:
    agent = corp.credentials["agent_id"]
    answer = corp.post("message/send", touser=userid, msgtype=msgtype, agentid=agent, **{msgtype: content})
    assert answer["errcode"] == 0, answer


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_a_card_of_the_app_opens_its_page_beside_the_client(chromium, corp, size):
    card = {"title": "还有 2 个群没确认", "description": "爆款日 20:00 开抢", "btntxt": "去确认"}
    send(corp, "linxiaowen", "textcard", **card, url=f"{corp.url}/start?from=card")
    with opened(chromium, f"{corp.url}/#linxiaowen", size) as page:
        expect(page.locator("#app-count")).to_contain_text("1")
        page.get_by_role("link", name="应用消息", exact=False).click()
        expect(page.locator(".app-card")).to_contain_text("爆款日 20:00 开抢")
        looks_right(page)

        with page.expect_popup() as opening:
            page.get_by_role("link", name="还有 2 个群没确认").click()

        assert opening.value.url == f"{corp.url}/start?from=card"
        expect(page.locator("#app-count")).to_be_hidden()


def test_a_button_of_a_card_is_tapped(chromium, corp):
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "周五 20:00 开抢", "desc": "第 3 期"},
        "button_list": [{"text": "我知道了", "key": "ack"}],
        "task_id": "drop-3",
    }
    with receiving(corp.credentials) as app, opened(chromium, f"{corp.url}/#linxiaowen/~app") as page:
        corp.ask("PUT", "callback", url=app.url)
        send(corp, "linxiaowen", "template_card", **card)
        page.get_by_role("button", name="我知道了").click()

        expect(page.get_by_role("button", name="我知道了 ✓")).to_be_visible()
        [event] = app.wait_for(1)
    assert (event.fields["Event"], event.fields["EventKey"]) == ("template_card_event", "ack")


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_a_robot_is_made_and_what_it_says_stands_in_staffs_group(chromium, corp, size):
    with opened(chromium, f"{corp.url}/#linxiaowen/~robots", size) as page:
        page.get_by_role("button", name="加一个").click()
        page.get_by_label("给它起个名").fill("爆款战报")
        page.get_by_role("button", name="加到店员内部群").click()
        expect(page.get_by_label("网址（填到爆款日里）")).to_have_value(re.compile("key=."))
        address = page.get_by_label("网址（填到爆款日里）").input_value()
        page.get_by_role("button", name="知道了").click()
        said = {"content": '**第 3 期** 卖出 <font color="warning">128</font> 份\n> 还剩 172 份'}
        assert corp.http.post(address, json={"msgtype": "markdown", "markdown": said}).json()["errcode"] == 0

        expect(page.locator("#pane-body .markdown")).to_have_text("第 3 期 卖出 128 份还剩 172 份")
        expect(page.locator("#pane-body .speaker")).to_have_text("爆款战报")
        looks_right(page)
        page.get_by_role("button", name="移除，之后发不进来").click()
        expect(page.get_by_role("button", name="爆款战报（已移除）")).to_be_visible()
    assert corp.http.post(address, json={"msgtype": "text", "text": {"content": "还在吗"}}).json()["errcode"] == 93000


# Hostile words


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
def test_hostile_names_and_texts_stay_words(chromium, corp, size):
    evil, long = HOSTILE, "a1" * 200
    mean = corp.ask("POST", "customers", status=201, name=evil)["external_userid"]
    corp.ask("POST", "scan", userid="linxiaowen", external_userid=mean)
    group = corp.ask("POST", "groups", status=201, name=evil, owner="linxiaowen", members=[{"external_userid": mean}])
    corp.ask("POST", f"groups/{group['chat_id']}/change", notice=evil + long)
    script = {"msgtype": "link", "link": {"title": evil, "desc": long, "url": "javascript:document.title=1"}}
    confirm(corp, push(corp, "linxiaowen", [mean], evil + long, attachments=[script]), "linxiaowen")
    confirm(corp, push(corp, "linxiaowen", [group["chat_id"]], evil + long, attachments=[script]), "linxiaowen")
    push(corp, "linxiaowen", [group["chat_id"]], evil + long, attachments=[script])
    send(corp, "linxiaowen", "textcard", title=evil[:40], description=evil + long, url="https://x.example")
    send(corp, "linxiaowen", "text", content=f'{evil} <a href="javascript:document.title=1">点我</a> {long}')
    robot = corp.ask("POST", "robots", status=201, name=evil)
    words = {"content": f'**{evil}** [点我](javascript:document.title=1) <font color="info">{evil}</font> {long}'}
    assert corp.http.post(robot["url"], json={"msgtype": "markdown", "markdown": words}).json()["errcode"] == 0
    places = [
        "#linxiaowen/~assistant",
        f"#linxiaowen/~group/{group['chat_id']}",
        "#linxiaowen/~app",
        f"#linxiaowen/~robots/{robot['key']}",
        f"customer#{mean}/linxiaowen",
        f"customer#{mean}/{group['chat_id']}",
        "start",
    ]
    with opened(chromium, f"{corp.url}/#linxiaowen", size) as page:
        for place in places:
            page.goto("about:blank")
            page.goto(f"{corp.url}/{place}")
            shown = page.locator("body").get_by_text("<img src=x", exact=False).locator("visible=true").first
            expect(shown).to_be_visible()
            looks_right(page)
            assert page.locator("a[href^=javascript]").count() == 0
            assert "演示" in page.title(), place


@pytest.mark.parametrize("address", ["#%/%E0%A4%A", "#linxiaowen/~constructor/x"])
def test_an_address_that_leads_nowhere_leaves_a_client_that_works(chromium, corp, address):
    with opened(chromium, f"{corp.url}/{address}", PHONES[0]) as page:
        expect(page.locator("#me-name")).to_have_text("林晓雯")
        page.route("**/sandbox/conversations*", lambda route: None)  # not answered yet
        with page.expect_request("**/sandbox/conversations*"):
            page.goto(f"{corp.url}/#linxiaowen/nobody")
        page.goto(f"{corp.url}/#linxiaowen/~assistant")  # before the client has looked for nobody
        page.unroute("**/sandbox/conversations*")  # now they are

        expect(page.get_by_text("没有要发的")).to_be_visible()
        expect(page.locator("#chat")).to_be_hidden()


def test_a_group_that_is_not_there_is_said(chromium, corp):
    with opened(chromium, f"{corp.url}/#linxiaowen/~group/wrnobody", errors=1) as page:  # the browser reports the 404
        expect(page.get_by_text("从会话里选一个")).to_be_visible()
        page.locator("#conversations a").first.click()

        expect(page.get_by_text("从会话里选一个")).to_be_hidden()


# The clock


def now_in(corp: Client) -> datetime:
    return datetime.fromtimestamp(corp.ask("GET", "clock")["now"], UTC).astimezone(SHANGHAI)


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP])
@pytest.mark.parametrize("path", ["/", "/start"])
def test_the_clock_is_moved_and_stopped(chromium, corp, path, size):
    before = now_in(corp)
    with opened(chromium, corp.url + path, size) as page:
        if path == "/":
            page.get_by_role("button", name="演示里的时间").click()
        time = page.locator("#time")
        expect(time.locator(".time-now")).to_contain_text("周")
        assert time.evaluate(SMALL_TARGETS) == []
        for name, seconds in (("+1 小时", 3600), ("+1 天", 86400), ("+1 周", 604800)):
            with page.expect_response(lambda answer: answer.request.method == "PUT"):
                time.get_by_role("button", name=name).click()
            expect(time.get_by_role("button", name=name)).to_be_enabled()
            before += timedelta(seconds=seconds)
        assert abs((now_in(corp) - before).total_seconds()) < 30

        time.get_by_role("button", name="到周五 19:55").click()
        expect(time.locator(".time-now b")).to_have_text("周五 19:55")
        time.get_by_label("星期几").select_option("周一")
        time.get_by_label("几点几分").fill("08:30")
        time.get_by_role("button", name="到周一 08:30").click()
        expect(time.locator(".time-now b")).to_have_text("周一 08:30")
        time.get_by_role("button", name="冻结").click()
        expect(time.get_by_role("button", name="继续走")).to_be_visible()
        looks_right(page)

    assert corp.ask("GET", "clock")["frozen"] is True
    assert (now_in(corp).isoweekday(), now_in(corp).strftime("%H:%M")) == (1, "08:30")


# The steps of the second half


def test_the_second_half_follows_what_really_happens(chromium, corp):
    corp.ask("PUT", "client", sidebar_url="http://127.0.0.1:9/", console_url="http://127.0.0.1:9/console/")
    with opened(chromium, f"{corp.url}/start") as page:
        steps = page.locator("#more li")
        for n, (words, place) in enumerate((("去圈人群", "audiences"), ("去排群发", "pushes"))):
            link = steps.nth(n).get_by_role("link", name=words)
            expect(link).to_have_attribute("href", f"http://127.0.0.1:9/console/{place}")
        expect(steps.nth(3)).to_contain_text("等同事发出去")

        msgid = push(corp, "linxiaowen", friends(corp, "linxiaowen", 3))
        expect(steps.nth(1)).to_contain_text("3 位客户，分给 1 位同事")
        steps.nth(2).get_by_role("link", name="去群发助手").click()
        page.get_by_role("button", name="发送", exact=True).click()
        expect(page.get_by_text("发出去了，3 位客户收到")).to_be_visible()
        assert corp.ask("GET", f"mass-messages/{msgid}")["tasks"][0]["status"] == 2

        page.goto(f"{corp.url}/start")
        expect(steps.nth(2)).to_contain_text("林晓雯发了，3 位客户收到")
        steps.nth(3).get_by_role("link", name="看客户的手机").click()
        expect(page.locator("#lines")).to_contain_text(TEXT)

        page.goto(f"{corp.url}/start")
        expect(steps.nth(3)).to_have_class("done")
        steps.nth(4).get_by_role("button", name="到周五 19:55").click()
        expect(page.locator(".time-now b")).to_have_text("周五 19:55")
        corp.sign_in()
        group = groups_of(corp, "linxiaowen")[0]["chat_id"]
        confirm(corp, push(corp, "linxiaowen", [group], "今晚 20:00 开抢"), "linxiaowen")
        expect(steps.nth(5)).to_contain_text("林晓雯发了，群里收到 1 条")
        steps.nth(6).get_by_role("link", name="去群里看").click()
        expect(page.locator("#pane-body")).to_contain_text("今晚 20:00 开抢")

        page.goto(f"{corp.url}/start")
        expect(steps.nth(6)).to_have_class("done")
        steps.nth(7).get_by_role("button", name="到周六 10:05").click()
        expect(page.locator(".time-now b")).to_have_text("周六 10:05")
        corp.sign_in()
        push(corp, "linxiaowen", [group], "昨晚 300 份 4 分 51 秒抢完")
        expect(steps.nth(7)).to_have_class("done")

        report = steps.nth(7).get_by_role("link", name="看战报")
        expect(report).to_have_attribute("href", "http://127.0.0.1:9/console/drops")

        page.get_by_role("button", name="重来一遍").click()

        expect(page.locator("#more li.done")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [*PHONES, DESKTOP])
def test_every_place_can_be_read_by_day_and_by_night(chromium, corp, scheme, size):
    group = groups_of(corp, "linxiaowen")[0]["chat_id"]
    chosen = friends(corp, "linxiaowen", 4)
    confirm(corp, push(corp, "linxiaowen", chosen), "linxiaowen")
    confirm(corp, push(corp, "linxiaowen", [group], attachments=everything(corp)), "linxiaowen")
    corp.post("externalcontact/remind_groupmsg_send", msgid=push(corp, "linxiaowen", chosen, "再发一条"))
    send(corp, "linxiaowen", "textcard", title="没确认", description="20:00 开抢", url="https://shop.example")
    [robot] = corp.ask("GET", "robots")["robots"][:1]
    said = {"msgtype": "text", "text": {"content": "今晚 20:00 开抢"}}
    address = f"{corp.url}/cgi-bin/webhook/send"
    assert corp.http.post(address, params={"key": robot["key"]}, json=said).json()["errcode"] == 0
    places = {
        "#linxiaowen/~assistant": "催了 1 次",
        f"#linxiaowen/~group/{group}": TEXT,
        "#linxiaowen/~app": "没确认",
        "#linxiaowen/~robots": "今晚 20:00 开抢",
        f"customer#{chosen[0]}/linxiaowen": TEXT,
        "customer": "选一位客户",
    }
    with opened(chromium, f"{corp.url}/#linxiaowen", size, scheme) as page:
        for place, words in places.items():
            page.goto("about:blank")
            page.goto(f"{corp.url}/{place}")
            if (place, size) != ("customer", DESKTOP) and place == "customer":
                words = "搜微信名"
                expect(page.get_by_placeholder(words)).to_be_visible()
            else:
                expect(page.get_by_text(words).locator("visible=true").first).to_be_visible()
            looks_right(page)
