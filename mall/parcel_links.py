"""`POST /mall/parcel-links`: the addresses a shop's ERP prints with its parcels."""

from typing import Annotated, Any

from flask import g
from pydantic import Field

from bodies import Form, fit, parse_json
from crm import parcel_links
from crm.errors import Refused
from mall import blueprint
from mall.forms import Code
from mall.signatures import shop_signed
from runtime import runtime

MOST = 500


class ParcelLinksForm(Form):
    shop: str
    order_nos: Annotated[list[Code], Field(min_length=1, max_length=MOST)]


@blueprint.post("/parcel-links")
@shop_signed
def sign_parcel_links() -> dict[str, Any]:
    """Body `{"shop", "order_nos": [up to 500]}`; answers `{"links": [{"order_no", "url"}, …]}` in the same order.

    The orders need not be known yet; the same order always gets the same link.
    """
    form = fit(ParcelLinksForm, parse_json(g.body))
    if form.shop != g.shop.name:
        raise Refused("shop 不是这把 key 的店铺", field="shop")
    url, vault = runtime().settings.landing_url, runtime().vault
    return {
        "links": [
            {"order_no": order_no, "url": parcel_links.link(url, g.shop, order_no, vault=vault)}
            for order_no in form.order_nos
        ]
    }
