"""What a customer's behaviour says: nights, last views, carts that were not paid."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm import behaviour, events
from crm.behaviour import Article
from crm.events import Incoming
from crm.identities import Key
from models import Identity

ZONE = ZoneInfo("Asia/Shanghai")
ANNA, BERT = Key("unionid", "", "oAnna"), Key("unionid", "", "oBert")
BEGIN = datetime(2026, 11, 1, tzinfo=ZONE)


@pytest.fixture
def shop(make):
    return make.shop("小程序商城")


@pytest.fixture
def did(runtime, shop):
    """Records what somebody did on a day of November at a time of the shop's; answers who they are."""
    numbers = iter(range(1000))

    def record(kind, day, at, sku="S1", key=ANNA):
        hour, minute = map(int, at.split(":"))
        when = datetime(2026, 11, day, hour, minute, tzinfo=ZONE)
        told = Incoming.at(ZONE, f"e{next(numbers)}", kind, key, when, sku=sku)
        with runtime.transaction() as session:
            events.store(session, shop, [told], now=runtime.now())
        return when

    return record


def ask(runtime, question, **more):
    """A question about Anna, who came first."""
    with runtime.reading() as session:
        return question(session, 1, **more)


def test_a_night_belongs_to_its_evening_and_counts_once(runtime, shop, did):
    for day, at in ((2, "17:59"), (3, "18:00"), (4, "03:59"), (4, "04:00"), (5, "23:10"), (5, "23:20"), (7, "01:00")):
        did("view", day, at)
    did("view", 5, "21:00", sku="S2")
    did("cart", 8, "21:00")
    did("view", 9, "21:00", key=BERT)

    nights = ask(runtime, behaviour.nights_viewed, since=date(2026, 11, 1))

    assert nights == {
        Article(shop.id, "S1"): [date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 6)],
        Article(shop.id, "S2"): [date(2026, 11, 5)],
    }
    assert ask(runtime, behaviour.nights_viewed, since=date(2026, 11, 6)) == {
        Article(shop.id, "S1"): [date(2026, 11, 6)]
    }


def test_the_last_view_is_the_latest_not_the_one_that_came_last(runtime, shop, did):
    latest = did("view", 6, "10:00", sku="S2")
    did("view", 2, "10:00", sku="S1")
    did("view", 5, "10:00", sku="S2")
    did("enter", 9, "10:00", sku=None)

    assert ask(runtime, behaviour.last_view) == (Article(shop.id, "S2"), latest, 2)
    assert [seen.article.sku for seen in ask(runtime, behaviour.last_viewed)] == ["S2", "S1"]


def test_a_cart_is_unpaid_until_it_or_the_whole_cart_is_paid_or_an_order_has_the_product(runtime, make, shop, did):
    paid_first = did("cart", 3, "10:00", sku="again")
    did("pay", 2, "10:00", sku="again")
    did("cart", 4, "10:00", sku="paid")
    did("pay", 4, "10:05", sku="paid")
    at = did("cart", 5, "10:00", sku="SKU1")
    did("cart", 5, "10:00", sku="theirs", key=BERT)

    article = Article(shop.id, "again")
    assert ask(runtime, behaviour.unpaid_carts, since=BEGIN) == {Article(shop.id, "SKU1"): at, article: paid_first}
    assert ask(runtime, behaviour.unpaid_carts, since=at + timedelta(seconds=1)) == {}

    make.order(make.rows(Identity)[0], shop, paid_at=at + timedelta(hours=1))
    assert ask(runtime, behaviour.unpaid_carts, since=BEGIN) == {article: paid_first}
    did("pay", 6, "10:00", sku=None)
    assert ask(runtime, behaviour.unpaid_carts, since=BEGIN) == {}
