"""`GET /mall/customers/<unionid>`: what the shop's own pages may know, and nothing personal."""

from crm import consents
from models import Customer
from tests.mall.test_orders import order


def test_a_shops_page_learns_tags_totals_and_audiences_and_nothing_personal(shop, make):
    face = make.contact("wm1", followers=(make.staff("lan"),), name="阳光暖暖")
    make.identity("unionid", "oU1", customer=make.rows(Customer)[0])
    make.tag("爱囤货", carried_by=(face,))
    shop.post(order("A1", phone="13800138000"), order("A2", paid_fen=3980, refunded_fen=3980, status="refunded"))
    make.audience(name="买过的", conditions={"orders": {"least": 1}})
    make.audience(name="大客户", conditions={"spend_fen": {"least": 1_000_000}})

    answer = shop.get("/mall/customers/oU1")

    assert answer.json == {
        "unionid": "oU1",
        "tags": [{"group": "标签组", "name": "爱囤货"}],
        "spend_fen": 3980,
        "order_count": 1,
        "last_order_at": "2026-11-01T02:01:00+00:00",
        "audiences": ["买过的"],
        "personalisation": True,
    }


def test_a_shops_page_learns_who_turned_recommendations_off_and_not_what_they_are_like(shop, make, runtime):
    known = make.identity("unionid", "oU1")
    shop.post(order("A1"))
    make.audience(name="买过的", conditions={"orders": {"least": 1}})
    with runtime.transaction() as session:
        consents.withdraw(session, known, "personalisation", source="privacy page", now=runtime.now())

    answer = shop.get("/mall/customers/oU1")

    assert (answer.json["personalisation"], answer.json["audiences"], answer.json["order_count"]) == (False, [], 1)


def test_a_unionid_nobody_told_is_not_found_and_an_unsigned_question_is_refused(shop, client):
    assert shop.get("/mall/customers/oNobody").status_code == 404
    assert client.get("/mall/customers/oU1").status_code == 401
