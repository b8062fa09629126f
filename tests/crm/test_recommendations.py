"""What is recommended and why: by purchases and looks, with samples that say something, and never against a wish."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from crm import consents
from crm.insight import recommendations
from jobs.recommendations import learn_products
from models import Behaviour, Identity, OrderLine, ProductCycle, ProductPair, Shop

MANY, FEW = 20, 4  # as many buyers as say something, and too few


@pytest.fixture
def shop(make):
    return make.shop()


@pytest.fixture
def bought(make, runtime):
    """An identity bought these so many days ago, each in an order of its own."""

    def buy(who, *products, days=40):
        at = runtime.now() - timedelta(days=days)
        for product in products:
            order = make.order(who, Shop(id=product.shop_id), ordered_at=at, paid_at=at)
            with runtime.transaction() as session:
                line = session.query(OrderLine).filter_by(order_id=order.id).one()
                line.sku, line.name = product.sku, product.name

    return buy


@pytest.fixture
def tea(make, shop, bought):
    """Of twenty who bought tea, twelve bought a cup and four a pot; everybody buys tea again after 30 days."""
    tea, cup, pot = (
        make.product(sku, shop=shop, name=name) for sku, name in (("T", "春茶"), ("C", "茶杯"), ("P", "茶壶"))
    )
    for number in range(MANY):
        who = make.identity("unionid", f"u{number}")
        bought(who, tea, days=60)
        if number < 12:
            bought(who, tea, days=30)
            bought(who, cup)
        if number < FEW:
            bought(who, pot)
    return tea, cup, pot


@pytest.fixture
def told(runtime):
    def ask(who):
        with runtime.reading() as session:
            found = recommendations.recommended(session, who.customer_id, now=runtime.now(), zone=runtime.zone)
        return None if found is None else [(one.product.name, [str(reason) for reason in one.reasons]) for one in found]

    return ask


def look(make, who, product, views, days=1):
    now = make.runtime.now()
    make._save(
        Behaviour(
            identity_id=who.id, shop_id=product.shop_id, sku=product.sku, views=views, last_at=now, last_view_at=now,
            on_day=(now - timedelta(days=days)).date(),
        )
    )  # fmt: skip


def test_pairs_and_cycles_are_kept_only_where_enough_people_bought(make, runtime, tea):
    first, again = learn_products(runtime), learn_products(runtime)

    pairs = {(row.product_id, row.other_product_id): (row.both, row.buyers) for row in make.rows(ProductPair)}
    assert first == again == 2
    assert pairs == {(tea[0].id, tea[1].id): (12, 20)}  # too few bought a pot; a cup has twelve buyers only
    assert [(row.product_id, row.days, row.gaps) for row in make.rows(ProductCycle)] == [(tea[0].id, 30, 12)]


def test_each_comes_with_its_reason_and_the_due_one_first(make, runtime, shop, tea, bought, told):
    learn_products(runtime)
    who, lamp = make.identity("unionid", "her"), make.product(shop=shop, name="台灯")
    bought(who, tea[0], days=25)
    look(make, who, lamp, 2), look(make, who, lamp, 1, days=2), look(make, who, tea[2], 9, days=8)

    assert told(who) == [
        ("春茶", ["该复购了：还有 5 天"]), ("台灯", ["本周看过 3 次"]), ("茶杯", ["买过 春茶 的人 60 % 也买"]),
    ]  # fmt: skip


def test_the_shops_own_cycle_wins_and_what_was_just_bought_or_is_off_sale_or_hidden_stays_away(
    make, runtime, shop, bought, told
):
    who, lan = make.identity("unionid", "her"), make.staff()
    soap, off, fresh, hidden = (
        make.product(shop=shop, name=name, cycle_days=days, on_sale=name != "下架")
        for name, days in (("肥皂", 10), ("下架", 10), ("刚买", 7), ("藏起", 10))
    )
    make._save(ProductCycle(product_id=soap.id, days=90, gaps=50))
    bought(who, soap, off, hidden, days=12)
    bought(who, fresh, days=6)
    with runtime.transaction() as session:
        recommendations.hide(session, who.id, hidden.id, lan, now=runtime.now())

    assert told(who) == [("肥皂", ["该复购了：过了 2 天"])]


def test_who_turned_recommendations_off_gets_none_and_reading_takes_three_statements(make, runtime, tea, bought, told):
    learn_products(runtime)
    who = make.identity("unionid", "her")
    bought(who, tea[0], days=25)
    heard = []
    event.listen(runtime.engine, "before_cursor_execute", lambda *call: heard.append(call[2]))

    before, few = told(who), [each for each in heard if each.lstrip().upper().startswith(("SELECT", "WITH"))]
    with runtime.transaction() as session:
        consents.withdraw(
            session, session.get_one(Identity, who.id), "personalisation", source="test", now=runtime.now()
        )

    assert len(before) == 2
    assert len(few) <= 3
    assert told(who) is None
