"""Who is whom in the console: why, what would move, taken apart, put back, and conflicts decided."""

import pytest

from crm import identities, identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models import Audit, IdentityLink, Order, Shop
from tests.console.conftest import text_of

ORDER, BUYER = Key("order_no", "淘宝店", "TB1"), Key("buyer_id", "淘宝店", "buyer-7")


@pytest.fixture
def claimed(make, runtime):
    """A buyer's two orders, one of which first 苏婉清 and then 林晓 claimed; the orders are 苏婉清's."""
    first, later = make.contact("wm-first", name="苏婉清"), make.contact("wm-later", name="林晓")
    shop = make.shop("淘宝店")
    with runtime.transaction() as session:
        buyer = identities.ensure(session, *BUYER, now=runtime.now())
    for number in ("TB1", "TB2"):
        make.order(buyer, shop, order_no=number, buyer_id=BUYER.value)
    for contact in (first, later):
        claim(runtime, contact, ORDER)
    return first, later


def claim(runtime, contact, key):
    with runtime.transaction() as session:
        fact = Fact(
            Key("external_userid", "", contact.external_userid),
            key,
            "customer_claim",
            runtime.now(),
            "landing",
            "customer",
        )
        identity_links.state(session, [fact], now=runtime.now())


def owners(make):
    return [order.customer_id for order in make.rows(Order)]


def test_taking_a_fact_back_says_what_moves_and_moves_it_and_back_again(signed_in, make, claimed):
    first, later = claimed
    here = signed_in("operator")
    page, link = f"/console/customers/{first.customer_id}?tab=identity", make.rows(IdentityLink)[0]
    path = f"/console/identity-links/{link.id}"
    assert "客户自己填了订单号" in text_of(here.get(page))
    assert "这笔订单已经算在别的客户名下了" in text_of(here.get(f"/console/customers/{later.customer_id}?tab=identity"))
    assert owners(make) == [first.customer_id] * 2

    foreseen = text_of(here.get(f"{path}?deed=retract"))
    answer = here.post(path, {"deed": "retract"}, page=f"{path}?deed=retract")

    assert "有些东西会搬家" in foreseen
    assert "现在 第 1 位 2 笔订单、0 张券、0 条联系记录" in foreseen
    assert "第 2 位 0 笔订单、0 张券、0 条联系记录 企业微信好友 wm-first" in foreseen
    assert answer.status_code == 303
    assert owners(make) == [later.customer_id] * 2
    assert "拆开了" in text_of(here.get(page))
    here.post(path, {"deed": "restore"}, page=f"{path}?deed=restore")
    assert owners(make) == [first.customer_id] * 2
    assert [row.action for row in make.rows(Audit) if row.action.startswith("identity.")] == [
        "identity.retract", "identity.restore",
    ]  # fmt: skip


def test_an_operator_says_that_two_are_one_person(signed_in, make, claimed):
    first, later = claimed
    here, link = signed_in("operator"), make.rows(IdentityLink)[1]
    path = f"/console/identity-links/{link.id}"

    assert "会合成一位客户" in text_of(here.get(f"{path}?deed=confirm"))
    here.post(path, {"deed": "confirm"}, page=f"{path}?deed=confirm")

    shown = text_of(here.get(f"/console/customers/{later.customer_id}?tab=identity"))
    assert "有人看过，说是同一个人" in shown
    assert "2 笔订单" in shown
    assert set(owners(make)) == {min(first.customer_id, later.customer_id)}
    said = next(link for link in make.rows(IdentityLink) if link.proof == "operator")
    assert "会拆成 2 位客户" in text_of(here.get(f"/console/identity-links/{said.id}?deed=retract"))
    here.post(f"/console/identity-links/{said.id}", {"deed": "retract"}, page="/console/account")
    assert set(owners(make)) == {first.customer_id}


@pytest.mark.parametrize(("press", "owner"), [("归第一位", 0), ("归后来者", 1), ("都不对，全部收回", None)])
def test_a_conflict_is_one_row_and_goes_to_whom_is_chosen(signed_in, make, claimed, press, owner):
    here, value = signed_in("operator"), make.rows(IdentityLink)[0].other_identity_id
    path = f"/console/conflicts/{value}"
    assert "淘宝店的订单 TB1 这笔订单已经算在别的客户名下了 林晓" in text_of(here.get("/console/conflicts"))
    button = here.get(path).text.split(press)[0].rsplit('value="', 1)[1].split('"')[0]

    here.post(path, {"keep": button}, page=path)

    assert "没有冲突" in text_of(here.get("/console/conflicts"))
    expected = (
        {claimed[owner].customer_id} if owner is not None else set(owners(make)) - {one.customer_id for one in claimed}
    )
    assert set(owners(make)) == expected != set()


def test_a_phone_of_many_is_one_row_and_needs_nobody(signed_in, make, runtime):
    for number in range(24):
        claim_phone(runtime, make.contact(f"wm{number}"))
    here = signed_in()

    rows = here.get("/console/conflicts").text
    value = make.rows(IdentityLink)[0].other_identity_id

    assert rows.count("<tr>") == 2  # the head and one
    assert "用它的人太多" in rows
    assert "不处理也没关系" in here.get(f"/console/conflicts/{value}").text


def claim_phone(runtime, contact):
    ends = Key("external_userid", "", contact.external_userid), Key("phone", "", "d" * 64)
    with runtime.transaction() as session:
        identity_links.state(session, [Fact(*ends, "phone", runtime.now(), "wecom", "staff:lan")], now=runtime.now())


def test_the_match_rate_follows_orders_to_who_can_be_written_to(signed_in, make, runtime, claimed):
    first, _ = claimed
    here, shop = signed_in("developer"), make.rows(Shop)[0]
    assert "订单 2，带买家账号 2，认出是谁 2，还是好友 0" in here.get("/console/match-rate").text
    lan = make.staff("lan")
    make.follow(first, lan)
    make.order(None, make.shop("京东店"))

    everything, of_one = here.get("/console/match-rate"), here.get(f"/console/match-rate?shop={shop.id}")

    assert "客户自己填了订单号 2 笔 100%" in text_of(everything)
    assert "匹配率 67%" in text_of(everything)
    assert "匹配率 100%" in text_of(of_one)
    assert "苏婉清" not in everything.text
