"""A customer's orders: every page of them, found by word, nobody else's."""

import re
from datetime import datetime, timedelta

import pytest

from models import Identity, OrderLine


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", unionid="u1", followers=(lan,))


@pytest.fixture
def shop(make):
    return make.shop("小程序")


@pytest.fixture
def order(make, wang, shop):
    def place(**more):
        return make.order(Identity(id=wang.identity_id, customer_id=wang.customer_id), shop, **more)

    return place


def test_an_order_has_its_products_picture_where_the_shop_sent_one(make, order, at_the_chat, wang, shop):
    make.product("SKU1", shop=make.shop("另一家"), image_url="https://pictures.example/other.png")
    placed, where = order(), f"customers/{wang.customer_id}/orders"
    asked = ("contacts/wm_wang", where, f"{where}/{placed.id}")
    lettered = [at_the_chat.get(each, part=True).text for each in asked]
    make.product("SKU1", shop=shop, image_url="https://pictures.example/wipes.png")

    pictured = [at_the_chat.get(each, part=True).text for each in asked]

    picture = (
        '<img class="goods" src="https://pictures.example/wipes.png" alt="" width="48" height="48" loading="lazy">'
    )
    assert ["<img" in page for page in lettered] == [False] * 3
    assert [picture in page for page in pictured] == [True] * 3


def test_pages_follow_one_another_and_lose_nothing(runtime, order, at_the_chat, wang):
    same_moment = runtime.now() - timedelta(days=5)
    placed = [order(ordered_at=same_moment).id for _ in range(45)]

    seen, before = [], None
    for _ in range(3):
        query = f"before={before}" if before else ""
        page = at_the_chat.get(f"customers/{wang.customer_id}/orders", query_string=query).json
        seen += [one["id"] for one in page["orders"]]
        before = page["next_before"]

    assert seen == sorted(placed, reverse=True)
    assert before is None


def test_each_order_carries_lines_status_and_refunds(make, order, at_the_chat, wang, runtime):
    placed = order(paid_fen=5960, refunded_fen=1000, status="completed", coupon_codes=["K7"])
    with runtime.transaction() as session:
        session.add(OrderLine(order_id=placed.id, position=1, sku="S2", name="芒果干", quantity=4, price_fen=1690,
                              refunded_quantity=1, refunded_fen=1000))  # fmt: skip

    listed = at_the_chat.get(f"customers/{wang.customer_id}/orders").json["orders"][0]
    detail = at_the_chat.get(f"customers/{wang.customer_id}/orders/{placed.id}").json
    page = at_the_chat.get(f"customers/{wang.customer_id}/orders/{placed.id}", part=True).text

    assert listed == detail
    assert (detail["paid_fen"], detail["refunded_fen"], detail["spend_fen"]) == (5960, 1000, 4960)
    assert [line["name"] for line in detail["lines"]] == ["婴儿湿巾 80 抽", "芒果干"]
    assert detail["lines"][1]["refunded_quantity"] == 1
    assert "交易完成" in page
    assert "−¥10.00" in page


def test_years_and_filters_are_counted_over_all_pages(runtime, order, at_the_chat, wang):
    zone = runtime.zone
    order(ordered_at=datetime(2025, 12, 31, 23, 30, tzinfo=zone), status="shipped", paid_fen=100)
    order(ordered_at=datetime(2026, 1, 1, 0, 30, tzinfo=zone), status="paid", paid_fen=200)
    order(ordered_at=datetime(2026, 5, 1, tzinfo=zone), refunded_fen=300, paid_fen=300)

    page = at_the_chat.get(f"customers/{wang.customer_id}/orders").json
    shipped = at_the_chat.get(f"customers/{wang.customer_id}/orders", query_string={"only": "shipped"}).json

    assert page["counts"] == {"all": 3, "paid": 1, "shipped": 1, "refunded": 1}
    assert page["years"] == [
        {"year": 2026, "order_count": 1, "spend_fen": 200},
        {"year": 2025, "order_count": 1, "spend_fen": 100},
    ]
    assert [one["paid_fen"] for one in shipped["orders"]] == [100]


@pytest.mark.parametrize(
    ("words", "found"),
    [("MN1", 1), ("mn1", 1), ("N1", 0), ("湿巾", 1), ("%", 0), ("_", 0), ("没有", 0), ("😀", 0), ("' OR 1=1", 0)],
)
def test_search_takes_the_start_of_a_number_or_a_part_of_a_name(order, make, at_the_chat, wang, words, found):
    order(order_no="MN1234")
    make.order(make.identity("unionid", "stranger"), order_no="MN1999")

    page = at_the_chat.get(f"customers/{wang.customer_id}/orders", query_string={"q": words})

    assert len(page.json["orders"]) == found


def test_a_strangers_order_never_shows(make, order, at_the_chat, wang):
    mine = order()
    theirs = make.order(make.identity("unionid", "stranger"))
    stranger = make.contact("wm_stranger", followers=(make.staff("mei"),))

    listed = at_the_chat.get(f"customers/{wang.customer_id}/orders").json["orders"]
    refused = [
        at_the_chat.get(f"customers/{wang.customer_id}/orders/{theirs.id}"),
        at_the_chat.get(f"customers/{wang.customer_id}/orders", query_string={"before": theirs.id}),
        at_the_chat.get(f"customers/{stranger.customer_id}/orders"),
        at_the_chat.get(f"customers/{stranger.customer_id}/orders/{mine.id}"),
    ]

    assert [one["id"] for one in listed] == [mine.id]
    assert [answer.status_code for answer in refused] == [403] * 4


@pytest.mark.parametrize(
    "query",
    ["before=x", "before=-1", "before=0", "before=99999999999999999999", "only=all2", "q=" + "x" * 65, "before="],
)
def test_questions_that_make_no_sense_are_refused_in_words(at_the_chat, wang, query):
    answer = at_the_chat.get(f"customers/{wang.customer_id}/orders?{query}")

    assert answer.status_code == 422
    assert answer.json["message"]


def test_a_nul_in_the_address_is_refused(at_the_chat, wang):
    assert at_the_chat.get(f"customers/{wang.customer_id}/orders?q=%00").status_code == 422
    assert at_the_chat.get("contacts/wm%00").status_code == 422


def test_the_id_of_a_merged_customer_leads_to_the_one_they_became(make, runtime, order, at_the_chat, wang):
    placed = order()
    with runtime.transaction() as session:
        from models import Customer

        gone = Customer(created_at=runtime.now(), merged_into_id=wang.customer_id, merged_at=runtime.now())
        session.add(gone)

    page = at_the_chat.get(f"customers/{gone.id}/orders")

    assert [one["id"] for one in page.json["orders"]] == [placed.id]


def test_words_about_an_order_fit_its_state_and_are_on_record(make, at_the_chat, lan):
    wang = make.contact("wm_said", name="苏苏", followers=(lan,))
    identity = Identity(id=wang.identity_id, customer_id=wang.customer_id)
    shipped, received, paid = (make.order(identity, status=state) for state in ("shipped", "received", "paid"))
    make.gate("live")

    def about(order):
        page = at_the_chat.get(f"customers/{wang.customer_id}/orders/{order.id}", part=True).text
        return re.findall(r"/words/(\w+)", page)

    assert (about(shipped), about(received), about(paid)) == (["shipped"], ["review"], [])
    path = f"customers/{wang.customer_id}/orders/{received.id}/words"
    sent = at_the_chat.post(f"{path}/review", {"occasion": "tap-tap-tap"})
    assert (sent.status_code, sent.json["send"]) == (201, True)
    assert sent.json["text"].startswith("苏苏，")
    assert at_the_chat.post(f"{path}/shipped", {"occasion": "tap-tap-tap"}).status_code == 409
