"""A customer's orders: pages of them, and one."""

from datetime import datetime

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, fit, read_form
from crm import customers, order_history, order_words
from crm.errors import Conflict
from crm.order_history import Bought, Filter
from runtime import runtime
from sidebar import sendings
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.sendings import Send
from sidebar.shapes import order_json
from words import gettext

A_PAGE = 20


class Asked(Form):
    """The query of a page of orders."""

    before: int | None = Field(None, ge=1, le=2**63 - 1)
    only: Filter = "all"
    q: str = Field("", max_length=64)


@blueprint.get("/customers/<int:customer_id>/orders")
@staff_only
def customer_orders(customer_id: int) -> ResponseReturnValue:
    """`?before=&only=all|paid|shipped|refunded&q=`: `{orders, next_before, counts, years}`, newest first.

    `q` is the beginning of an order number or a part of a product's name; `before` is `next_before` of the last page.
    """
    before = request.args.get("before")
    asked = fit(
        Asked,
        {
            "before": int(before) if before and before.isascii() and before.isdigit() and len(before) < 20 else before,
            "only": request.args.get("only", "all"),
            "q": request.args.get("q", "").strip(),
        },
    )
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        page = order_history.history(
            session, customer.id, limit=A_PAGE, before=asked.before, only=asked.only, search=asked.q
        )
        counts = order_history.counts(session, customer.id)
        years = order_history.by_year(session, customer.id, _years(page.orders), runtime().zone)
        pictures = order_history.pictures(session, [bought.order for bought in page.orders]) if wants_part() else {}
    shown = {"orders": [order_json(bought) for bought in page.orders], "next_before": page.next_before}
    if not wants_part():
        return answer(None, shown | {"counts": counts, "years": _years_json(years)})
    template = "sidebar/order_rows.html" if asked.before or "part" in request.args else "sidebar/orders.html"
    facts = {"page": page, "counts": counts, "years": years, "asked": asked, "customer_id": customer.id}
    return answer(render_template(template, **facts, pictures=pictures, year_of=year_of))


@blueprint.get("/customers/<int:customer_id>/orders/<int:order_id>")
@staff_only
def customer_order(customer_id: int, order_id: int) -> ResponseReturnValue:
    """One order with its lines; 403 when it is not this customer's."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        bought = order_history.order_of(session, customer.id, order_id)
        ready = _ready(session, customer.id, bought)
        pictures = order_history.pictures(session, [bought.order]) if wants_part() else {}
    if wants_part():
        facts = {"bought": bought, "ready": ready, "pictures": pictures, "customer_id": customer.id}
        return answer(render_template("sidebar/order.html", **facts))
    return answer(None, order_json(bought))


@blueprint.post("/customers/<int:customer_id>/orders/<int:order_id>/words/<about>")
@staff_only
def send_order_words(customer_id: int, order_id: int, about: str) -> ResponseReturnValue:
    """Words about an order (`shipped`, `care`, `review`), put on record; answers as every sending does."""
    form = read_form(Send)
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
    verdict = sendings.asked(contact)
    with runtime().transaction() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
        bought = order_history.order_of(session, contact.customer_id, order_id)
        text = dict(_ready(session, contact.customer_id, bought)).get(about)
        if text is None:
            raise Conflict("这笔订单现在不用说这句")
        key = f"words:order{order_id}:{g.staff.id}:{form.occasion}"
        touch, send = sendings.put_on_record(session, verdict, key=key, kind="words", contact=contact, text=text)
        return sendings.answer(touch, send=send)


def _ready(session: Session, customer_id: int, bought: Bought) -> list[tuple[str, str]]:
    contact = customers.open_contact(session, g.staff, customer_id, None)
    called = customers.remark_of(session, g.staff, contact) or contact.name
    found = order_words.ready(session, bought.order, called)
    return [(about, gettext(said.key, **said.values)) for about, said in found]


def year_of(moment: datetime) -> int:
    return moment.astimezone(runtime().zone).year


def _years(orders: list[Bought]) -> list[int]:
    return sorted({year_of(bought.order.ordered_at) for bought in orders}, reverse=True)


def _years_json(years: dict[int, tuple[int, int]]) -> list[dict[str, int]]:
    return [{"year": year, "order_count": count, "spend_fen": spend} for year, (count, spend) in years.items()]
