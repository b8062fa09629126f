"""Erasing a customer: no name is left, every total stays, and nothing but a new add brings them back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm import erasure_sweeps, erasures, events, orders, phones, platforms, quotas
from crm.identities import Key
from crm.inbox_storms import HANDFUL
from jobs.edits import apply_edits
from jobs.inbox import apply_events
from jobs.sync import sync
from models import Audit, Base, Contact, Follow, GroupMember, Inbox, PlatformBuyer, Quota, Touch
from models.vault import Unopenable
from tests.callbacks import Callbacks
from tests.crm.test_orders import incoming

PHONE, NAME, REMARK, UNIONID, BUYER = "13900001234", "王小明同学", "老王备注", "o-wang-unionid", "buyer-wang"


@pytest.fixture
def callbacks(client, sandbox):
    sandbox.post("/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}]})
    return Callbacks(client, sandbox.credentials)


@pytest.fixture
def shop(make):
    return make.shop("小程序")


@pytest.fixture
def store(runtime, shop):
    def store_order(order):
        with runtime.transaction() as session:
            return orders.store(session, shop, [order], vault=runtime.vault, now=runtime.now())[0]

    return store_order


@pytest.fixture
def added(sandbox, callbacks, clock, runtime):
    """The customer adds the member, in WeCom and by the callback."""

    def add(external_userid):
        sandbox.post("/sandbox/scan", {"external_userid": external_userid, "userid": "Lan"})
        callbacks.contact("add_external_contact", "Lan", external_userid, at=clock())
        apply_events(runtime)

    return add


@pytest.fixture
def wang(sandbox, added, runtime, make, shop, store):
    """Somebody with everything; their external_userid."""
    wm = sandbox.post("/sandbox/customers", {"name": NAME, "unionid": UNIONID, "avatar": "http://127.0.0.1/wang.png"})
    wm = wm["external_userid"]
    added(wm)
    store(incoming("A1", unionid=UNIONID, buyer_id=BUYER, phone=PHONE))
    store(incoming("A2", buyer_id=BUYER, phone=PHONE, claim_token="wang-token"))
    [contact], [follow] = make.rows(Contact), make.rows(Follow)
    now, group = runtime.now(), make.group()
    with runtime.transaction() as session:
        session.get(Follow, follow.id).remark = REMARK
        session.add(Touch(
            key="t1", kind="coupon", identity_id=contact.identity_id, customer_id=contact.customer_id, userid="Lan",
            external_userid=wm, text_sealed=runtime.vault.seal(f"{NAME}您好"), state="sent", created_at=now,
        ))  # fmt: skip
        session.add(GroupMember(
            group_id=group.id, member=wm, identity_id=contact.identity_id, unionid=UNIONID,
            joined_at=now, name=NAME,
        ))  # fmt: skip
        session.add(Quota(target=wm, month="2026-11", used=1))
        viewed = events.Incoming.at(
            runtime.zone, "e1", "view", Key("unionid", "", UNIONID), now, sku="SKU1", props={"note": NAME}
        )
        events.store(session, shop, [viewed], now=now)
    return wm


@pytest.fixture
def erase(runtime, make):
    def erase_them():
        [contact] = make.rows(Contact)
        with runtime.transaction() as session:
            erasures.erase(session, contact.customer_id, by="user:1", now=runtime.now())
        erasure_sweeps.sweep(runtime.transaction, contact.customer_id)
        return contact.customer_id

    return erase_them


def found(runtime, *words):
    """Where any of these words stands, in any column of any table, sealed ones opened."""
    hits = set()
    with runtime.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, value in row.items():
                    if isinstance(value, bytes):
                        try:
                            value = runtime.vault.open(value).decode()
                        except (Unopenable, UnicodeDecodeError):
                            continue
                    hits |= {(table.name, column, word) for word in words if word in str(value)}
    return hits


def figures(runtime, customer_id):
    with runtime.reading() as session:
        return orders.totals(session, customer_id)


def words_of(wm, runtime):
    return NAME, REMARK, UNIONID, BUYER, PHONE, wm, "wang.png", "wang-token", phones.digest(PHONE, runtime.vault)


def test_no_table_holds_a_name_after_erasing_and_the_figures_are_the_same(wang, erase, runtime, make, shop):
    make.order(make.identity("unionid", "o-stranger"), shop=shop, buyer_id="buyer-stranger")
    customer_id = make.rows(Contact)[0].customer_id
    before = figures(runtime, customer_id)
    assert before.order_count == 2
    assert len({word for _, _, word in found(runtime, *words_of(wang, runtime))}) == 9

    assert erase() == customer_id

    assert found(runtime, *words_of(wang, runtime)) == set()
    assert figures(runtime, customer_id) == before
    [contact], [follow] = make.rows(Contact), make.rows(Follow)
    assert (contact.name, follow.ended_by) == ("已抹除客户", "erased")
    assert [row.subject for row in make.rows(Audit) if row.action == "customer.erase"] == [f"customer:{customer_id}"]
    assert found(runtime, "buyer-stranger") == {("orders", "buyer_id", "buyer-stranger")}


def test_later_callbacks_orders_and_events_bring_no_name_back(
    wang, erase, runtime, make, store, callbacks, clock, shop
):
    customer_id = erase()
    before = figures(runtime, customer_id)
    at = clock.tick(seconds=5)

    callbacks.contact("edit_external_contact", "Lan", wang, at=at)
    callbacks.contact("add_external_contact", "Lan", wang, at=at - timedelta(days=1), WelcomeCode="")
    callbacks.contact("del_follow_user", "Lan", wang, at=at)
    apply_events(runtime)
    store(incoming("A1", hours=1, unionid=UNIONID, buyer_id=BUYER, phone=PHONE, refunded_fen=1000))
    store(incoming("A3", buyer_id=BUYER, unionid=None, openid="o-new", phone=PHONE))
    with runtime.transaction() as session:
        seen = events.Incoming.at(
            runtime.zone, "e2", "view", Key("unionid", "", UNIONID), at, sku="SKU1", props={"note": NAME}
        )
        events.store(session, shop, [seen], now=at)
        quotas.count_others(session, "msg1", {wang: at}, zone=runtime.zone)

    assert found(runtime, *words_of(wang, runtime), "o-new") == set()
    after = figures(runtime, customer_id)
    assert (after.order_count, after.spend_fen) == (3, before.spend_fen - 1000 + 5000)
    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert len(make.rows(Contact)) == 1


def test_a_storm_of_edits_brings_no_name_back(wang, erase, runtime, make, callbacks, clock):
    erase()
    for _ in range(HANDFUL + 1):
        callbacks.contact("edit_external_contact", "Lan", wang, at=clock.tick(seconds=1))

    apply_edits(runtime)

    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert found(runtime, *words_of(wang, runtime)) == set()


def test_a_platform_is_not_asked_about_them_and_no_name_waits_for_it(wang, erase, runtime, make, shop):
    now = runtime.now()
    with runtime.transaction() as session:
        platforms.ask_for(session, shop, "youzan", [BUYER, "buyer-stranger"], now=now)
    erase()

    with runtime.transaction() as session:
        platforms.ask_for(session, shop, "youzan", [BUYER], now=now)

    assert [row.buyer_id for row in make.rows(PlatformBuyer)] == ["buyer-stranger"]
    assert found(runtime, *words_of(wang, runtime)) == set()


def test_a_callback_that_fails_keeps_no_name(wang, erase, runtime, make, callbacks, clock, sandbox):
    erase()
    callbacks.contact("edit_external_contact", "Lan", wang, at=clock.tick(seconds=1))
    sandbox.faults({"on": "call", "path": "externalcontact/get", "errcode": 48002})

    apply_events(runtime)

    assert {row.state for row in make.rows(Inbox)} == {"applied", "failed"}
    assert found(runtime, *words_of(wang, runtime)) == set()


def test_a_sync_that_still_lists_them_brings_no_name_back(wang, erase, runtime):
    erase()

    sync(runtime)

    assert found(runtime, *words_of(wang, runtime)) == set()


def test_a_new_add_makes_them_known_again_as_somebody_new(wang, erase, added, runtime, make, store, clock, sandbox):
    old = erase()
    figures_then = figures(runtime, old)
    sandbox.post("/sandbox/follows/delete", {"external_userid": wang, "userid": "Lan", "by": "customer"})
    clock.tick(seconds=5)

    added(wang)

    contact = next(row for row in make.rows(Contact) if row.external_userid == wang)
    assert (contact.name, contact.unionid) == (NAME, UNIONID)
    assert contact.customer_id != old
    assert figures(runtime, old) == figures_then
    store(incoming("A1", hours=1, unionid=UNIONID, buyer_id=BUYER, phone=PHONE))
    assert figures(runtime, contact.customer_id).order_count == 1
    assert figures(runtime, old).order_count == 1
