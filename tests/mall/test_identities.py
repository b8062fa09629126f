"""`POST /mall/identities`: pairs a mini-program learns make one customer of what came by either name."""

from models import Event, Identity, Order
from tests.mall.test_orders import order


def test_a_pair_makes_one_customer_of_orders_and_events_that_came_by_either_name(shop, make, runtime):
    event = {"kind": "view", "openid": "o1", "app": "wx1", "sku": "S1", "at": runtime.now().isoformat()}
    shop.post(order("A1", unionid="oU1"), order("A2", unionid=None, openid="o2"))
    shop.post_to("events", event | {"id": "e1"})
    pairs = [
        {"unionid": "oU1", "openid": "o1", "app": "wx1", "stated_at": runtime.now().isoformat()},
        {"unionid": "oU1", "openid": "o2"},
        {"unionid": "oU1"},
    ]

    answers = [shop.post_to("identities", *pairs, noun="pairs").json for _ in range(2)]

    assert [(answer["accepted"], answer["rejected"]) for answer in answers] == [(2, 1), (2, 1)]
    assert answers[0]["results"][2]["field"] == "openid"
    owners = {row.id: row.customer_id for row in make.rows(Identity)}
    assert (
        len({row.customer_id for row in make.rows(Order)} | {owners[row.identity_id] for row in make.rows(Event)}) == 1
    )
