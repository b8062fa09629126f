"""绑定订单: staff type the number a customer told them, and may take back what they typed."""

from flask import g, make_response, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, read_form
from crm import claims, customers, orders, shops, staff, typed_orders
from crm.errors import Conflict, NotFound, TooMany
from crm.identities import Key
from models.shop import Shop
from runtime import runtime
from sidebar.door import blueprint, staff_only, wants_part
from words import gettext

TRIES = 50  # a day and member: enough for a busy one, too few to try numbers


class Binding(Form):
    order_no: str = Field(min_length=1, max_length=80)
    shop_id: int | None = Field(None, ge=1, le=2**63 - 1)  # absent with one shop
    external_userid: str | None = Field(None, min_length=1, max_length=64)  # the open chat, when there are several


@blueprint.get("/customers/<int:customer_id>/bindings")
@staff_only
def bindings(customer_id: int) -> ResponseReturnValue:
    """`{bindings: [{id, shop, order_no, by, counts, mine}]}`: numbers staff typed for this customer."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        typed = typed_orders.of_customer(session, customer.id)
        known = shops.every(session)
        userids = {by: by.removeprefix("staff:").lower() for by in {each.by for each in typed}}
        called = staff.names_of(session, userids.values())
        names = {by: called.get(userid) for by, userid in userids.items()}
    if wants_part():
        facts = {"customer_id": customer.id, "typed": typed, "shops": known, "names": names}
        answer = make_response(render_template("sidebar/bindings.html", **facts))
    else:
        answer = make_response(
            {
                "bindings": [
                    {
                        "id": each.link_id, "shop": each.shop, "order_no": each.order_no, "by": each.by,
                        "counts": each.counts, "mine": each.by == g.actor,
                    }
                    for each in typed
                ]
            }
        )  # fmt: skip
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/customers/<int:customer_id>/bindings")
@staff_only
def bind_order(customer_id: int) -> ResponseReturnValue:
    """The order, and with it every order of its buyer, is this customer's; safe to repeat.

    Body `{"order_no", "shop_id"?, "external_userid"?}`. 404 for a number that is not known (yet), 409 `conflict` when
    it is somebody else's already: that is on record, and an operator decides. 429 after 50 tries a day.
    """
    form = read_form(Binding)
    now = runtime().now()
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        theirs = customers.contacts_followed(session, g.staff, customer.id)
        contact = next((each for each in theirs if form.external_userid in (None, each.external_userid)), None)
        if contact is None:
            raise customers.not_yours()
        on_day = now.astimezone(runtime().zone).date()
        has_try = claims.take_try(session, g.actor, on_day=on_day, most=TRIES)
        shop = _shop(session, form.shop_id)
        order_no = "".join(form.order_no.split())
        is_known = shop is not None and orders.is_known(session, shop, order_no)
    if not has_try:
        raise TooMany("今天填得太多了，明天再填，或者请运营来绑定")
    if shop is None or not is_known:
        raise NotFound("没查到这个订单号。核对一下，刚下的单要等几分钟")
    key = Key("external_userid", "", contact.external_userid)
    against = runtime().in_transaction(
        lambda session: claims.bind(session, key, shop, order_no, "staff_order", by=g.actor, now=now)
    )
    if against:
        raise Conflict("这笔订单和这位客户对不上，可能是别人的。记下来了，等运营核实")
    return {"bound": True, "message": gettext("绑好了。同一个买家的订单都会归过来")}, 201


@blueprint.post("/customers/<int:customer_id>/bindings/<int:link_id>/undo")
@staff_only
def undo_binding(customer_id: int, link_id: int) -> ResponseReturnValue:
    """Take back what one typed oneself; the orders go back to where they were."""
    now = runtime().now()
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
    runtime().in_transaction(lambda session: typed_orders.take_back(session, customer.id, link_id, by=g.actor, now=now))
    return {"bound": False}


def _shop(session: Session, shop_id: int | None) -> Shop | None:
    if shop_id is not None:
        return session.get(Shop, shop_id)
    known = shops.every(session)
    return known[0] if len(known) == 1 else None
