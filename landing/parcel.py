"""The page behind the code in a parcel: the order becomes the visitor's, before and after they add somebody."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from crm import channels, claims, orders, parcel_links
from crm.errors import Refused
from crm.identities import Key
from landing.door import blueprint, count, customer, place, visitor
from landing.ladder import ask_who_it_is
from models.shop import Shop
from runtime import runtime

LONGEST = 64  # of an order number


class ChangedLink(Refused):
    """Not a link we signed, or changed since."""

    code = "changed_link"


@blueprint.get("/p")
@customer
def parcel() -> ResponseReturnValue:
    """`?k=<shop id>&o=<order number>&s=<signature>`; 403 when it is not as we signed it."""
    shop, order_no = _signed()
    away = ask_who_it_is()
    if away is not None:
        return away
    who = visitor()
    outcome = _bind(who.key, shop, order_no) if who and who.key else place() if who is None else "staff"
    count("parcel", outcome)
    with runtime().reading() as session:
        is_here = orders.is_known(session, shop, order_no)
        qr_code = channels.qr_code(session, runtime().settings.landing.contact_way_state)
    return render_template(
        "landing/parcel.html",
        shop=shop,
        order_no=order_no,
        outcome=outcome,
        is_here=is_here,
        is_contact=bool(who and who.external_userid),
        qr_code=qr_code,
    )


def _signed() -> tuple[Shop, str]:
    """The shop and the order number of the link in hand."""
    number, order_no, signed = (request.args.get(name, "") for name in ("k", "o", "s"))
    shop_id = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    is_ours = parcel_links.is_ours(shop_id, order_no, signed, vault=runtime().vault)
    if is_ours and 0 < len(order_no) <= LONGEST:
        with runtime().reading() as session:
            shop = session.get(Shop, shop_id)
        if shop is not None:
            return shop, order_no
    count("parcel", "changed_link")
    raise ChangedLink("这个链接不完整，或者改动过。请再扫一次包裹里的卡片")


def _bind(key: Key, shop: Shop, order_no: str) -> str:
    now = runtime().now()
    against = runtime().in_transaction(
        lambda session: claims.bind(session, key, shop, order_no, "parcel", by="customer", now=now)
    )
    return "waits" if against else "bound"
