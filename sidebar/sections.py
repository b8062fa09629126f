"""What folds below the first screen, each loaded when it is opened."""

from datetime import timedelta
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from crm import browsing, customer_reports, customers, glances, product_shares
from crm.product_shares import Opening
from runtime import runtime
from sidebar import cards
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import at, coupon_json, follower_json
from sidebar.touches import touch_json

BROWSED = timedelta(days=30)
TOUCHES = 30


@blueprint.get("/customers/<int:customer_id>/followers")
@staff_only
def customer_followers(customer_id: int) -> ResponseReturnValue:
    """`{followers}`: everybody who follows the customer now, with their words, when and by which channel."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        found = customers.followers(session, customer.id)
    return _answer("followers", {"followers": [follower_json(one) for one in found]}, followers=found)


@blueprint.get("/customers/<int:customer_id>/held-coupons")
@staff_only
def held_coupons(customer_id: int) -> ResponseReturnValue:
    """`{coupons}`: what the customer was given, and how each was sent; newest first."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        held = cards.held(session, customer.id, now=runtime().now())
        gender = customers.contacts_followed(session, g.staff, customer.id)[0].gender
    told = {"coupons": [coupon_json(one) for one in held]}
    return _answer("held_coupons", told, held_coupons=held, gender=gender)


@blueprint.get("/customers/<int:customer_id>/browsing")
@staff_only
def customer_browsing(customer_id: int) -> ResponseReturnValue:
    """`{days: [{on, products: [{sku, name, views, carts}]}]}` of 30 days, from the roll-up, newest first."""
    today = runtime().now().astimezone(runtime().zone).date()
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        days = browsing.by_day(session, customer.id, since=today - BROWSED)
    told = [{"on": day.on.isoformat(), "products": [one._asdict() for one in day.products]} for day in days]
    return _answer("browsing", {"days": told}, days=days, today=today)


@blueprint.get("/customers/<int:customer_id>/touches")
@staff_only
def customer_touches(customer_id: int) -> ResponseReturnValue:
    """`{touches}` of the last 30 days, newest first, with who sent them; texts stay sealed.

    `opened_at` of a product, and `tells_opening`: false where the platform does not say.
    """
    since = runtime().now() - glances.LATELY
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        found = [
            (touch, name)
            for touch, name in customer_reports.touches(session, customer.id, limit=TOUCHES)
            if touch.created_at >= since
        ]
        openings = product_shares.openings(session, [touch.id for touch, _ in found if touch.kind == "product"])
    told = [
        touch_json(touch)
        | {"kind": touch.kind, "by": name, "at": at(touch.created_at)}
        | _opening_json(openings.get(touch.id))
        for touch, name in found
    ]
    return _answer("touches", {"touches": told}, touches=found, openings=openings)


def _opening_json(opening: Opening | None) -> dict[str, Any]:
    return {"opened_at": at(opening.opened_at), "tells_opening": opening.tells} if opening else {}


def _answer(section: str, machine: dict[str, Any], **facts: Any) -> ResponseReturnValue:
    return answer(render_template(f"sidebar/sections/{section}.html", **facts) if wants_part() else None, machine)
