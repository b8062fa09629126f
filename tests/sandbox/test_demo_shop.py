from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from statistics import mean

import pytest

from sandbox import demo_shop

NOW = datetime(2026, 11, 20, 20, 14, tzinfo=timezone(timedelta(hours=8)))
STEPS = ("created_at", "paid_at", "shipped_at", "received_at", "completed_at")


@pytest.fixture(scope="module", params=[7, 8, 99])
def seed(request):
    return request.param


@pytest.fixture(scope="module")
def corp(seed):
    return demo_shop.corp(seed, NOW)


@pytest.fixture(scope="module")
def orders(seed):
    return list(demo_shop.orders(seed, NOW))


def test_the_same_seed_and_moment_give_the_same_shop_and_another_seed_does_not(seed, corp, orders):
    assert demo_shop.corp(seed, NOW) == corp
    assert list(demo_shop.orders(seed, NOW)) == orders
    assert demo_shop.corp(seed + 1, NOW) != corp


def test_the_shop_has_six_staff_five_hundred_followed_customers_and_four_codes(corp):
    followed = Counter(follow["external_userid"] for follow in corp["follows"])

    assert [person["name"] for person in corp["staff"]][:2] == ["林晓雯", "周婷"]
    assert len(corp["staff"]) == 6
    assert len(followed) == 500
    assert 40 <= sum(count == 2 for count in followed.values()) <= 90
    assert [way["remark"] for way in corp["contact_ways"]] == ["包裹卡", "门店", "直播间", "老带新"]


def test_every_reference_in_the_shop_points_at_something(corp):
    staff = {person["userid"] for person in corp["staff"]}
    customers = {customer["external_userid"] for customer in corp["customers"]}
    tags = {(group["name"], name) for group in corp["tag_groups"] for name in group["tags"]}
    departments = {department["id"] for department in corp["departments"]}

    assert len(customers) == len(corp["customers"])
    assert all(set(person["department"]) <= departments for person in corp["staff"])
    assert all(set(way["user"]) <= staff for way in corp["contact_ways"])
    for follow in corp["follows"]:
        assert follow["userid"] in staff
        assert follow["external_userid"] in customers
        assert {(tag["group"], tag["name"]) for tag in follow["tags"]} <= tags
        assert follow["createtime"] <= NOW.timestamp()
        assert len(follow["remark"]) <= 20


def test_staff_and_followed_customers_talked_before_now(corp):
    pairs = {(follow["userid"], follow["external_userid"]): follow["createtime"] for follow in corp["follows"]}
    moments = [line["at"] for line in corp["messages"]]

    assert 100 <= len(moments) <= 400
    assert moments == sorted(moments)
    assert moments[-1] <= NOW.timestamp() - 600
    assert all(pairs[line["userid"], line["external_userid"]] < line["at"] for line in corp["messages"])
    assert {line["from"] for line in corp["messages"]} == {"staff", "customer"}


def test_four_groups_have_owners_customers_of_theirs_and_a_robot_waits_for_staff(seed, corp):
    followed = {(follow["userid"], follow["external_userid"]): follow["createtime"] for follow in corp["follows"]}
    staff = {person["userid"] for person in corp["staff"]}

    assert len({group["owner"] for group in corp["groups"]}) == len({group["chat_id"] for group in corp["groups"]}) == 4
    for group in corp["groups"]:
        customers = [seat for seat in group["members"] if "external_userid" in seat]
        assert 15 <= len({seat["external_userid"] for seat in customers}) == len(customers) <= 100
        assert {seat["userid"] for seat in group["members"] if "userid" in seat} <= staff
        assert group["owner"] in [seat.get("userid") for seat in group["members"]]
        for seat in customers:
            since = followed[group["owner"], seat["external_userid"]]
            assert max(since, group["create_time"]) <= seat["join_time"] <= NOW.timestamp()
    regulars = {seat.get("external_userid") for seat in corp["groups"][0]["members"]}
    (su,) = [one["external_userid"] for one in corp["customers"] if one["name"] == "苏苏"]
    assert su in regulars
    assert len(corp["robots"]) == 1
    assert all(line["at"] < NOW.timestamp() for line in corp["group_messages"])


def test_the_whole_shop_can_be_loaded(seed, corp, wecom):
    wecom.ask("POST", "reset")

    loaded = wecom.ask("POST", "load", **corp)["loaded"]

    assert loaded == {kind: len(rows) for kind, rows in corp.items()}
    assert all(group["last"] for group in wecom.ask("GET", "groups")["groups"])


def test_ids_have_the_shapes_of_wecom(corp):
    for customer in corp["customers"]:
        assert len(customer["external_userid"]) == 32
        assert customer["external_userid"][:2] == ("wm" if customer["type"] == 1 else "wo")
        assert (customer["unionid"] is None) == (customer["type"] == 2)


def test_names_are_varied_and_some_are_nicknames_with_emoji(corp):
    names = {customer["name"] for customer in corp["customers"]}

    assert len(names) > 400
    assert any(ord(letter) > 0xFFFF for name in names for letter in name)


def test_two_years_of_about_2100_orders_with_unique_numbers(orders):
    days = [datetime.fromisoformat(order["created_at"]) for order in orders]

    assert 2000 <= len(orders) <= 2250
    assert len({order["order_no"] for order in orders}) == len(orders)
    assert days == sorted(days)
    assert NOW - timedelta(days=732) < days[0] < NOW - timedelta(days=700)
    assert NOW - timedelta(days=2) < days[-1] <= NOW
    assert all(order["created_at"].endswith("+08:00") for order in orders)


def test_sixty_in_a_hundred_orders_carry_no_unionid(orders):
    without = [order for order in orders if "unionid" not in order]
    nothing = [order for order in without if "buyer_id" not in order]

    assert abs(len(without) / len(orders) - 0.60) <= 0.02
    assert 0.03 <= len(nothing) / len(orders) <= 0.08
    assert all("****" in order["phone"] for order in without if "phone" in order)


def test_money_reconciles_with_the_lines(orders):
    for order in orders:
        items = order["items"]
        money = [value for key, value in order.items() if key.endswith("_fen")]

        assert all(type(value) is int and value >= 0 for value in money)
        assert order["total_fen"] == sum(item["price_fen"] * item["quantity"] for item in items)
        full = order["total_fen"] - order["discount_fen"] + order["shipping_fen"]
        assert order["paid_fen"] == (full if "paid_at" in order else 0)
        assert order["refunded_fen"] == sum(item.get("refunded_fen", 0) for item in items) <= order["paid_fen"]
        for item in items:
            assert item.get("refunded_fen", 0) <= item["price_fen"] * item["quantity"]
            assert item.get("refunded_quantity", 0) <= item["quantity"]


def test_a_status_fits_the_moments_and_nothing_happens_after_now(orders):
    latest = {"created": 0, "cancelled": 0, "paid": 1, "shipped": 2, "received": 3, "completed": 4, "refunded": 2}
    for order in orders:
        moments = [datetime.fromisoformat(order[step]) for step in STEPS if step in order]

        assert moments == sorted(moments)
        assert len(moments) == latest[order["status"]] + 1
        assert moments[-1] <= datetime.fromisoformat(order["updated_at"]) <= NOW
    statuses = Counter(order["status"] for order in orders)
    assert {"paid", "shipped", "received", "completed", "cancelled", "refunded"} <= set(statuses)


def test_who_comes_back_buys_more_each_time_and_most_come_once(orders):
    buyers = defaultdict(list)
    for order in orders:
        if order["paid_fen"] > order["refunded_fen"]:
            buyers[order.get("unionid") or order.get("buyer_id") or order["order_no"]].append(order)
    pieces = defaultdict(list)
    for bought in buyers.values():
        for nth, order in enumerate(sorted(bought, key=lambda o: (o["paid_at"], o["order_no"]))):
            pieces[min(nth, 2)].append(sum(item["quantity"] for item in order["items"]))

    assert mean(pieces[0]) == pytest.approx(1.1, abs=0.08)
    assert mean(pieces[1]) == pytest.approx(1.6, abs=0.15)
    assert mean(pieces[2]) == pytest.approx(2.5, abs=0.2)
    assert 0.6 <= sum(len(bought) == 1 for bought in buyers.values()) / len(buyers) <= 0.7
    assert max(len(bought) for bought in buyers.values()) >= 15


def test_newcomers_are_loaded_have_orders_and_nobody_follows_them(seed, corp, orders):
    followed = {follow["external_userid"] for follow in corp["follows"]}
    loaded = {customer["external_userid"]: customer["unionid"] for customer in corp["customers"]}
    bought = Counter(order.get("unionid") for order in orders if order["paid_fen"] > order["refunded_fen"])

    newcomers = demo_shop.newcomers(seed)

    assert newcomers[0]["name"] == "阳光暖暖"
    for newcomer in newcomers:
        assert newcomer["external_userid"] not in followed
        assert loaded[newcomer["external_userid"]] == newcomer["unionid"]
        assert bought[newcomer["unionid"]] == newcomer["orders"] >= 1
