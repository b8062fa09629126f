"""`POST /mall/orders`: a shop sends its orders."""

from typing import Any

from flask import g

from bodies import Form, fit
from crm import orders
from crm.orders import Incoming
from mall import blueprint
from mall.forms import OrderForm
from mall.intake import Intake, Records
from mall.signatures import shop_signed
from runtime import runtime


class OrdersForm(Form):
    shop: str
    orders: Records


@blueprint.post("/orders")
@shop_signed
def receive_orders() -> dict[str, Any]:
    """Store up to 1,000 orders, or as many as the lines of 8 MB hold; safe to repeat.

    Body `{"shop", "orders": […]}`; answers what became of each: accepted, unchanged, stale or rejected, and why.
    """
    now, vault, shop = runtime().now(), runtime().vault, g.shop
    intake = Intake(
        "order_no",
        read=lambda sent: fit(OrderForm, sent, now=now).incoming(),
        batches=orders.batches,
        store=lambda session, batch: orders.store(session, shop, batch, vault=vault, now=now),
        warn=oddities,
    )
    return intake.receive(OrdersForm, "orders")


def oddities(order: Incoming) -> list[tuple[str, str]]:
    """What does not add up in an order that is taken as it is: the shop's figures are the shop's."""
    found = []
    if sum(item.quantity * item.price_fen for item in order.items) != order.total_fen:
        found.append(("total_fen", "total_fen 不等于各商品 quantity × price_fen 之和"))
    if sum(item.refunded_fen for item in order.items) > order.refunded_fen:
        found.append(("refunded_fen", "各商品的 refunded_fen 之和大于订单的 refunded_fen"))
    if order.paid_at is not None and order.paid_at < order.created_at:
        found.append(("paid_at", "paid_at 早于 created_at"))
    return found
