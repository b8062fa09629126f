"""What belongs to somebody else and what nobody has look the same, to the byte, and both are on record."""

import pytest

from models import Audit, Identity


@pytest.fixture
def theirs(make, seat):
    """A customer of Mei's with an order, a coupon and its touch; and one whom Lan follows."""
    mei = make.staff("mei")
    stranger = make.contact("wm_stranger", followers=(mei,))
    order = make.order(Identity(id=stranger.identity_id, customer_id=stranger.customer_id))
    make.gate("live")
    given = seat(mei).post(
        f"customers/{stranger.customer_id}/coupons", {"batch_id": make.coupon_batch().id, "occasion": "at-the-counter"}
    )
    assert given.status_code == 201
    return {
        "customer": stranger.customer_id,
        "order": order.id,
        "coupon": given.json["coupon"]["id"],
        "touch": given.json["touch"]["id"],
        "words": make.quick_reply(mei).id,
        "group": make.group(owner=mei).chat_id,
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "contacts/{contact}", None),
        ("get", "customers/{customer}/orders", None),
        ("get", "customers/{customer}/coupons", None),
        ("post", "customers/{customer}/coupons", {"batch_id": 1, "occasion": "another-tap"}),
        ("get", "customers/{mine}/orders/{order}", None),
        ("get", "customers/{mine}/orders?before={order}", None),
        ("post", "coupons/{coupon}/send", {"occasion": "another-tap"}),
        ("post", "coupons/{coupon}/revoke", None),
        ("post", "touches/{touch}/outcome", {"outcome": "sent"}),
        ("get", "customers/{customer}/bindings", None),
        ("get", "customers/{customer}/words", None),
        ("post", "customers/{customer}/words/{words}", {"occasion": "another-tap"}),
        ("post", "customers/{mine}/words/{words}", {"occasion": "another-tap"}),
        ("get", "customers/{customer}/products", None),
        ("post", "customers/{customer}/products/1", {"occasion": "another-tap", "way": "page"}),
        ("get", "customers/{customer}/recommended", None),
        ("post", "customers/{customer}/recommended/1/hide", {}),
        ("get", "groups/{group}", None),
        ("post", "groups/{group}/drops/1", {"occasion": "another-tap"}),
        ("post", "words/{words}", {"group_name": "我的", "title": "问好", "text": "您好"}),
        ("post", "words/{words}/delete", {}),
        ("post", "customers/{customer}/bindings", {"order_no": "NO000001"}),
        ("post", "customers/{mine}/bindings/{order}/undo", None),
    ],
)
def test_a_strangers_and_nobodys_get_one_answer(make, lan, at_the_chat, theirs, method, path, body):
    mine = make.contact("wm_mine", followers=(lan,)).customer_id
    nobodys = dict.fromkeys(theirs, 99_999) | {"contact": "wm_nobody", "mine": mine}
    done = len(make.rows(Audit))

    def ask(ids):
        more = {"json": body} if method == "post" else {}
        return getattr(at_the_chat, method)(path.format(**ids), **more)

    stranger, nobody = ask(theirs | {"contact": "wm_stranger", "mine": mine}), ask(nobodys)

    assert (stranger.status_code, nobody.status_code) == (403, 403)
    assert stranger.data == nobody.data
    assert [(row.actor, row.outcome) for row in make.rows(Audit)[done:]] == [("staff:lan", "refused")] * 2
