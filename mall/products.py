"""`POST /mall/products`: a shop sends what it sells."""

from typing import Any

from flask import g

from bodies import Form, fit
from crm import products
from mall import blueprint
from mall.intake import Intake, Records
from mall.product_forms import ProductForm
from mall.signatures import shop_signed
from runtime import runtime


class ProductsForm(Form):
    shop: str
    products: Records


@blueprint.post("/products")
@shop_signed
def receive_products() -> dict[str, Any]:
    """Store up to 1,000 products, or as many as the lines of 8 MB hold; safe to repeat.

    Body `{"shop", "products": […]}`; answers what became of each: accepted, unchanged, stale or rejected, and why.
    """
    now, shop = runtime().now(), g.shop
    intake = Intake(
        "sku",
        read=lambda sent: fit(ProductForm, sent, now=now).incoming(),
        batches=products.batches,
        store=lambda session, batch: products.store(session, shop, batch, now=now),
    )
    return intake.receive(ProductsForm, "products")
