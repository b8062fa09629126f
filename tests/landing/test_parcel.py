"""The page behind a parcel's code: whose order it is, before and after the add; and who is nobody."""

from datetime import timedelta
from typing import Any

import pytest

from callers import Window
from crm import orders, parcel_links
from crm.orders import Incoming
from landing.ladder import MINUTE
from models import Customer, Identity, IdentityLink, Order
from tests.landing.conftest import WXWORK, query_of


@pytest.fixture
def taobao(make):
    return make.shop("淘宝店")


@pytest.fixture
def order(make, taobao):
    """An order that names its buyer by the shop's own id alone."""
    buyer = make.identity("buyer_id", "tb-su", taobao.name)
    return make.order(buyer, taobao, order_no="TB20261127", buyer_id="tb-su")


@pytest.fixture
def link(runtime, taobao):
    def address(order_no="TB20261127"):
        return parcel_links.link("", taobao, order_no, vault=runtime.vault)

    return address


def owner(make, order):
    [row] = [row for row in make.rows(Order) if row.id == order.id]
    return {each.value for each in make.rows(Identity) if each.customer_id == row.customer_id}


def test_an_order_is_theirs_from_the_first_opening_and_the_contacts_once_they_are_one(
    make, corp, sandbox, phone, order, link
):
    visitor = phone()

    before = visitor.open(link()).text
    openid = next(each.value for each in make.rows(Identity) if each.kind == "wecom_openid")
    sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
    after = visitor.open(link()).text

    assert "还差一步" in before
    assert "订单归到您名下了" in after
    assert owner(make, order) == {"tb-su", "TB20261127", openid, visitor.customer}
    assert {row.proof for row in make.rows(IdentityLink)} == {"parcel", "wecom_oauth"}


def test_an_order_that_comes_later_finds_who_opened_its_parcel(make, corp, phone, taobao, link, runtime):
    visitor = phone()
    for _ in range(2):
        assert "还差一步" in visitor.open(link("TB-LATER")).text
    now = runtime.now()
    bare: dict[str, Any] = dict.fromkeys(Incoming._fields) | dict.fromkeys(
        ("total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen"), 0
    )
    known = {"order_no": "TB-LATER", "status": "paid", "created_at": now, "updated_at": now}
    late = Incoming(**bare | known | {"buyer_id": "tb-su", "coupon_codes": (), "items": ()})

    with runtime.transaction() as session:
        orders.store(session, taobao, [late], vault=runtime.vault, now=now)

    [openid] = [each for each in make.rows(Identity) if each.kind == "wecom_openid"]
    assert [row.customer_id for row in make.rows(Order)] == [openid.customer_id]
    assert len([row for row in make.rows(IdentityLink) if row.proof == "parcel"]) == 1


def test_a_changed_link_is_refused_in_words_and_binds_nothing(make, corp, phone, order, link, runtime):
    visitor, right = phone(), link()
    changed = [
        right.replace("TB20261127", "TB20261128"),
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        right.replace("k=", "k=9"),
        right.partition("&s=")[0],
        right.replace("TB20261127", ""),
        "/p?k=²&o=%00&s=ü",
        "/p",
    ]

    answers = [visitor.get(address) for address in changed]

    assert {answer.status_code for answer in answers[:5] + answers[6:]} == {403}
    assert "请再扫一次" in answers[0].text
    assert answers[5].status_code in (403, 422)
    assert [row.kind for row in make.rows(Identity)] == ["buyer_id"]
    assert runtime.metrics.landings.labels("parcel", "changed_link")._value.get() >= 6


def test_somebody_else_with_the_same_parcel_waits_for_a_decision(make, corp, sandbox, phone, order, link):
    first, second = phone(), phone()
    for visitor in (first, second):
        sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})

    first.open(link())
    told = second.open(link()).text

    assert "已提交，客服会核实" in told
    assert second.customer not in owner(make, order)
    assert [row.refusal for row in make.rows(IdentityLink) if row.standing == 2] == ["claimed"]


def test_a_state_is_good_once_and_only_in_the_browser_that_was_sent_out_with_it(make, corp, phone, order, link):
    visitor, stranger = phone(), phone()
    sent = visitor.get(link()).headers["Location"]
    back = visitor.through(sent)

    elsewhere = stranger.get(back)
    mine = visitor.get(back)
    again = visitor.get(back)

    assert query_of(sent)["redirect_uri"] == "http://localhost/landing/back"
    assert query_of(sent)["scope"] == "snsapi_base"
    assert (elsewhere.status_code, mine.status_code, again.status_code) == (400, 302, 400)
    assert "再扫一次卡片" in again.text


def test_codes_that_somebody_makes_up_do_not_use_up_the_corps_calls(app, corp, phone, order, link):
    app.extensions["huitou_sign_ins"] = Window(2, MINUTE)

    answers = [phone().open(link()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_neither_staff_nor_another_browser_is_taken_for_the_customer(make, corp, phone, order, link):
    in_wecom, member = phone(agent=WXWORK), phone()
    elsewhere = phone(agent="Mozilla/5.0 (Windows NT 10.0) Chrome/120")

    answers = [in_wecom.get(link()).text, elsewhere.get(link()).text]
    back = member.through(member.get(link()).headers["Location"], sandbox_userid="lan", sandbox_external_userid=None)
    answers.append(member.get(member.get(back).headers["Location"]).text)

    assert ["您是店里的同事" in text for text in answers] == [True, False, True]
    assert "请用微信打开" in answers[1]
    assert make.rows(IdentityLink) == []
    assert len(make.rows(Customer)) == 1


def test_a_silent_wecom_is_asked_anew_twice_before_the_page_says_try_again(make, corp, sandbox, phone, order, link):
    fault = {"on": "call", "path": "auth/getuserinfo", "errcode": -1}
    sandbox.faults(fault | {"times": 3})
    visitor = phone()

    answer = visitor.open(link())

    assert answer.status_code == 503
    assert "再试一次" in answer.text
    assert "o=TB20261127" in answer.text
    sandbox.faults(fault | {"times": 2})
    assert "还差一步" in visitor.open(link()).text


def test_a_contact_is_not_asked_again_for_ten_minutes(corp, sandbox, phone, order, link, clock):
    visitor = phone()
    sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
    visitor.open(link())

    soon = visitor.get(link()).status_code
    clock.tick(**{"seconds": timedelta(minutes=11).total_seconds()})
    later = visitor.get(link()).status_code

    assert (soon, later) == (200, 302)


def test_every_answer_keeps_strangers_out_of_the_page(corp, phone, order, link):
    headers = phone(agent="Chrome").get(link()).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
