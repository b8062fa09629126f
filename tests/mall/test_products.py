"""`POST /mall/products`: what a shop may send of what it sells, and that the newest version stays."""

from datetime import date

from models import Product


def product(sku="WIPES-80", **more):
    return {
        "sku": sku, "name": "婴儿湿巾 80 抽", "price_fen": 1990, "updated_at": "2026-11-01T10:00:00+08:00",
    } | more  # fmt: skip


def test_a_product_is_kept_with_all_it_says(shop, make):
    answer = shop.post_to(
        "products",
        product(
            category="护理", image_url="https://img.example/w.jpg", mini_program_path="pages/goods?sku=WIPES-80",
            link_url="https://shop.example/w", share_text="7€复制¥abc¥", launch_on="2026-12-01", cycle_days=28,
            care_note="开封后三个月内用完", on_sale=False,
        ),
        product("BERRY-50", category="", launch_on=None, image_url=""),
    )  # fmt: skip

    assert [result["sku"] for result in answer.json["results"]] == ["WIPES-80", "BERRY-50"]
    assert answer.json["accepted"] == 2
    berry, wipes = make.rows(Product)
    assert (wipes.launch_on, wipes.cycle_days, wipes.on_sale) == (date(2026, 12, 1), 28, False)
    assert (wipes.share_text, wipes.mini_program_path) == ("7€复制¥abc¥", "pages/goods?sku=WIPES-80")
    assert (berry.category, berry.image_url, berry.launch_on, berry.on_sale) == (None, None, None, True)


def test_the_newest_version_of_a_product_stays_in_whatever_order_they_come(shop, make):
    newer = product(price_fen=1490, updated_at="2026-11-03T00:00:00Z")
    twins = [product(price_fen=fen, updated_at="2026-11-04T00:00:00Z") for fen in (1, 2)]

    answers = [shop.post_to("products", sent).json for sent in (newer, product(), newer)]
    both = shop.post_to("products", *twins, *reversed(twins)).json

    assert [answer["results"][0]["result"] for answer in answers] == ["accepted", "stale", "unchanged"]
    kept = make.rows(Product)[0].price_fen
    assert both["results"][kept - 1]["result"] == "accepted"
    assert shop.post_to("products", *twins).json["accepted"] == 0
    assert make.rows(Product)[0].price_fen == kept


def test_two_shops_may_use_one_sku(shop, new_shop, make):
    other = new_shop("另一家")

    answers = [program.post_to("products", product()).json["accepted"] for program in (shop, other)]

    assert answers == [1, 1]
    assert len(make.rows(Product)) == 2


WRONG = [
    ("sku", ""), ("price_fen", -1), ("image_url", "javascript:alert(1)"), ("link_url", "https://"),
    ("link_url", "https://a b"), ("launch_on", "2026-02-30"), ("launch_on", 20261201), ("cycle_days", 0),
    ("on_sale", 1), ("care_note", "x" * 1025), ("updated_at", "2031-01-01T00:00:00Z"), ("colour", "red"),
]  # fmt: skip


def test_wrong_products_are_refused_by_the_field_and_the_others_are_kept(shop, make):
    wrong = [product("B") | {field: value} for field, value in WRONG]

    answer = shop.post_to("products", product("A"), *wrong, product("C"))

    assert (answer.json["accepted"], answer.json["rejected"]) == (2, len(WRONG))
    assert [result["field"] for result in answer.json["results"][1:-1]] == [field for field, _ in WRONG]
    assert [row.sku for row in make.rows(Product)] == ["A", "C"]
