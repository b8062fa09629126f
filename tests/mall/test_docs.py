"""docs/mall.md tells the truth: its example verifies, its fields are all there are."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm import shops
from crm.signing import signature
from mall.event_forms import EventForm
from mall.forms import ItemForm, OrderForm
from mall.product_forms import ProductForm
from models import Order
from tests.mall.conftest import ShopProgram
from web import serve_in_thread

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/mall.md").read_text("utf-8")


def block(language, nth=0):
    """A fenced block of this language, the first unless told."""
    return re.findall(rf"```{language}\n(.*?)\n```", TEXT, re.DOTALL)[nth]


def documented_headers():
    return dict(line.split(": ", 1) for line in block("http").splitlines())


def documented_secret():
    found = re.search(r"With the secret `(\w+)`", TEXT)
    assert found
    return found.group(1)


def test_the_worked_examples_signature_is_right_by_its_own_code_and_by_ours():
    headers, body = documented_headers(), block("json").encode()
    timestamp, nonce = headers["X-Huitou-Timestamp"], headers["X-Huitou-Nonce"]
    shown: dict[str, Any] = {}
    exec(block("python"), shown)

    theirs = shown["signature"](documented_secret(), "POST", "/mall/orders", timestamp, nonce, body)
    ours = signature(
        documented_secret(), method="POST", target="/mall/orders", timestamp=timestamp, nonce=nonce, body=body
    )

    assert theirs == ours == headers["X-Huitou-Signature"]
    assert block("text").splitlines()[3:5] == [timestamp, nonce]


@pytest.fixture
def documented_shop(runtime, client):
    """The shop of the page, at the moment of the page."""
    headers = documented_headers()
    with runtime.transaction() as session:
        shops.add_key(
            session,
            "小程序商城",
            key=headers["X-Huitou-Key"],
            secret_sealed=runtime.vault.seal(documented_secret()),
            now=runtime.now(),
        )
    runtime.now = lambda: datetime.fromtimestamp(int(headers["X-Huitou-Timestamp"]), UTC)
    return ShopProgram(client, runtime, "小程序商城", headers["X-Huitou-Key"], documented_secret())


def test_the_worked_example_is_accepted_as_it_stands(documented_shop, make):
    answer = documented_shop.send(block("json").encode(), headers=documented_headers())

    assert answer.status_code == 200, answer.json
    assert answer.json["accepted"] == 1, answer.json
    assert [row.paid_fen for row in make.rows(Order)] == [4280]


def test_the_documented_program_sends_orders(shop, app):
    shown: dict[str, Any] = {}
    exec(block("python") + "\n" + block("python", 1), shown)
    running = serve_in_thread(app)
    known = {"shop": shop.name, "key": shop.key, "secret": shop.secret}
    order = json.loads(block("json"))["orders"][0]

    try:
        answers = [shown["send"](running.url, known | more, [order]) for more in ({}, {}, {"secret": "other"})]
    finally:
        running.close()

    assert [answer.get("accepted") for answer in answers] == [1, 0, None]
    assert answers[1]["unchanged"] == 1
    assert answers[2]["error"] == "bad_signature"


def test_every_field_is_documented():
    fields = {*OrderForm.model_fields, *ItemForm.model_fields, *ProductForm.model_fields, *EventForm.model_fields}

    assert [field for field in sorted(fields) if f"`{field}`" not in TEXT and f"items[].{field}`" not in TEXT] == []
