"""A shop at work for the browser: two of staff, a regular of theirs, a group, goods and coupons; and its chats."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from app import create_app
from config import Server
from crm.identities import Key
from models import Identity, Tag, TagAssignment
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
    {"name": "湿巾回购券", "value_fen": 1500, "threshold_fen": 9900, "total": 212},
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
            "staff": [{"userid": "lan", "name": "林岚", "department": [1]}],
            "customers": [seat | {"name": "苏苏", "unionid": "u1", "gender": 2}],
            "tag_groups": [{"name": "宝宝", "tags": ["对香精过敏"]}],
            "follows": [seat | {"userid": "lan", "createtime": 1740000000}],
            "groups": [{"chat_id": GROUP, "name": "鲜花群", "owner": "lan", "members": [seat]}],
        },
    )  # fmt: skip
    now = runtime.now()
    lan, mei = make.staff("lan", name="林岚"), make.staff("mei", name="周梅")
    wang = make.contact(CHAT, name="苏苏", unionid="u1", gender=2, avatar=f"{sandbox.url}/sandbox/avatars/{CHAT}.svg")
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


def _bought(make, wang, now):
    """26 orders in two shops, one on its way, one partly refunded; what they sell has pictures."""
    identity = Identity(id=wang.identity_id, customer_id=wang.customer_id)
    shops = make.shop("小程序"), make.shop("有赞")
    for number in range(26):
        when = now - timedelta(days=46 + 30 * number)
        more: dict[str, Any] = {"status": "shipped"} if number == 0 else {"refunded_fen": 3200} if number == 1 else {}
        make.order(identity, shops[number % 2], paid_fen=16800 + 100 * number, ordered_at=when, paid_at=when, **more)
    pictures = f"{make.sandbox.url}/pictures"
    wipes = {"name": "婴儿湿巾 80 抽", "price_fen": 2800, "image_url": f"{pictures}/wipes.svg", "cycle_days": 45}
    make.product("SKU1", shop=shops[0], **wipes)
    make.product(
        "SKU2", shop=shops[0], name="郁金香 鲜花月套餐（4 束）", price_fen=19900, image_url=f"{pictures}/tulips.svg"
    )


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
    runtime.settings = runtime.settings.model_copy(update={"server": Server(public_url=server.url)})
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


def keep(chat, name):
    """A picture of the screen, when somebody wants to look: SCREENSHOTS=folder."""
    if FOLDER:
        chat.page.wait_for_timeout(300)
        chat.page.screenshot(path=f"{FOLDER}/{name}.png")
