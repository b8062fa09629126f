"""An order of a file, checked as the mall checks one: by its own form, but a product's texts only once.

A file names the same few thousand products in millions of lines. What the quick look does not like goes through the
form as it stands, which says why.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from bodies import fit
from crm.errors import BadInput
from crm.orders import Incoming, Item
from mall.forms import MOST_FEN, MOST_ITEMS, ItemForm, OrderForm

MOST_PIECES = 1_000_000


def incoming(order: Mapping[str, Any], *, now: datetime) -> Incoming:
    """The order as it is stored. Raises `BadInput` naming the first misfit."""
    items = order["items"]
    if len(items) > MOST_ITEMS or not all(map(_is_fine, items)):
        return fit(OrderForm, order, now=now).incoming()
    checked = fit(OrderForm, {**order, "items": items[:1]}, now=now).incoming()
    return checked._replace(items=tuple(Item(**item) for item in items))


def _is_fine(item: Mapping[str, Any]) -> bool:
    return (
        1 <= item["quantity"] <= MOST_PIECES
        and 0 <= item["price_fen"] <= MOST_FEN
        and 0 <= item["refunded_quantity"] <= item["quantity"]
        and 0 <= item["refunded_fen"] <= MOST_FEN
        and _has_fine_texts(item["sku"], item["name"], item["category"])
    )


@lru_cache(maxsize=20_000)
def _has_fine_texts(sku: str, name: str, category: str | None) -> bool:
    """And so that storing them changes nothing: a category that is empty is none."""
    try:
        form = fit(ItemForm, {"sku": sku, "name": name, "category": category, "quantity": 1, "price_fen": 0})
    except BadInput:
        return False
    return form.category == category
