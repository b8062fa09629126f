"""绑定订单领福利: who may name which order, how often, and what a stranger learns from it."""

import pytest

from crm import identity_links
from crm.identities import Key
from crm.identity_links import Fact
from models import Audit, Consent, Identity, IdentityLink, Order


@pytest.fixture
def taobao(make):
    return make.shop("淘宝店")


@pytest.fixture
def order(make, taobao):
    buyer = make.identity("buyer_id", "tb-su", taobao.name)
    make.order(buyer, taobao, order_no="TB1", buyer_id="tb-su")
    return make.order(buyer, taobao, order_no="TB2", buyer_id="tb-su")


@pytest.fixture
def friend(sandbox, corp, phone):
    """The phone of somebody Lan has as a contact."""

    def added():
        visitor = phone()
        sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
        visitor.open("/bind")
        return visitor

    return added


def claim(visitor, order_no="TB2", **more):
    return visitor.post("/bind", **{"order_no": order_no, "agree": "yes"} | more)


def test_one_number_brings_every_order_of_that_buyer_and_the_consent_is_on_record(make, friend, order):
    visitor = friend()

    answer = claim(visitor, " TB 2 ")

    theirs = {each.customer_id for each in make.rows(Identity) if each.value in (visitor.customer, "tb-su")}
    [consent] = make.rows(Consent)
    assert "订单归到您名下了" in answer.text
    assert {row.customer_id for row in make.rows(Order)} == theirs
    assert len(theirs) == 1
    assert (consent.kind, consent.version, consent.withdrawn_at) == ("privacy", "2026-11-27", None)
    assert [row.stated_by for row in make.rows(IdentityLink) if row.proof == "customer_claim"] == ["customer"]
    assert [row.details["proof"] for row in make.rows(Audit) if row.action == "order.bind"] == ["customer_claim"]


def test_a_second_claimant_waits_and_the_first_keeps_the_order(make, friend, order):
    first, second = friend(), friend()

    claim(first)
    told = claim(second)

    refused = [row.refusal for row in make.rows(IdentityLink) if row.standing == 2]
    owners = {each.customer_id for each in make.rows(Identity) if each.value == first.customer}
    assert "已提交，客服会核实" in told.text
    assert refused == ["claimed"]
    assert {row.customer_id for row in make.rows(Order)} == owners


def test_a_number_nobody_has_and_somebody_elses_are_told_in_the_same_words(make, friend, taobao, order, runtime):
    make.order(make.identity("unionid", "u-other"), taobao, order_no="MINE", unionid="u-other")
    visitor = friend()
    pair = Key("external_userid", "", visitor.customer), Key("unionid", "", "u-me")
    known = Fact(*pair, "wecom_contact", runtime.now(), "wecom", "wecom")
    with runtime.transaction() as session:  # WeCom knows this contact by another unionid
        identity_links.state(session, [known], now=runtime.now())

    nobodys, somebodys = claim(visitor, "TB-X"), claim(visitor, "MINE")

    assert nobodys.status_code == somebodys.status_code == 422
    assert ["还没查到这个订单号" in answer.text for answer in (nobodys, somebodys)] == [True, True]


def test_there_are_five_tries_a_day_and_again_the_next(make, friend, order, clock):
    visitor = friend()
    wrong = [claim(visitor, f"TB-{n}").status_code for n in range(5)]

    sixth = claim(visitor)
    clock.tick(days=1)
    visitor.open("/bind")
    tomorrow = claim(visitor)

    assert wrong == [422] * 5
    assert sixth.status_code == 429
    assert "今天试的次数用完了" in sixth.text
    assert tomorrow.status_code == 200


def test_the_same_person_does_not_get_five_more_by_being_added(sandbox, corp, phone, order):
    visitor = phone()
    visitor.open("/bind")
    for n in range(5):
        claim(visitor, f"TB-{n}")
    sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
    visitor.open("/bind")

    assert claim(visitor).status_code == 429


def test_nothing_is_bound_unasked(make, friend, corp, phone, order):
    visitor, elsewhere = friend(), phone(agent="Chrome")

    answers = [
        claim(visitor, agree=""),
        visitor.post("/bind", order_no="TB2", agree="yes", csrf_token="forged"),
        visitor.post("/bind", order_no="TB2", agree="yes", who="admin"),
        claim(visitor, ""),
        elsewhere.get("/bind"),
    ]

    assert [answer.status_code for answer in answers] == [422, 400, 422, 422, 403]
    assert "再勾上同意" in answers[0].text
    assert "请用微信打开" in answers[4].text
    assert [row for row in make.rows(IdentityLink) if row.proof == "customer_claim"] == []
    assert make.rows(Consent) == []


def test_of_several_shops_one_is_chosen(make, friend, order, taobao):
    jd = make.shop("京东店")
    visitor = friend()

    answers = [claim(visitor), claim(visitor, shop=str(jd.id)), claim(visitor, shop=str(taobao.id))]

    assert [answer.status_code for answer in answers] == [422, 422, 200]
    assert "京东店" in answers[0].text
