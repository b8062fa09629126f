"""`POST /mall/parcel-links`: links an ERP prints, for the orders of its own shop alone."""

import json
from urllib.parse import parse_qs, urlsplit

from crm import parcel_links
from models import Shop


def ask(shop, *order_nos, name=None):
    body = json.dumps({"shop": name or shop.name, "order_nos": order_nos}).encode()
    return shop.send(body, target="/mall/parcel-links")


def test_each_order_number_gets_its_link_known_or_not(shop, make, runtime):
    answer = ask(shop, "TB 1/2&3", "TB-2", "TB-2")

    links = answer.json["links"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(links[0]["url"]).query).items()}
    [mine] = make.rows(Shop)
    assert [link["order_no"] for link in links] == ["TB 1/2&3", "TB-2", "TB-2"]
    assert links[1] == links[2]
    assert links[0]["url"].startswith("http://localhost/p?")
    assert parcel_links.is_ours(int(query["k"]), query["o"], query["s"], vault=runtime.vault)
    assert (int(query["k"]), query["o"]) == (mine.id, "TB 1/2&3")


def test_no_links_for_another_shop_for_too_many_or_for_nothing(shop):
    answers = [ask(shop, "1", name="别人的店"), ask(shop, *map(str, range(501))), ask(shop), ask(shop, "")]

    assert [answer.status_code for answer in answers] == [403, 422, 422, 422]
