"""A shop at work for the browser: two of staff, a regular of theirs, a group, goods and coupons; and its chats."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from app import create_app
from config import Server
from crm.identities import Key
from models import Identity, OrderLine, Tag, TagAssignment
from tests.people import join
from tests.sidebar.browsers import DESKTOP, FOLDER, opened
from web import serve_in_thread

CHAT = "wmAAAAwangAAAAAAAAAAAAAAAAAAAAAA"
GROUP = f"wr{1:030d}"
TAGS = [
    ("喜好", "爱买鲜花", "rule"),
    ("喜好", "低糖零食", "survey"),
    ("宝宝", "6–12 个月", "wecom"),
    ("宝宝", "爱粉色", "staff"),
]
BATCHES: list[dict[str, Any]] = [
    {"name": "湿巾回购券", "value_fen": 1500, "threshold_fen": 9900, "total": 212, "categories": ["护理"]},
    {"name": "鲜花专场券", "value_fen": 3000, "threshold_fen": 19900, "total": 46},
    {"name": "坚果零食券", "value_fen": 500, "threshold_fen": 0},
    {"name": "生日礼券", "value_fen": 8000, "threshold_fen": 29900, "total": 3, "issued": 3},
]


@pytest.fixture
def shop(runtime, sandbox, make):
    """Live: a regular with orders and tags, batches of coupons, two products, a quick reply, a group; the regular."""
    seat = {"external_userid": CHAT}
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "店", "parentid": 0}],
            "staff": [{"userid": name, "name": "林岚", "department": [1]} for name in ("lan", "mei")],
            "customers": [seat | {"name": "苏苏", "unionid": "u1", "gender": 2}],
            "tag_groups": [{"name": "宝宝", "tags": ["对香精过敏"]}],
            "follows": [seat | {"userid": "lan", "createtime": 1740000000}],
            "groups": [{"chat_id": GROUP, "name": "鲜花群", "owner": "lan", "members": [seat]}],
        },
    )  # fmt: skip
    now = runtime.now()
    faces = f"{sandbox.url}/sandbox/avatars"
    lan = make.staff("lan", name="林岚", avatar=f"{faces}/lan.svg")
    mei = make.staff("mei", name="周梅", avatar=f"{faces}/mei.svg")
    wang = make.contact(CHAT, name="苏苏", unionid="u1", gender=2, avatar=f"{faces}/{CHAT}.svg")
    make.follow(wang, lan, remark="苏婉清", followed_at=now - timedelta(days=500))
    make.follow(
        wang, mei, remark="苏姐", description="宝宝对香精过敏，只推无香款", followed_at=now - timedelta(days=90)
    )
    with runtime.transaction() as session:
        join(session, Key("external_userid", "", CHAT), Key("unionid", "", "u1"))
    make.group_member(make.group(GROUP, owner=lan, name="鲜花群", members=2, customers=1), wang)
    _bought(make, wang, now)
    _tagged(make, wang, lan, now)
    for batch in BATCHES:
        make.coupon_batch(**batch)
    make.quick_reply(title="问好", text="{称呼}您好")
    make.gate("live")
    return wang


GOODS: list[tuple[str, int, str, int, str, dict[str, Any]]] = [
    ("SKU1", 0, "婴儿湿巾 80 抽", 2800, "wipes", {"cycle_days": 45, "category": "护理"}),
    ("SKU2", 1, "郁金香 鲜花月套餐（4 束）", 19900, "tulips", {}),
    ("SKU3", 0, "拉拉裤 L 码 46 片", 8900, "nappies", {"category": "护理"}),
    ("SKU4", 0, "有机奶粉 3 段 800 g", 26800, "milk", {"category": "护理"}),
]


def _bought(make, wang, now):
    """26 orders in two shops, one on its way, one partly refunded; what they sell has pictures."""
    identity = Identity(id=wang.identity_id, customer_id=wang.customer_id)
    shops = make.shop("小程序"), make.shop("有赞")
    for number in range(26):
        when = now - timedelta(days=46 + 30 * number)
        came = {"shipped_at": when + timedelta(hours=20)}
        if number == 0:
            more: dict[str, Any] = {"status": "shipped"}
        else:
            done = when + timedelta(days=9)
            more = {"received_at": when + timedelta(days=2), "completed_at": done, "refunded_fen": 3200 * (number == 1)}
        paid = {"paid_fen": 16800 + 100 * number, "ordered_at": when, "paid_at": when}
        order = make.order(identity, shops[number % 2], **paid, **came, **more)
        with make.runtime.transaction() as session:
            sku, _, name, *_ = GOODS[number % 2]
            session.query(OrderLine).filter(OrderLine.order_id == order.id).update({"sku": sku, "name": name})
    for sku, place, name, price_fen, picture, facts in GOODS:
        image = f"{make.sandbox.url}/pictures/{picture}.svg"
        make.product(sku, shop=shops[place], name=name, price_fen=price_fen, image_url=image, **facts)


def _tagged(make, wang, lan, now):
    """Four tags, one of each source; WeCom knows one more."""
    facts = {"identity_id": wang.identity_id, "customer_id": wang.customer_id, "staff_id": lan.id, "assigned_at": now}
    for position, (group, name, source) in enumerate(TAGS):
        tag = make._save(Tag(wecom_id=f"t{position}", group_name=group, name=name, position=position))
        make._save(TagAssignment(tag_id=tag.id, source=source, **facts))
    [group] = make.sandbox.get("/sandbox/tags")["groups"]
    [known] = group["tags"]
    make._save(Tag(wecom_id=known["id"], group_name="宝宝", name=known["name"], position=9))


@pytest.fixture
def client_at(runtime, sandbox, shop):
    """The address of the chat in the sandbox's client, the sidebar open beside it."""
    server = serve_in_thread(create_app(runtime, bridge_origin=sandbox.url))
    named = runtime.settings.business.model_copy(update={"name": "小满生活馆"})
    runtime.settings = runtime.settings.model_copy(update={"server": Server(public_url=server.url), "business": named})
    runtime.wecom.warm()
    forget = [{"name": "huitou_staff", "path": "/sidebar"}]
    sandbox.put("/sandbox/client", {"sidebar_url": f"{server.url}/sidebar/", "forget_cookies": forget})
    yield f"{sandbox.url}/#lan/{CHAT}/side"
    server.close()


@pytest.fixture
def opened_chat(chromium, client_at):
    """The client at one of these sizes, the customer's card on the screen."""

    def open_at(size=DESKTOP, scheme="light", **more):
        return stack.enter_context(opened(chromium, client_at, size, scheme, **more))

    with ExitStack() as stack:
        yield open_at


def give(side):
    side.get_by_role("button", name="发优惠券").click()
    side.locator("#sheet").get_by_role("button", name="发给她").first.click()


def keep(chat, name, *, scheme=None, width=None):
    """A picture of the screen, when somebody wants to look: SCREENSHOTS=folder. In another scheme and width, too."""
    if not FOLDER:
        return
    size = chat.page.viewport_size
    if scheme:
        chat.page.emulate_media(color_scheme=scheme)
        chat.page.set_viewport_size({"width": width, "height": 860})
    chat.page.wait_for_timeout(300)
    chat.page.screenshot(path=f"{FOLDER}/{name}.png")
    if scheme:
        chat.page.emulate_media(color_scheme="light")
        chat.page.set_viewport_size(size)
