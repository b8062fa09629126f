"""The loop over HTTP: somebody who bought before scans a code, is recognised, and has a welcome within seconds."""

import hashlib
import hmac
import json
import uuid

import pytest
import requests

from crm import shops
from jobs.sync import sync
from models import Channel, Contact, Follow, Inbox, Order, Tag, TagAssignment, Touch
from tests.apps import until

STAFF = [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}]


@pytest.fixture
def corp(sandbox, runtime, make):
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满生活馆"}],
            "staff": STAFF,
            "tag_groups": [{"name": "层级", "tags": ["老客"]}],
            "contact_ways": [{"user": ["Lan"], "state": "parcel", "remark": "包裹卡"}],
        },
    )
    sync(runtime)
    make.gate("live")
    return sandbox


def post_orders(url, runtime, *orders):
    """As a shop's own system does it, signed."""
    secret, key = uuid.uuid4().hex, f"hk_{uuid.uuid4().hex[:16]}"
    with runtime.transaction() as session:
        shops.add_key(session, "小程序", key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
    body = json.dumps({"shop": "小程序", "orders": orders}).encode()
    timestamp, nonce = str(int(runtime.now().timestamp())), uuid.uuid4().hex
    lines = ["v1", "POST", "/mall/orders", timestamp, nonce, hashlib.sha256(body).hexdigest()]
    names = {
        "X-Huitou-Key": key,
        "X-Huitou-Timestamp": timestamp,
        "X-Huitou-Nonce": nonce,
        "X-Huitou-Signature": hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest(),
        "Content-Type": "application/json",
    }
    answer = requests.post(f"{url}/mall/orders", data=body, headers=names, timeout=10)
    assert answer.ok, answer.text


def order(order_no, unionid, runtime):
    at = runtime.now().isoformat()
    return {
        "order_no": order_no, "status": "completed", "unionid": unionid, "created_at": at, "paid_at": at,
        "total_fen": 16800, "discount_fen": 0, "paid_fen": 16800, "refunded_fen": 0, "updated_at": at,
        "items": [{"sku": "S1", "name": "婴儿湿巾", "quantity": 1, "price_fen": 16800}],
    }  # fmt: skip


def test_somebody_who_bought_before_scans_and_is_known_and_welcomed(corp, running_app, runtime, make):
    post_orders(running_app.url, runtime, order("A1", "o-wang", runtime), order("A2", "o-other", runtime))
    customer = corp.post("/sandbox/customers", {"name": "王明", "unionid": "o-wang"})["external_userid"]

    corp.post("/sandbox/scan", {"external_userid": customer, "state": "parcel"})

    [welcome] = until(lambda: corp.messages("Lan", customer), seconds=5)
    assert welcome["content"]["content"].startswith("您好，我是林晓雯")
    until(lambda: [row.state for row in make.rows(Inbox)] == ["applied"])
    [contact] = make.rows(Contact)
    assert [row.order_no for row in make.rows(Order) if row.customer_id == contact.customer_id] == ["A1"]
    [follow] = make.rows(Follow)
    assert (follow.is_open(), follow.state) == (True, "parcel")
    assert make.rows(Channel)[0].id == follow.channel_id
    [touch] = until(lambda: [row for row in make.rows(Touch) if row.state == "sent"])
    until(lambda: make.rows(Touch)[0].customer_id == contact.customer_id)
    assert (touch.settled_at - make.rows(Inbox)[0].received_at).total_seconds() < 5


def test_what_happens_in_the_client_afterwards_comes_through(corp, running_app, make):
    customer = corp.post("/sandbox/scan", {"userid": "Lan"})["external_userid"]
    until(lambda: make.rows(Follow))
    pair = {"userid": "Lan", "external_userid": customer}

    corp.post("/sandbox/follows/edit", pair | {"remark": "王姐", "add_tags": ["老客"]})
    until(lambda: make.rows(TagAssignment))
    assert make.rows(Follow)[0].remark == "王姐"
    assert [row.name for row in make.rows(Tag)] == ["老客"]

    corp.post("/sandbox/follows/delete", pair | {"by": "customer"})
    until(lambda: not make.rows(Follow)[0].is_open())
    assert make.rows(Follow)[0].ended_by == "customer"


def test_a_welcome_is_tried_within_five_seconds_though_the_inbox_is_stuck(corp, running_app, make):
    corp.faults({"on": "call", "path": "externalcontact/get", "timeout": "before", "seconds": 8})
    customers = [corp.post("/sandbox/scan", {"userid": "Lan"})["external_userid"] for _ in range(5)]

    until(lambda: all(corp.messages("Lan", customer) for customer in customers), seconds=5)

    assert all(row.state in ("received", "waiting") for row in make.rows(Inbox))
    corp.faults()  # lets the stuck call go
