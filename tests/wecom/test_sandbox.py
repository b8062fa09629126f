"""Gateway and sandbox agree: every method against a corp that behaves as docs/wecom.md says."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from wecom.errors import (
    ChatStarted,
    CodeSpent,
    NotAContact,
    Permanent,
    Temporary,
    Throttled,
    TokenInvalid,
    Unanswered,
    WelcomeBusy,
    WelcomeSpent,
)
from wecom.types import Member

WELCOME = "externalcontact/send_welcome_msg"


@pytest.fixture
def gateway(connect, shop):
    return connect(base_url=shop.url, timeouts=(1.0, 1.0), **shop.keys)


def test_the_directory_is_read(gateway, shop):
    assert [(each.id, each.name) for each in gateway.departments()] == [(1, "小满生活馆"), (2, "成都店")]
    assert sorted(each.userid for each in gateway.staff_list()) == ["boss", "lan", "mei"]
    assert sorted(each.userid for each in gateway.staff_of(2)) == ["lan", "mei"]
    assert sorted(gateway.followers()) == ["lan", "mei"]


def test_a_customer_is_read_alone_and_by_page(gateway, shop):
    added = shop.add(name="小雨", unionid="o_union_of_rain")
    shop.ask("POST", "scan", userid="mei", external_userid=added["external_userid"])
    hidden = shop.add(name="无名", unionid=None)

    detail = gateway.customer(added["external_userid"])
    page = gateway.customers_of(["lan", "mei"])

    assert (detail.external_contact.name, detail.external_contact.unionid) == ("小雨", "o_union_of_rain")
    assert sorted(each.userid for each in detail.follow_user) == ["lan", "mei"]
    assert detail.follow_user[0].followed_at.year >= 2025
    assert gateway.customer(hidden["external_userid"]).external_contact.unionid is None
    assert len(page.customers) == 3
    assert page.next_cursor == ""


def test_pages_of_customers_follow_on(gateway, shop):
    for _ in range(130):
        shop.add()

    first = gateway.customers_of(["lan"])
    second = gateway.customers_of(["lan"], first.next_cursor)

    assert (len(first.customers), len(second.customers), second.next_cursor) == (100, 30, "")
    assert gateway.customers_of(["mei"]).customers == ()


def test_a_stranger_is_no_contact(gateway, shop):
    with pytest.raises((NotAContact, Permanent)):
        gateway.customer("wm" + "x" * 30)


def test_remark_and_tags_are_set(gateway, shop):
    pair = {"userid": "lan", "external_userid": shop.add()["external_userid"]}
    tea, coffee = gateway.corp_tags()[0].tag

    gateway.remark(**pair, remark="爱喝茶", remark_mobiles=["13800138000"])
    gateway.mark_tags(**pair, add=[tea.id, coffee.id])
    gateway.mark_tags(**pair, remove=[coffee.id])

    follow = gateway.customer(pair["external_userid"]).follow_user[0]
    assert (follow.remark, follow.remark_mobiles, follow.tag_ids) == ("爱喝茶", ("13800138000",), (tea.id,))
    with pytest.raises(NotAContact):
        gateway.mark_tags(userid="mei", external_userid=pair["external_userid"], add=[tea.id])


def test_a_contact_way_lives_and_ends(gateway, shop):
    made = gateway.add_contact_way(["lan", "mei"], state="counter", remark="柜台")
    gateway.update_contact_way(made.config_id, ["lan", "mei"], state="parcel", remark="包裹")

    assert gateway.contact_ways().config_ids == (made.config_id,)
    way = gateway.contact_way(made.config_id)
    assert (way.state, way.remark, way.user) == ("parcel", "包裹", ("lan", "mei"))
    assert shop.ask("POST", "scan", config_id=made.config_id)["state"] == "parcel"

    gateway.delete_contact_way(made.config_id, ["lan", "mei"])
    assert gateway.contact_ways().config_ids == ()


def welcome(gateway, added):
    return gateway.send_welcome(
        added["welcome_code"], "欢迎", userid=added["userid"], external_userid=added["external_userid"]
    )


def test_a_welcome_code_works_once(gateway, shop):
    added = shop.add()

    welcome(gateway, added)

    with pytest.raises((WelcomeSpent, ChatStarted)):
        welcome(gateway, added)


def test_a_welcome_code_ends_after_twenty_seconds(gateway, shop):
    added = shop.add()
    shop.ask("PUT", "clock", advance=21)

    with pytest.raises(WelcomeSpent):
        welcome(gateway, added)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"errcode": -1}, Temporary),
        ({"errcode": 45009}, Throttled),
        ({"errcode": 48002}, Permanent),
        ({"errcode": 60020}, Permanent),
        ({"errcode": 84061}, NotAContact),
        ({"errcode": 41050}, WelcomeSpent),
        ({"errcode": 41051}, ChatStarted),
        ({"errcode": 41096}, WelcomeBusy),
        ({"errcode": 40014}, TokenInvalid),
        ({"http": 503}, Unanswered),
        ({"html": True}, Unanswered),
        ({"timeout": "before", "seconds": 3}, Unanswered),
        ({"timeout": "after", "seconds": 3}, Unanswered),
    ],
    ids=str,
)
def test_a_fault_on_a_welcome_says_what_to_do(gateway, shop, fault, error):
    added = shop.add()
    shop.faults({"on": "call", "path": WELCOME, **fault})

    with pytest.raises(error) as caught:
        welcome(gateway, added)

    assert type(caught.value) is error
    assert shop.fired() == [2 if error is TokenInvalid else 1]


def test_an_unanswered_welcome_may_have_happened(gateway, shop):
    for timeout, happened in (("after", True), ("before", False)):
        added = shop.add()
        shop.faults({"on": "call", "path": WELCOME, "timeout": timeout, "seconds": 3})
        with pytest.raises(Unanswered):
            welcome(gateway, added)
        shop.faults()

        if happened:
            with pytest.raises((WelcomeSpent, ChatStarted)):
                welcome(gateway, added)
        else:
            welcome(gateway, added)


def test_tokens_that_the_corp_forgot_are_renewed(gateway, shop, calls):
    gateway.followers()
    shop.faults({"on": "token", "do": "expire"})

    assert sorted(gateway.followers()) == ["lan", "mei"]

    assert [(endpoint, errcode) for endpoint, errcode, _ in calls[-3:]] == [
        ("externalcontact/get_follow_user_list", 40014),
        ("gettoken", 0),
        ("externalcontact/get_follow_user_list", 0),
    ]


def test_ten_threads_whose_token_was_forgotten_renew_it_once(gateway, shop, calls):
    gateway.followers()
    shop.faults({"on": "token", "do": "expire"})

    with ThreadPoolExecutor(10) as pool:
        for future in [pool.submit(gateway.followers) for _ in range(10)]:
            assert len(future.result()) == 2

    assert sum(endpoint == "gettoken" for endpoint, _, _ in calls) == 2


def test_a_wrong_secret_is_permanent(connect, shop):
    corp = shop.credentials
    gateway = connect(base_url=shop.url, corp_id=corp["corp_id"], agent_id=corp["agent_id"], secret="wrong")

    with pytest.raises(Permanent) as caught:
        gateway.followers()

    assert caught.value.errcode == 40001


def test_plain_http_to_a_corp_that_wants_https_is_said_in_words(gateway, shop):
    shop.faults({"on": "http", "do": "redirect_https"})

    with pytest.raises(Permanent, match="https"):
        gateway.followers()


def test_both_tickets_are_warmed(gateway, shop):
    gateway.warm()

    assert gateway.cached_ticket("jsapi") == gateway.jsapi_ticket()
    assert gateway.cached_ticket("agent_jsapi") == gateway.agent_ticket()
    assert gateway.jsapi_ticket() != gateway.agent_ticket()


def test_a_member_signs_in_once_with_a_code(gateway, shop):
    code = shop.code_for(sandbox_userid="lan")

    assert gateway.staff_by_code(code) == Member(userid="lan")

    with pytest.raises(CodeSpent):
        gateway.staff_by_code(code)


def test_callback_addresses_are_known(gateway, shop):
    assert gateway.callback_ips()
