"""A customer's orders: pages of them, and one."""

from datetime import datetime

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, fit
from crm import customers, order_history
from crm.order_history import Bought, Filter
from runtime import runtime
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.shapes import order_json

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
    shown = {"orders": [order_json(bought) for bought in page.orders], "next_before": page.next_before}
    if not wants_part():
        answer = make_response(shown | {"counts": counts, "years": _years_json(years)})
    else:
        template = "sidebar/order_rows.html" if asked.before or "part" in request.args else "sidebar/orders.html"
        facts = {"page": page, "counts": counts, "years": years, "asked": asked, "customer_id": customer.id}
        answer = make_response(render_template(template, **facts, year_of=year_of))
    answer.vary.add("HX-Request")
    return answer


@blueprint.get("/customers/<int:customer_id>/orders/<int:order_id>")
@staff_only
def customer_order(customer_id: int, order_id: int) -> ResponseReturnValue:
    """One order with its lines; 403 when it is not this customer's."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        bought = order_history.order_of(session, customer.id, order_id)
    if wants_part():
        answer = make_response(render_template("sidebar/order.html", bought=bought))
    else:
        answer = make_response(order_json(bought))
    answer.vary.add("HX-Request")
    return answer


def year_of(moment: datetime) -> int:
    return moment.astimezone(runtime().zone).year


def _years(orders: list[Bought]) -> list[int]:
    return sorted({year_of(bought.order.ordered_at) for bought in orders}, reverse=True)


def _years_json(years: dict[int, tuple[int, int]]) -> list[dict[str, int]]:
    return [{"year": year, "order_count": count, "spend_fen": spend} for year, (count, spend) in years.items()]
