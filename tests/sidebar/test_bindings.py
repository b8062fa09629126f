"""绑定订单: staff type a number for a customer they follow, with their name on it, and can take it back."""

import pytest

from models import Audit, Order


@pytest.fixture
def taobao(make):
    return make.shop("淘宝店")


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", followers=(lan,))


@pytest.fixture
def order(make, taobao):
    buyer = make.identity("buyer_id", "tb-wang", taobao.name)
    make.order(buyer, taobao, order_no="TB1", buyer_id="tb-wang")
    return make.order(buyer, taobao, order_no="TB2", buyer_id="tb-wang")


def type_in(seat, contact, order_no="TB2"):
    return seat.post(f"customers/{contact.customer_id}/bindings", {"order_no": order_no})


def test_one_number_brings_the_buyers_orders_and_undoing_takes_them_back(make, at_the_chat, wang, order, seat):
    before = make.rows(Order)[0].customer_id

    answer = type_in(at_the_chat, wang, " TB2 ")
    bound = {row.customer_id for row in make.rows(Order)}
    owner = next(iter(bound))
    page = f"customers/{owner}/bindings"
    [typed] = at_the_chat.get(page).json["bindings"]
    undone = at_the_chat.post(f"{page}/{typed['id']}/undo")

    assert (answer.status_code, undone.status_code) == (201, 200)
    assert (typed["order_no"], typed["by"], typed["mine"], typed["counts"]) == ("TB2", "staff:lan", True, True)
    assert len(bound) == 1
    assert {row.customer_id for row in make.rows(Order)} == {before}
    assert [row.action for row in make.rows(Audit) if row.actor == "staff:lan"] == ["order.bind", "order.unbind"]
    assert type_in(at_the_chat, wang).status_code == 201


def test_a_colleague_sees_who_typed_it_and_cannot_take_it_back(make, at_the_chat, wang, order, seat):
    mei = make.staff("mei", name="梅")
    make.follow(wang, mei)
    type_in(at_the_chat, wang)
    owner = make.rows(Order)[0].customer_id
    colleague = seat(mei)

    [typed] = colleague.get(f"customers/{owner}/bindings").json["bindings"]
    shown = colleague.get(f"customers/{owner}/bindings", part=True).text
    refused = colleague.post(f"customers/{owner}/bindings/{typed['id']}/undo")

    assert not typed["mine"]
    assert "兰填的" in shown
    assert "撤销" not in shown
    assert refused.status_code == 403


def test_an_order_of_another_contact_and_one_nobody_has_are_refused_in_words(make, at_the_chat, wang, lan, order):
    other = make.contact("wm_other", followers=(lan,))
    type_in(at_the_chat, wang)

    claimed, unknown = type_in(at_the_chat, other), type_in(at_the_chat, other, "TB-X")

    assert (claimed.status_code, unknown.status_code) == (409, 404)
    assert "等运营核实" in claimed.json["message"]
