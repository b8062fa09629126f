"""Customers: the list, and one customer with their orders, what they did, and why they are one person."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import customer_tabs, identity_words
from console.customer_words import lines_in_words
from console.door import CUSTOMERS, blueprint, is_part, may, user_only
from console.inbox import number_asked
from crm import audits, customer_lists, customer_reports, customers, order_history, orders, scopes
from crm.customer_lists import Wanted
from crm.errors import Refused
from models.order import Order
from models.vault import Unopenable
from runtime import runtime

PAGE = 50
LONGEST_SEARCH = 100


class Which(Form):
    order: str = Field(pattern=r"^[0-9]{1,18}$")


@blueprint.get("/customers")
@user_only(*CUSTOMERS)
def customers_page() -> ResponseReturnValue:
    """Fifty at a time, the newest first."""
    wanted, before = _wanted(), number_asked("before")
    with runtime().reading() as session:
        scope = scopes.of(session, g.user)
        lines = customer_lists.page(session, wanted, scope=scope, vault=runtime().vault, before=before, limit=PAGE + 1)
        tags = customer_lists.tags(session)
    asked = {name: request.args[name] for name in ("q", "followed", "bought", "tag") if request.args.get(name)}
    return render_template(
        "console/customer_rows.html" if is_part() and before else "console/customers.html",
        here="customers", lines=lines_in_words(lines[:PAGE]), more=len(lines) > PAGE, wanted=wanted, asked=asked,
        tags=tags, unscoped=scope is not None and not scope,
    )  # fmt: skip


def _wanted() -> Wanted:
    search, tag = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH], number_asked("tag")
    followed, bought = request.args.get("followed", ""), request.args.get("bought", "")
    for answer in (followed, bought):
        if answer not in ("", "yes", "no"):
            raise NoSuchPage
    return Wanted(search, followed, bought, tag)  # type: ignore[arg-type]


@blueprint.get("/customers/<int:customer_id>")
@user_only(*CUSTOMERS)
def customer_page(customer_id: int) -> ResponseReturnValue:
    """`tab` names the part under the figures: orders, behaviour, coupons, touches, follows, identity."""
    tab = request.args.get("tab", "orders")
    if tab not in customer_tabs.READERS:
        raise NoSuchPage
    return _shown(customer_id, tab)


@blueprint.post("/customers/<int:customer_id>/phone")
@user_only(*CUSTOMERS)
def reveal_phone(customer_id: int) -> ResponseReturnValue:
    """The whole number of one order: a right on top of the role, and every look is on record."""
    order_id, now = int(read_fields(Which).order), runtime().now()
    if not may_reveal():
        raise Refused("你还不能看完整手机号。需要的话，请老板打开")
    with runtime().transaction() as session:
        customer = scopes.customer(session, scopes.of(session, g.user), customer_id)
        order = order_history.order_of(session, customer.id, order_id).order
        audits.note(
            session, actor=g.actor, action="customer.phone", subject=f"customer:{customer.id}", now=now, order=order.id
        )
    return _shown(customer_id, "orders", revealed=(order.id, opened(order)))


def may_export() -> bool:
    return may() or bool(g.user.may_export)


def may_reveal() -> bool:
    return may() or bool(g.user.may_reveal_phones)


def opened(order: Order) -> str:
    """The number the order was placed with; empty when there is none, or it cannot be read."""
    try:
        return runtime().vault.open_text(order.phone_sealed) if order.phone_sealed else ""
    except Unopenable:
        return ""


def masked(order: Order) -> str:
    """138****6021."""
    number = opened(order)
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "****"


def _shown(customer_id: int, tab: str, *, revealed: tuple[int, str] | None = None) -> str:
    with runtime().reading() as session:
        scope = scopes.of(session, g.user)
        customer = scopes.customer(session, scope, customer_id)
        contacts = customer_reports.contacts(session, customer.id)
        followers = customers.followers(session, customer.id)
        carried = customers.tags(session, customer.id)
        totals = orders.totals(session, customer.id)
        recorded = order_history.in_all(session, customer.id)
        gap = order_history.usual_gap_days(session, customer.id)
        phones = customer_reports.phones(session, customer.id)
        part = customer_tabs.READERS[tab](session, customer.id)
    contact = contacts[-1] if contacts else None
    remark = next(
        (f.follow.remark for f in followers if f.follow.remark and (scope is None or f.staff.id in scope)), ""
    )
    if is_part() and number_asked("before"):
        return render_template("console/customer_order_rows.html", customer=customer, **part)
    return render_template(
        "console/customer.html", here="customers", customer=customer, contact=contact, remark=remark,
        followers=followers, channel=customers.came_by(followers), carried=carried, totals=totals, recorded=recorded,
        gap=gap, phones=[(order.id, masked(order)) for order in phones], revealed=revealed, tab=tab,
        tabs=customer_tabs.names(), may_reveal=may_reveal(), may_export=may_export(),
        may_decide=may("operator"), iw=identity_words,
        now=runtime().now(), **part,
    )  # fmt: skip
