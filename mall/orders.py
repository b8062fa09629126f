"""`POST /mall/orders`: a shop sends its orders."""

from collections import Counter
from functools import partial
from typing import Any

from flask import g
from pydantic import Field

from bodies import Form, fit, parse_json
from crm import orders
from crm.errors import BadInput, Refused
from crm.orders import Incoming
from mall import blueprint
from mall.forms import OrderForm
from mall.signatures import shop_signed
from runtime import runtime

MOST_ORDERS = 1000


class OrdersForm(Form):
    """The body; each order is checked by itself, so that a bad one does not lose the others."""

    shop: str
    orders: list[Any] = Field(max_length=MOST_ORDERS)


@blueprint.post("/orders")
@shop_signed
def receive_orders() -> dict[str, Any]:
    """Store up to 1,000 orders; safe to repeat.

    Body `{"shop", "orders": […]}`; answers what became of each: accepted, unchanged, stale or rejected, and why.
    """
    form = fit(OrdersForm, parse_json(g.body))
    if form.shop != g.shop.name:
        raise Refused("shop 不是这把 key 的店铺", field="shop")
    results: list[dict[str, Any]] = []
    good: list[tuple[dict[str, Any], Incoming]] = []
    for index, sent in enumerate(form.orders):
        result: dict[str, Any] = {"index": index}
        results.append(result)
        if isinstance(sent, dict) and isinstance(sent.get("order_no"), str):
            result["order_no"] = sent["order_no"][:64]
        try:
            good.append((result, fit(OrderForm, sent, now=runtime().now()).incoming()))
        except BadInput as problem:
            result |= {"result": "rejected", "reason": problem.message} | (
                {"field": problem.field} if problem.field else {}
            )
    _store(good)
    counts = Counter(result["result"] for result in results)
    return {name: counts[name] for name in ("accepted", "unchanged", "stale", "rejected")} | {"results": results}


def _store(good: list[tuple[dict[str, Any], Incoming]]) -> None:
    """Batch after batch, each in a transaction of its own; an answered batch is on disk."""
    answers = iter(result for result, _ in good)
    for batch in orders.batches(incoming for _, incoming in good):
        store = partial(orders.store, shop=g.shop, batch=batch, vault=runtime().vault, now=runtime().now())
        stored = runtime().in_transaction(store)
        for outcome in stored:
            next(answers)["result"] = outcome
