"""A member of staff at a chat: the real SDK, the sandbox's client, the system's Chromium."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app import create_app
from crm import coupons
from models import (
    Channel,
    Contact,
    Coupon,
    CouponLink,
    Follow,
    Identity,
    Note,
    Order,
    PlatformAccount,
    Staff,
    Todo,
    Token,
    Touch,
)  # fmt: skip
from tests.sidebar.browsers import DESKTOP, PHONES, looks_right, opened
from tests.sidebar.chats import CHAT, give, keep

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite"])
def database_url(request, sqlite_databases):
    """Browsers look at one database; the doors' tests have looked at both."""
    with sqlite_databases.fresh() as url:
        yield url


@pytest.mark.parametrize("size", [PHONES[0], DESKTOP], ids=lambda size: str(size[0]))
def test_one_look_and_one_tap(opened_chat, sandbox, make, size):
    chat = opened_chat(size)
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    expect(chat.side.locator(".figures")).to_contain_text("4,661")
    expect(chat.side.get_by_text("最近订单")).to_be_visible()
    keep(chat, f"card-{size[0]}")
    assert chat.side.locator("html").evaluate("html => html.scrollWidth - html.clientWidth") == 0

    chat.side.get_by_role("button", name="发优惠券").click()
    expect(chat.side.locator("#sheet")).to_contain_text("最合适")
    keep(chat, f"sheet-{size[0]}")
    chat.side.locator("#sheet").get_by_role("button", name="发给她").first.click()
    expect(chat.side.locator("#toast")).to_contain_text("券已发到聊天里")
    keep(chat, f"sent-{size[0]}")

    coupon = make.rows(Coupon)[0]
    if size == DESKTOP:
        expect(chat.page.locator("#lines")).to_contain_text("给您留了一张券")
    [message] = sandbox.messages("lan", CHAT)
    token = message["content"]["link"].rpartition("/c/")[2]
    assert (message["kind"], make.rows(CouponLink)[0].coupon_id) == ("news", coupon.id)
    assert make.rows(CouponLink)[0].token_digest == make.runtime.vault.digest(token)
    assert [touch.state for touch in make.rows(Touch)] == ["sent"]
    assert chat.problems == []


def test_a_number_the_customer_told_brings_the_order_to_the_chat_and_goes_again(opened_chat, make):
    taobao = make.shop("淘宝店")
    make.order(make.identity("buyer_id", "tb-su", taobao.name), taobao, order_no="TB1", buyer_id="tb-su")
    chat = opened_chat(PHONES[1])
    chat.side.get_by_role("button", name="绑定订单").click()
    chat.side.get_by_label("哪家店").select_option("淘宝店")
    chat.side.get_by_label("完整的订单号").fill("TB-X")
    chat.side.get_by_role("button", name="绑定这笔订单").click()
    expect(chat.side.locator("#sheet [role=alert]")).to_contain_text("没查到这个订单号")
    keep(chat, "bind-sheet")
    chat.side.get_by_label("完整的订单号").fill("TB1")
    chat.side.get_by_role("button", name="绑定这笔订单").click()
    expect(chat.side.locator("#toast")).to_contain_text("绑好了")
    expect(chat.side.get_by_text("全部 27 笔")).to_be_visible()

    chat.side.get_by_role("button", name="绑定订单").click()
    looks_right(chat)
    keep(chat, "bind-sheet-typed")
    chat.side.get_by_role("button", name="撤销").click()

    expect(chat.side.get_by_text("全部 26 笔")).to_be_visible()


def test_no_answer_from_the_client_leaves_unknown_and_nothing_is_sent_again(opened_chat, sandbox, make):
    sandbox.faults({"on": "bridge", "name": "sendChatMessage", "hang": True, "after_effect": True})
    chat = opened_chat(PHONES[2])
    chat.page.clock.install()
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    give(chat.side)
    for _ in range(40):
        if sandbox.messages("lan", CHAT):
            break
        chat.page.wait_for_timeout(100)
    chat.page.clock.fast_forward(11_000)

    expect(chat.side.locator("#banner")).to_contain_text("不知道发出去没有，看一眼聊天")
    expect(chat.side.locator("#customer")).to_contain_text("聊天里有")
    keep(chat, "unknown")
    assert [touch.state for touch in make.rows(Touch)] == ["unknown"]
    assert chat.side.get_by_role("button", name="再发").count() == 0
    chat.side.get_by_role("button", name="聊天里有").click()
    expect(chat.side.locator(".held .status")).to_contain_text("等她打开")
    assert [touch.state for touch in make.rows(Touch)] == ["sent"]
    assert len(sandbox.messages("lan", CHAT)) == 1


def test_a_coupon_is_taken_back_from_the_toast(opened_chat, make):
    side = opened_chat().side
    give(side)
    side.locator("#toast").get_by_role("button", name="作废").click()

    expect(side.locator("#toast")).to_contain_text("已作废")
    expect(side.locator(".held")).to_contain_text("已作废")
    assert make.rows(Coupon)[0].revoked_at is not None


def test_in_rehearsal_the_page_says_so_and_sends_nothing(opened_chat, sandbox, make):
    make.gate("rehearsal")
    chat = opened_chat(PHONES[2])
    give(chat.side)

    expect(chat.side.locator("#banner")).to_contain_text("演练模式")
    keep(chat, "rehearsal")
    assert (make.rows(Coupon), sandbox.messages("lan", CHAT)) == ([], [])


def test_all_orders_are_searched_paged_and_opened(opened_chat):
    chat = opened_chat(PHONES[2])
    chat.side.get_by_role("button", name="全部 26 笔").click()
    panel = chat.side.locator("#orders")
    expect(panel.locator("li")).to_have_count(20)
    keep(chat, "orders")
    keep(chat, "orders-420-dark", scheme="dark", width=420)
    looks_right(chat, least=80)
    panel.get_by_role("button", name="再看 20 笔").click()
    expect(panel.locator("li")).to_have_count(26)
    panel.get_by_text("退款 1").click()
    expect(panel.locator("li")).to_have_count(1)
    panel.get_by_role("searchbox").fill("没有这个")
    expect(panel).to_contain_text("没有这样的订单")
    panel.get_by_role("searchbox").fill("")
    panel.get_by_text("已退 ¥32.00").click()
    expect(chat.side.locator("#order")).to_contain_text("交易完成")
    expect(chat.side.locator("#order")).to_contain_text("−¥32.00")
    looks_right(chat)
    keep(chat, "order")
    keep(chat, "order-420-dark", scheme="dark", width=420)
    chat.side.locator("#layer-order").get_by_role("button", name="返回").click()
    expect(chat.side.locator("#layer-order")).to_be_hidden()
    expect(panel).to_be_visible()
    assert chat.problems == []


def test_a_sheet_keeps_the_focus_and_gives_it_back(opened_chat):
    chat = opened_chat()
    opener = chat.side.get_by_role("button", name="发优惠券")
    opener.click()
    sheet = chat.side.locator("#sheet")
    expect(sheet).to_be_visible()
    for _ in range(9):
        chat.page.keyboard.press("Tab")
        assert sheet.evaluate("sheet => sheet.contains(document.activeElement)")
        assert sheet.evaluate("() => getComputedStyle(document.activeElement).outline").endswith("solid 2px")
    chat.page.keyboard.press("Escape")

    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()


def test_tags_and_colleagues_open_and_stay_open(opened_chat):
    chat = opened_chat(PHONES[2])
    chat.side.locator("summary", has_text="标签").click()
    chat.side.locator("summary", has_text="谁在跟进").click()
    expect(chat.side.get_by_text("客户自己选的")).to_be_visible()
    expect(chat.side.get_by_text("宝宝对香精过敏，只推无香款")).to_be_visible()
    keep(chat, "folds")
    for name in ("推荐给", "近 30 天联系过", "备注"):
        chat.side.locator("summary", has_text=name).click()
    expect(chat.side.locator("#recommended")).to_contain_text("该复购了")
    expect(chat.side.get_by_text("没有联系过")).to_be_visible()
    looks_right(chat, least=40)
    chat.page.reload()

    expect(chat.side.get_by_text("客户自己选的")).to_be_visible()


def test_outside_wecom_the_page_says_where_to_open_it(chromium, client_at, runtime, lan_signed_in):
    with opened(chromium, f"{runtime.settings.server.public_url}/sidebar/", PHONES[2], **lan_signed_in) as chat:
        expect(chat.page.get_by_text("请在企业微信里打开")).to_be_visible()
        keep(chat, "outside")
        assert chat.page.locator("#customer").count() == 0
        chat.page.locator("#card").evaluate(
            "card => document.querySelectorAll('template').forEach((one) => card.append(one.content.cloneNode(true)))"
        )
        looks_right(chat, chat.page.locator("html"), least=40)  # every state and everything that is ever said
        chat.page.goto(f"{runtime.settings.server.public_url}/sidebar/signed-in?code=x")
        expect(chat.page.get_by_text("登录没对上")).to_be_visible()
        looks_right(chat, chat.page.locator("html"))


def test_a_code_is_taken_in_the_store(chromium, client_at, runtime, lan_signed_in, shop):
    with runtime.transaction() as session:
        facts = {"now": runtime.now(), "zone": runtime.zone, "new_code": runtime.new_code}
        identity = session.get_one(Identity, shop.identity_id)
        code = coupons.grant(session, 1, identity, "tap", staff=None, **facts).code
    address = f"{runtime.settings.server.public_url}/sidebar/redeem"
    with opened(chromium, address, PHONES[2], **lan_signed_in) as till:
        page, root = till.page, till.page.locator("html")
        page.get_by_label("券码").fill("NOBODYS")
        page.get_by_role("button", name="看看这张券").click()
        expect(page.get_by_role("alert")).to_be_visible()
        looks_right(till, root)
        page.get_by_label("券码").fill(code)
        page.get_by_role("button", name="看看这张券").click()
        expect(page.get_by_text("满 99 可用")).to_be_visible()
        looks_right(till, root)
        keep(till, "redeem")
        page.get_by_role("button", name="核销", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("核销好了")
        looks_right(till, root)


@pytest.fixture
def lan_signed_in(client_at, runtime, make):
    """The cookie of her session, for a browser without the bridge."""
    plain = create_app(runtime)
    client = plain.test_client()
    with client.session_transaction("/sidebar/") as session:
        session.update(staff_id=1, at=runtime.now().timestamp())
    cookie = client.get_cookie("huitou_staff", path="/sidebar")
    assert cookie is not None
    return {
        "storage_state": {
            "cookies": [
                {
                    "name": "huitou_staff", "value": cookie.value, "domain": "127.0.0.1", "path": "/sidebar",
                    "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax",
                }
            ],
            "origins": [],
        }
    }  # fmt: skip


NO_PERMISSION = {"name": "getCurExternalContact", "err_msg": "getCurExternalContact:fail no permission"}


@pytest.mark.parametrize(
    ("name", "fault", "serves", "words"),
    [
        ("forbidden-list", NO_PERMISSION, True, "可调用接口的应用"),
        ("forbidden-member", NO_PERMISSION, False, "你还没有客户联系的权限"),
        (
            "nobody",
            {
                "name": "getCurExternalContact",
                "err_msg": "getCurExternalContact:fail without context of external contact",
            },
            True,
            "这里没有客户",
        ),
        (
            "forbidden-app",
            {"name": "agentConfig", "err_msg": "agentConfig:fail_invalid signature, 40093"},
            True,
            "应用的身份没对上",
        ),
        (
            "forbidden-domain",
            {"name": "agentConfig", "err_msg": "agentConfig:fail_not in trusted domain"},
            True,
            "可信域名",
        ),
    ],
)
def test_each_refusal_of_the_client_has_its_words(opened_chat, sandbox, runtime, name, fault, serves, words):
    sandbox.faults({"on": "bridge"} | fault)
    with runtime.transaction() as session:
        session.query(Staff).update({"serves_customers": serves})

    chat = opened_chat(PHONES[2])

    expect(chat.side.locator("main")).to_contain_text(words)
    keep(chat, name)


def test_opened_outside_a_chat_it_has_ones_to_dos_and_customers(opened_chat, make, shop, runtime):
    facts = {"external_userid": CHAT, "kind": "call", "key": "call", "made_by": "staff:lan", "text": "您好"}
    make._save(
        Todo(
            identity_id=shop.identity_id, staff_id=1, title="问问尺码", created_at=runtime.now(), due_at=runtime.now(),
            **facts,
        )
    )  # fmt: skip
    chat = opened_chat(PHONES[2])
    chat.page.route(
        "**/sandbox/bridge",
        lambda route: route.continue_(post_data=route.request.post_data.replace("single_chat_tools", "normal")),
    )
    chat.page.reload()
    expect(chat.side.locator("#mine")).to_contain_text("我的待办")
    expect(chat.side.locator("#mine")).to_contain_text("苏婉清")
    expect(chat.side.locator("#mine .figures")).to_be_visible()
    looks_right(chat)
    keep(chat, "mine")
    chat.side.get_by_text("问问尺码").click()

    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    expect(chat.side.locator(".todo")).to_contain_text("打完了，记结果")
    keep(chat, "todo")


def test_late_orders_and_a_failure_of_ours_are_said_with_their_facts(opened_chat, make, runtime):
    now = runtime.now()
    facts = {"credentials_sealed": b"", "created_at": now, "next_pull_at": now, "tries": 3}
    late = now - timedelta(hours=5)
    make._save(PlatformAccount(shop_id=1, platform="youzan", pulled_until=late, **facts))
    chat = opened_chat(PHONES[2])
    expect(chat.side.locator("#customer")).to_contain_text("订单数据截至")
    keep(chat, "late")
    said = '{"error": "server_error", "message": "没办成，是我们这边的问题。再试一次，或记下编号 4F7A2C"}'
    chat.page.route("**/sidebar/contacts/**", lambda route: route.fulfill(status=500, body=said))
    chat.page.reload()

    expect(chat.side.locator("main")).to_contain_text("4F7A2C")
    keep(chat, "broken")


def test_what_was_typed_stays_when_the_network_is_lost(opened_chat, make):
    chat = opened_chat(PHONES[2])
    chat.side.locator("summary", has_text="备注").click()
    words = chat.side.get_by_placeholder("同事也看得到")
    words.fill("宝宝对香精过敏，只推无香款")
    chat.page.route("**/sidebar/**", lambda route: route.abort())
    chat.side.get_by_role("button", name="写备注").click()
    expect(chat.side.locator("#fold-notes [role=alert]")).to_contain_text("网络断了")
    keep(chat, "typed")
    chat.page.unroute("**/sidebar/**")
    chat.page.reload()
    expect(words).to_have_value("宝宝对香精过敏，只推无香款")
    chat.side.get_by_role("button", name="写备注").click()

    expect(chat.side.locator("#fold-notes .words")).to_contain_text("只推无香款")
    assert [note.text for note in make.rows(Note)] == ["宝宝对香精过敏，只推无香款"]


def test_a_client_that_never_answers_is_given_up(opened_chat, sandbox):
    sandbox.faults({"on": "bridge", "name": "getContext", "hang": True})
    chat = opened_chat(PHONES[2])
    chat.page.clock.install()
    chat.side.locator(".skeleton").wait_for()
    keep(chat, "skeleton")
    chat.page.reload()
    chat.side.locator(".skeleton").wait_for()
    chat.page.wait_for_timeout(700)
    chat.page.clock.fast_forward(9_000)

    expect(chat.side.locator("main")).to_contain_text("企业微信没有应答")
    keep(chat, "silent")


def test_a_stranger_of_lans_is_refused_in_words(opened_chat, runtime, shop):
    with runtime.transaction() as session:
        session.query(Follow).filter(Follow.contact_id == shop.id).update({"ended_at": runtime.now()})

    chat = opened_chat(PHONES[2])

    expect(chat.side.locator("main")).to_contain_text("这位客户不是你跟进的")
    keep(chat, "refused")


def test_a_lost_network_keeps_the_old_card_and_says_since_when(opened_chat):
    chat = opened_chat(PHONES[2])
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    chat.page.route("**/sidebar/**", lambda route: route.abort())
    chat.side.get_by_role("button", name="全部 26 笔").click()

    expect(chat.side.locator("#banner")).to_contain_text("网络断了，下面是")
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    keep(chat, "offline")
    keep(chat, "offline-420-dark", scheme="dark", width=420)
    chat.page.unroute("**/sidebar/**")
    chat.side.locator("#banner").get_by_role("button", name="重试").click()
    expect(chat.side.locator("#banner")).to_be_empty()


@pytest.mark.parametrize(
    ("name", "facts", "words"),
    [
        ("pending", {"known_at": None, "name": ""}, "资料还在路上"),
        ("unmatched", {"unionid": None}, "还没对上订单"),
        ("new", {"unionid": "u1"}, "还没买过"),
    ],
)
def test_somebody_new_is_said_to_be_new(opened_chat, runtime, shop, make, name, facts, words):
    counter = make._save(Channel(state="c1", name="包裹卡", created_at=runtime.now()))
    with runtime.transaction() as session:
        session.query(Order).update({"customer_id": None, "identity_id": None})
        session.query(Contact).update(facts)
        session.query(Follow).filter(Follow.remark == "苏婉清").update(
            {"remark": "", "channel_id": counter.id, "followed_at": runtime.now()}
        )
        session.query(Follow).filter(Follow.remark != "").delete()

    chat = opened_chat(PHONES[2])

    expect(chat.side.locator("main")).to_contain_text(words)
    expect(chat.side.locator("main")).to_contain_text("来自 包裹卡")
    keep(chat, name)
    keep(chat, f"{name}-420-dark", scheme="dark", width=420)


def test_a_cold_ticket_is_waited_for(opened_chat, runtime, clock):
    with runtime.transaction() as session:
        session.query(Token).delete()
    clock.tick(minutes=1)  # what was fetched for the chat before is remembered for a moment
    chat = opened_chat(PHONES[2])
    chat.side.locator(".skeleton").wait_for()
    assert runtime.wait("tokens", 5)
    runtime.wecom.warm()

    expect(chat.side.locator("h1")).to_contain_text("苏婉清", timeout=8000)


def test_a_session_that_is_over_is_said_and_opened_again_with_one_tap(opened_chat, runtime, clock):
    chat = opened_chat(PHONES[2])
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    clock.tick(hours=13)
    runtime.wecom.warm()
    chat.side.get_by_role("button", name="发优惠券").click()
    expect(chat.side.locator("main")).to_contain_text("登录过期了")
    keep(chat, "session")
    chat.side.get_by_role("button", name="重新登录").click()

    expect(chat.side.locator("h1")).to_contain_text("苏婉清")


def test_the_first_load_is_light(opened_chat):
    chat = opened_chat(PHONES[2])
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    frame = next(frame for frame in chat.page.frames if "/sidebar/" in frame.url)

    loaded = frame.evaluate(
        "() => side.bring().then(() => performance.getEntriesByType('resource')"
        ".concat(performance.getEntriesByType('navigation'))"
        ".filter((one) => new URL(one.name).host === location.host).map((one) => [one.name, one.encodedBodySize]))"
    )

    assert any("htmx" in name for name, _ in loaded)
    assert len(loaded) <= 10, loaded
    assert sum(size for _, size in loaded) <= 60 * 1024, loaded


def test_what_is_tapped_before_everything_is_loaded_waits_for_it(opened_chat):
    chat, held = opened_chat(PHONES[2]), []
    expect(chat.side.locator("h1")).to_contain_text("苏婉清")
    chat.page.context.route("**/htmx*", lambda route: held.append(route))
    with chat.page.expect_request("**/htmx*"):
        chat.page.reload()
    chat.side.get_by_role("button", name="发优惠券").click()
    expect(chat.side.locator("#layer-sheet")).to_be_hidden()

    held[0].continue_()

    expect(chat.side.locator("#sheet").get_by_role("button", name="发给她").first).to_be_visible()
    assert chat.problems == []
