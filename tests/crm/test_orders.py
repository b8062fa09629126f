"""Orders: the newest version stays, in whatever order they come; and what a customer's orders add up to."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from crm import coupon_orders, identities, orders, persons, phones
from crm.identities import Key
from crm.orders import Incoming, Item
from models import Coupon, Customer, Identity, Order, OrderLine, Shop
from tests.people import join

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def incoming(order_no="A1", *, hours=0, **more):
    """A paid order of one line; `hours` later is a newer version."""
    values = {
        "order_no": order_no, "status": "paid", "unionid": None, "openid": None, "buyer_id": None, "phone": None,
        "created_at": START, "paid_at": START, "shipped_at": None, "received_at": None, "completed_at": None,
        "total_fen": 5000, "discount_fen": 0, "shipping_fen": 0, "paid_fen": 5000, "refunded_fen": 0,
        "coupon_codes": (), "claim_token": None, "items": (Item(None, "SKU1", "湿巾", None, 1, 5000),),
        "updated_at": START + timedelta(hours=hours),
    }  # fmt: skip
    return Incoming(**values | more)


@pytest.fixture
def shop(make):
    return make.shop("小程序")


@pytest.fixture
def store(runtime, shop):
    """Stores deliveries one after another, as a door does."""

    def store_orders(*deliveries):
        results = []
        for batch in orders.batches(deliveries):
            with runtime.transaction() as session:
                results += orders.store(session, shop, batch, vault=runtime.vault, now=runtime.now())
        return results

    return store_orders


VERSIONS = [
    incoming("A1", unionid="u1"),
    incoming("A1", hours=1),
    incoming("A1", hours=1, unionid="u1", status="shipped"),
    incoming("A1", hours=1, unionid="u2", refunded_fen=100, items=(Item("1", "SKU2", "霜", None, 2, 2500, 1, 100),)),
    incoming("A2", buyer_id="b1", coupon_codes=("CODE1",)),
    incoming("A2", hours=2, buyer_id="b1"),
    incoming("A3", openid="o1", created_at=START - timedelta(days=1), coupon_codes=("CODE1",)),
]
LINKS = [
    (("unionid", "", "u1"), ("external_userid", "", "wm1")),
    (("unionid", "", "u2"), ("external_userid", "", "wm2")),
]
FACTS = [*VERSIONS, *LINKS]


def tell(session, shop, vault, fact):
    """An order arrives, or a contact becomes known with its unionid."""
    if isinstance(fact, Incoming):
        orders.store(session, shop, [fact], vault=vault, now=START)
    else:
        one, other = (identities.ensure(session, *key, now=START) for key in fact)
        join(session, one, other)


def outcome(session):
    """Everything that must not depend on the order of the facts, in names instead of numbers."""
    people: dict[int, set[str]] = {}
    for identity in session.scalars(select(Identity)):
        people.setdefault(identity.customer_id, set()).add(f"{identity.kind}:{identity.scope}:{identity.value}")
    named = {None: None} | {customer: tuple(sorted(names)) for customer, names in people.items()}
    kept = {}
    for order in session.scalars(select(Order)):
        lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
        kept[order.order_no] = (
            order.fingerprint, order.status, order.refunded_fen, order.changed_at, named[order.customer_id],
            [(line.sku, line.quantity, line.refunded_fen) for line in lines],
        )  # fmt: skip
    users = session.execute(select(Order.order_no, Coupon.used_at).join(Coupon, Coupon.used_order_id == Order.id))
    return sorted(str(named[customer]) for customer in people), kept, [tuple(row) for row in users]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_permutation_and_repetition_of_deliveries_gives_the_same_orders_people_and_coupons(
    runtime, make, shop_and_coupon, data
):
    shop, coupon_identity = shop_and_coupon
    facts = data.draw(st.lists(st.sampled_from(FACTS), min_size=1, max_size=9, unique_by=FACTS.index))
    again = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))

    outcomes = []
    for told in (facts, again):
        with runtime.transaction() as session:
            wipe(session, coupon_identity)
            for fact in told:
                tell(session, shop, runtime.vault, fact)
            outcomes.append(outcome(session))
            assert persons.rebuild(session, now=START) == 0
            assert outcome(session) == outcomes[-1]

    assert outcomes[0] == outcomes[1]


@pytest.fixture
def shop_and_coupon(make, shop, runtime):
    """A shop, and somebody else's coupon CODE1."""
    identity = make.identity("unionid", "holder")
    batch = make.coupon_batch()
    with runtime.transaction() as session:
        session.add(
            Coupon(
                batch_id=batch.id, identity_id=identity.id, customer_id=identity.customer_id, occasion="test",
                code="CODE1", value_fen=1, threshold_fen=0, issued_at=START, expires_at=START + timedelta(days=7),
            )
        )  # fmt: skip
    return shop, identity


def wipe(session, kept):
    session.execute(text("UPDATE coupon SET used_order_id = NULL, used_at = NULL"))
    for table in ("identity_link", "order_line", "orders", "audit"):
        session.execute(text(f"DELETE FROM {table}"))
    session.execute(text(f"DELETE FROM identity WHERE id <> {kept.id}"))
    session.execute(text("UPDATE customer SET merged_into_id = NULL"))
    session.execute(text(f"DELETE FROM customer WHERE id <> {kept.customer_id}"))
    session.expire_all()


def test_an_order_that_came_first_attaches_when_its_contact_becomes_known(runtime, store, make):
    contact = make.contact("wm1")
    store(incoming(unionid="u1"), incoming("A2", unionid="stranger"))
    with runtime.reading() as session:
        assert orders.totals(session, contact.customer_id).order_count == 0

    with runtime.transaction() as session:
        unionid = identities.ensure(session, "unionid", "", "u1", now=START)
        mine = identities.ensure(session, "external_userid", "", "wm1", now=START)
        customer = join(session, mine, unionid)

    with runtime.reading() as session:
        assert orders.totals(session, customer.id) == (5000, 1, START)
    store(incoming("A3", unionid="u1"))
    with runtime.reading() as session:
        assert orders.totals(session, customer.id).order_count == 2


def test_totals_follow_the_definitions_and_leave_strangers_out(runtime, store, make):
    day = timedelta(days=1)
    store(
        incoming("paid", unionid="u1", paid_at=START + day),
        incoming("partly refunded", unionid="u1", refunded_fen=2000),
        incoming("wholly refunded", unionid="u1", refunded_fen=5000, status="refunded", paid_at=START + 3 * day),
        incoming("cancelled", unionid="u1", status="cancelled", paid_at=START + 4 * day),
        incoming("never paid", unionid="u1", status="created", paid_at=None, paid_fen=0),
        incoming("free", unionid="u1", paid_fen=0),
        incoming("stranger's", unionid="u2", paid_fen=99),
        incoming("guest's"),
    )
    customer = next(row.customer_id for row in make.rows(Identity) if row.value == "u1")

    with runtime.reading() as session:
        assert orders.totals(session, customer) == (8000, 2, START + day)
        assert orders.totals(session, 10**9) == (0, 0, None)
        spends = [row.spend_fen for row in session.scalars(select(Order).where(Order.customer_id == customer))]
    assert sum(spends) == 8000


def test_totals_read_one_customers_orders_by_an_index(runtime, store):
    store(*(incoming(f"A{n}", unionid=f"u{n}") for n in range(50)))

    with runtime.reading() as session:
        if session.get_bind().dialect.name == "sqlite":
            plan = session.execute(text("EXPLAIN QUERY PLAN SELECT sum(paid_fen) FROM orders WHERE customer_id = 1"))
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = session.execute(text("EXPLAIN SELECT sum(paid_fen) FROM orders WHERE customer_id = 1"))
        assert "ix_orders_customer_id_ordered_at" in str(plan.all())


def test_a_phone_is_sealed_and_found_however_it_is_written_and_a_masked_one_is_not_found(runtime, store, make):
    store(
        incoming("A", phone="+86138-0013-8000"),
        incoming("B", phone="13800138000"),
        incoming("C", phone="138****8000"),
        incoming("D", phone="13900139000"),
        incoming("E", phone="13800138000-1234"),
    )

    digests = {row.order_no: row.phone_digest for row in make.rows(Order)}
    assert digests["A"] == digests["B"] == phones.digest("13800138000", runtime.vault)
    assert digests["C"] is digests["E"] is None
    assert [row.phone_kind for row in make.rows(Order)] == ["real", "real", "masked", "real", "virtual"]
    assert digests["D"] != digests["A"]
    for row in make.rows(Order):
        assert b"138" not in row.phone_sealed
    assert {runtime.vault.open_text(row.phone_sealed) for row in make.rows(Order)} >= {"138****8000"}


def test_a_batch_writes_at_most_500_rows_and_no_number_twice():
    items = tuple(Item(None, "S", "n", None, 1, 1) for _ in range(99))
    large = incoming("large", items=items * 10)

    cut = list(orders.batches([*(incoming(f"A{n}", items=items) for n in range(12)), large, incoming(), incoming()]))

    assert [len(batch) for batch in cut] == [5, 5, 2, 1, 1, 1]
    assert list(orders.batches([])) == []


def test_a_batch_takes_a_handful_of_statements_however_many_orders_it_has(runtime, shop):
    statements = []
    event.listen(runtime.engine, "before_cursor_execute", lambda *heard: statements.append(heard[2]))
    counts = []
    for size in (10, 120):
        [batch] = orders.batches([incoming(f"{size}-{n}", unionid=f"{size}-{n}") for n in range(size)])
        statements.clear()
        with runtime.transaction() as session:
            orders.store(session, shop, batch, vault=runtime.vault, now=START)
        counts.append(len(statements))

    assert counts[1] <= counts[0] + 2
    assert counts[0] < 15


def test_shops_that_send_the_same_orders_at_once_leave_one_of_each(runtime, shop, make):
    deliveries = [incoming(f"A{n}", unionid=f"u{n % 7}") for n in range(40)]
    errors = []

    def work():
        try:
            with runtime.transaction() as session:
                orders.store(session, session.merge(shop), deliveries, vault=runtime.vault, now=START)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(make.rows(Order)) == len(make.rows(OrderLine)) == 40
    assert len(make.rows(Customer)) == len(make.rows(Identity)) == 7


def test_a_coupon_is_used_by_the_order_placed_first_and_codes_that_are_not_ours_are_let_be(
    runtime, shop_and_coupon, store, make
):
    store(incoming("late", created_at=START + timedelta(hours=2), coupon_codes=("CODE1", "THEIRS")))
    store(incoming("early", coupon_codes=("CODE1",)), incoming("without"))

    [coupon] = make.rows(Coupon)
    by_id = {row.id: row.order_no for row in make.rows(Order)}
    assert by_id[coupon.used_order_id] == "early"
    assert coupon.used_at == START
    with runtime.transaction() as session:
        coupon_orders.mark_used(session, {}, now=runtime.now())
    assert len(make.rows(Shop)) == 1


def test_no_order_is_left_behind_by_merges_that_run_beside_the_deliveries(runtime, shop, make):
    names = [f"u{n}" for n in range(12)]
    errors = []

    def deliver(part):
        for round_ in range(3):
            batch = [incoming(f"{part}-{round_}-{name}", unionid=name) for name in names]
            runtime.in_transaction(partial(orders.store, shop=shop, batch=batch, vault=runtime.vault, now=START))

    def meet():
        for n, name in enumerate(names):
            keys = [Key("external_userid", "", f"wm{n // 2}"), Key("unionid", "", name)]  # two unionids a contact
            runtime.in_transaction(partial(join, one=keys[0], other=keys[1]))

    def guarded(work, *args):
        try:
            work(*args)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(deliver, part)) for part in "ab"]
    threads += [threading.Thread(target=guarded, args=(meet,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    owner = {row.id: row.customer_id for row in make.rows(Identity)}
    stored = make.rows(Order)
    assert len(stored) == 2 * 3 * 12
    assert [row for row in stored if row.customer_id != owner[row.identity_id]] == []
    assert len(set(owner.values())) == 6
