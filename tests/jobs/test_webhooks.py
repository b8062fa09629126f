"""Shops are told of changes: on record with the reason, signed, tried again, never inside the shop's own network."""

import hashlib
import hmac

import pytest

from config import Webhooks
from crm import coupon_orders, coupons, identity_links, tags, webhook_deliveries, webhooks
from crm.errors import BadInput
from crm.identities import Key
from crm.identity_links import Fact
from crm.webhooks import Happening
from jobs.webhook_posts import is_inside
from jobs.webhooks import send_webhooks
from models import Identity, WebhookDelivery
from tests.wecom.wire import Drop, Page, Wire


@pytest.fixture
def settings(settings):
    """Tests are told at loopback addresses, as the demo is."""
    return settings.model_copy(update={"webhooks": Webhooks(allow_private=True)})


@pytest.fixture
def wire():
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def listener(runtime, make, wire):
    """A shop that wants to hear everything, at the wire's /hook."""
    make.shop("小程序商城")
    make.gate("live")
    with runtime.transaction() as session:
        return webhooks.add(
            session, "小程序商城", f"{wire.url}/hook?shop=1", ["tag_changed", "coupon_used", "linked"], key="wh_1",
            secret_sealed=runtime.vault.seal("s3cret"), plain_http=True, now=runtime.now(),
        )  # fmt: skip


@pytest.fixture
def happened(runtime, make, listener):
    """Records that something happened to somebody the shop knows."""
    known = make.identity("unionid", "oU1")

    def record(key="k1", kind="coupon_used", identity=known):
        with runtime.transaction() as session:
            webhooks.tell(
                session, [Happening(kind, key, identity.id, {"order_no": "A1"}, runtime.now())], now=runtime.now()
            )

    return record


def states(make):
    return [(row.state, row.reason) for row in make.rows(WebhookDelivery)]


def test_a_shop_hears_once_what_happened_by_its_own_names_and_signed(runtime, make, wire, happened, clock):
    wire.says("/hook", Page(204, b""))
    happened()
    happened()
    happened("k2", kind="tier_changed")
    told_at = clock.freeze()

    tried = [send_webhooks(runtime) for _ in range(2)]

    assert tried == [1, 0]
    [asked] = wire.asked
    told = asked.json
    assert (told["kind"], told["order_no"], told["customer"]["unionids"]) == ("coupon_used", "A1", ["oU1"])
    assert told["id"] == make.rows(WebhookDelivery)[0].id
    assert states(make) == [("delivered", "")]
    sent = asked.headers
    lines = ["v1", "POST", "/hook?shop=1", sent["X-Huitou-Timestamp"], sent["X-Huitou-Nonce"]]
    text = "\n".join([*lines, hashlib.sha256(asked.body).hexdigest()])
    assert sent["X-Huitou-Signature"] == hmac.new(b"s3cret", text.encode(), hashlib.sha256).hexdigest()
    assert abs(int(sent["X-Huitou-Timestamp"]) - told_at.timestamp()) < 2


def test_what_may_pass_is_tried_again_after_growing_pauses_and_what_will_not_is_failed(
    runtime, make, wire, happened, clock
):
    wire.says("/hook", Drop(), Page(503), Page(429, headers=(("Retry-After", "900"),)), Page(204, b""))
    happened()
    pauses = []
    for _ in range(3):
        send_webhooks(runtime)
        row = make.rows(WebhookDelivery)[0]
        pauses.append(round((row.next_try_at - row.tried_at).total_seconds()))
        clock.tick(seconds=pauses[-1] - 5)
        assert send_webhooks(runtime) == 0
        clock.tick(seconds=6)

    assert send_webhooks(runtime) == 1
    assert pauses == [10, 60, 900]
    assert states(make) == [("delivered", "")]

    wire.says("/hook", Page(302, headers=(("Location", f"{wire.url}/elsewhere"),)), Page(410))
    happened("k2")
    happened("k3")
    send_webhooks(runtime)
    assert states(make)[1:] == [("failed", "redirected"), ("failed", "refused")]
    assert [asked.endpoint for asked in wire.asked[4:]] == ["/hook", "/hook"]


def test_a_failed_delivery_is_told_again_by_hand_and_one_nobody_settled_by_itself(runtime, make, wire, happened, clock):
    wire.says("/hook", Page(400), Page(204, b""))
    happened()
    send_webhooks(runtime)
    [failed] = make.rows(WebhookDelivery)
    with runtime.transaction() as session:
        webhook_deliveries.replay(session, failed.id, now=runtime.now())
    with runtime.transaction() as session:  # a worker that dies with it in hand
        assert webhook_deliveries.claim(session, now=runtime.now())

    at_once = send_webhooks(runtime)
    clock.tick(seconds=61)

    assert (at_once, send_webhooks(runtime)) == (0, 1)
    assert states(make) == [("delivered", "")]


def test_when_all_is_stopped_or_the_address_revoked_nothing_goes_out(runtime, make, wire, listener, happened):
    happened()
    make.gate("stopped")
    assert send_webhooks(runtime) == 0
    make.gate("live")
    with runtime.transaction() as session:
        webhooks.revoke(session, listener.id, now=runtime.now())

    assert send_webhooks(runtime) == 0
    assert wire.asked == []


def test_who_the_shop_has_no_name_for_is_not_told_of(runtime, make, wire, happened):
    happened(identity=make.identity("buyer_id", "b1", scope="另一家"))

    send_webhooks(runtime)

    assert states(make) == [("failed", "unknown_there")]
    assert wire.asked == []


def test_an_address_that_leads_inside_is_refused_before_a_byte_leaves(runtime, make, wire, happened):
    runtime.settings = runtime.settings.model_copy(update={"webhooks": Webhooks()})
    happened()

    send_webhooks(runtime)

    assert states(make) == [("failed", "private_address")]
    assert wire.asked == []
    inside = ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0", "::1", "fe80::1%eth0",
              "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1")  # fmt: skip
    assert [address for address in inside if not is_inside(address)] == []
    assert not is_inside("93.184.215.14")
    assert not is_inside("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_an_address_is_looked_at_when_it_is_added(runtime, make):
    make.shop("小程序商城")

    def add(url, kinds=("linked",), plain_http=False):
        with runtime.transaction() as session:
            webhooks.add(
                session,
                "小程序商城",
                url,
                kinds,
                key="wh_1",
                secret_sealed=b"",
                plain_http=plain_http,
                now=runtime.now(),
            )

    wrong = ("http://shop.example/", "ftp://shop.example", "https://", "https://u:p@shop.example", "https://é.example")
    for url in wrong:
        with pytest.raises(BadInput):
            add(url)
    with pytest.raises(BadInput):
        add("https://shop.example/hook", kinds=("everything",))
    add("https://shop.example/hook")


def test_a_used_coupon_is_told_once_with_the_order_that_brought_it(runtime, make, listener):
    known = make.identity("unionid", "oU1")
    batch, order = make.coupon_batch(), make.order(known)
    with runtime.transaction() as session:
        coupon = coupons.grant(
            session, batch.id, known, "birthday", staff=None, now=runtime.now(), zone=runtime.zone,
            new_code=runtime.new_code,
        )  # fmt: skip
        for _ in range(2):
            coupon_orders.mark_used(session, {order.id: [coupon.code]}, now=runtime.now())

    [row] = make.rows(WebhookDelivery)
    told = row.content["coupon"]["code"], row.content["order_no"]
    assert (row.kind, row.identity_id, *told) == ("coupon_used", known.id, coupon.code, order.order_no)


def test_tags_that_come_and_go_in_wecom_are_told_by_name(runtime, make, listener):
    staff, tag, old = make.staff("lan"), make.tag("囤货", wecom_id="et1"), make.tag("新客", wecom_id="et2")
    contact = make.contact("wm1", followers=(staff,))

    for carried in ({"et1", "et2"}, {"et1", "et2"}, {"et1"}):
        with runtime.transaction() as session:
            pair = {(contact.identity_id, staff.id): carried}
            ids = {"et1": tag.id, "et2": old.id}
            tags.mirror(session, pair, {contact.identity_id: contact}, ids, now=runtime.now())

    told = [(row.content["added"], row.content["removed"]) for row in make.rows(WebhookDelivery)]
    named = [{"group": "标签组", "name": name} for name in ("囤货", "新客")]
    assert told == [(named, []), ([], named[1:])]


def test_somebody_the_shop_knows_who_turns_out_to_be_a_contact_is_told_once(runtime, make, listener):
    union, buyer, other = Key("unionid", "", "oU1"), Key("buyer_id", "小程序商城", "b1"), Key("unionid", "", "oU2")
    for key in (union, buyer):
        make.identity(key.kind, key.value, scope=key.scope)
    face, twin = Key("external_userid", "", "wm1"), Key("external_userid", "", "wm2")

    def say(*pairs, proof="wecom_contact"):
        facts = [Fact(one, it, proof, runtime.now(), "test", "test") for one, it in pairs]
        with runtime.transaction() as session:
            identity_links.state(session, facts, now=runtime.now())

    say((union, face))  # orders first, then the add
    say((other, twin))  # nobody the shop knew
    say((buyer, face), proof="wecom_oauth")  # a parcel's page: two who were apart
    say((buyer, face), (union, face))

    ids = {(row.kind, row.value): row.id for row in make.rows(Identity)}
    told = [(row.kind, row.identity_id) for row in make.rows(WebhookDelivery)]
    assert told == [("linked", ids["unionid", "oU1"]), ("linked", ids["buyer_id", "b1"])]
