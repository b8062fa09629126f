"""Bulk: one record a line (NDJSON), each with its result, the wrong ones without harm to the others."""

from mall.intake import MOST_LINES
from models import Order, Product
from tests.mall.test_orders import order
from tests.mall.test_products import product


def test_lines_are_taken_one_by_one_and_each_has_its_result(shop, make):
    lines = [order(f"A{number}") for number in range(1200)]

    answer = shop.post_lines("orders", *lines[:600], "{broken", order("B", paid_fen=-1), "", *lines[600:], "[1]")

    results = answer.json["results"]
    assert (answer.json["accepted"], answer.json["rejected"]) == (1200, 3)
    assert [result["index"] for result in results] == list(range(1203))
    assert {result["index"]: result.get("reason") for result in results if result["result"] == "rejected"} == {
        600: "请求内容不是 JSON", 601: "paid_fen: 不能小于 0", 1202: "应为一个对象",
    }  # fmt: skip
    assert len(make.rows(Order)) == 1200


def test_a_body_of_nothing_but_lines_is_refused_before_each_gets_a_result(shop, make):
    answer = shop.post_lines("events", *["1"] * (MOST_LINES + 1))

    assert (answer.status_code, answer.json["error"]) == (413, "too_large")


def test_products_come_in_lines_too_and_the_same_again_changes_nothing(shop, make):
    answers = [shop.post_lines("products", product("A"), product("B"), product("A")).json for _ in range(2)]

    assert [(answer["accepted"], answer["unchanged"]) for answer in answers] == [(2, 1), (0, 3)]
    assert len(make.rows(Product)) == 2


def test_lines_are_signed_and_only_taken_where_they_are_meant(shop, make):
    forged = shop.post_lines("orders", order(), headers=shop.headers(b"other"))
    elsewhere = shop.send(b"{}\n{}", target="/mall/orders", content_type="text/plain")

    assert forged.status_code == 401
    assert elsewhere.json["field"] == "Content-Type"
    assert make.rows(Order) == []
