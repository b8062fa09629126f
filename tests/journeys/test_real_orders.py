"""The loop on a real shop's orders: imported, then their buyer scans a code, and staff see what the file says."""

import csv
import gzip
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from files.imports import import_file
from jobs.sync import sync
from tests.apps import until
from tests.files.exports import REAL, first_lines, generate

JSON = {"Accept": "application/json"}
LINES = 60_000  # the first two months of the file; `demo --orders` takes the whole


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A part of the real shop's file; on a machine without it, generated lines as dirty as its."""
    if REAL.exists():
        return first_lines(REAL, tmp_path / "orders.csv.gz", LINES)
    return generate(tmp_path / "orders.csv.gz", 1_000)


def bought_without_returns(file: Path) -> dict[str, dict[str, int]]:
    """CustomerID → order number → fen, by plain reading, of everybody who never sent anything back."""
    orders: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    returned = set()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if row["InvoiceNo"].startswith("C"):
                returned.add(row["CustomerID"])
            elif row["CustomerID"] and quantity > 0 and price > 0:
                pennies = int((price * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
                orders[row["CustomerID"]][row["InvoiceNo"]] += quantity * pennies
    return {customer: found for customer, found in orders.items() if customer not in returned}


def test_staff_see_exactly_what_the_file_says_a_buyer_bought(
    file, tmp_path, sandbox, runtime, make, running_app, client
):
    import_file(runtime, file, folder=tmp_path / "imports")
    sandbox.post(
        "/sandbox/load", {"departments": [{"id": 1, "name": "店"}], "staff": [{"userid": "Lan", "name": "兰"}]}
    )
    sync(runtime)
    make.gate("live")
    sign_in(client, "Lan")
    bought = bought_without_returns(file)
    buyers = sorted(bought, key=lambda customer: (-len(bought[customer]), customer))

    for buyer in (*buyers[:3], *buyers[-2:]):
        known = sandbox.post("/sandbox/customers", {"name": f"买家 {buyer}", "unionid": f"oRetail{buyer:0>21}"})
        sandbox.post("/sandbox/scan", {"external_userid": known["external_userid"], "userid": "Lan"})
        card = until(lambda: card_of(client, known["external_userid"]), seconds=15)  # noqa: B023 - called at once

        assert (card["spend_fen"], card["order_count"]) == (sum(bought[buyer].values()), len(bought[buyer]))
        assert all_orders(client, card) == bought[buyer]


def sign_in(client, userid):
    """As the client does it: to WeCom's authorize page and back."""
    away = client.get("/sidebar/").headers["Location"].partition("#")[0]
    back = requests.get(f"{away}&sandbox_userid={userid}", allow_redirects=False, timeout=5).headers["Location"]
    assert client.get(f"{urlsplit(back).path}?{urlsplit(back).query}").status_code in (302, 303)


def card_of(client, external_userid):
    answer = client.get(f"/sidebar/contacts/{external_userid}", headers=JSON)
    card = answer.get_json()
    return card if answer.status_code == 200 and card["order_count"] else None


def all_orders(client, card):
    """Order number → fen over every page of the order history."""
    found: dict[str, int] = {}
    before = None
    url = f"/sidebar/customers/{card['customer']['id']}/orders"
    while True:
        page = client.get(url, query_string={"before": before} if before else {}, headers=JSON).get_json()
        found |= {order["order_no"]: order["paid_fen"] for order in page["orders"]}
        before = page["next_before"]
        if before is None:
            return found
