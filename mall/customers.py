"""`GET /mall/customers/<unionid>`: what a shop's own pages may know of who is in front of them."""

from typing import Any

from crm import audience_members, consents, customers, orders
from mall import blueprint
from mall.signatures import shop_signed
from runtime import runtime


@blueprint.get("/customers/<unionid>")
@shop_signed
def read_customer(unionid: str) -> dict[str, Any]:
    """Tags, totals and audiences of a customer; no name, no phone, nothing staff wrote.

    Who turned recommendations off is in no audience here. 404 `not_found` for a unionid nobody has told us.
    """
    now = runtime().now()
    with runtime().reading() as session:
        customer_id = customers.of_unionid(session, unionid)
        totals = orders.totals(session, customer_id)
        is_off = consents.personalisation_off(session, customer_id)
        return {
            "unionid": unionid,
            "tags": [
                {"group": carried.tag.group_name, "name": carried.tag.name}
                for carried in customers.tags(session, customer_id)
            ],
            "spend_fen": totals.spend_fen,
            "order_count": totals.order_count,
            "last_order_at": totals.last_order_at.isoformat() if totals.last_order_at else None,
            "audiences": [] if is_off else audience_members.audiences_of(session, customer_id, now=now),
            "personalisation": not is_off,
        }
