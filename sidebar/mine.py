"""The sidebar opened outside a chat: my to-dos, my customers, my figures."""

from datetime import timedelta

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, fit
from crm import own_customers, staff_figures, todos
from runtime import runtime
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import at, todo_json

LATELY = timedelta(days=30)


class Asked(Form):
    q: str = Field("", max_length=64)
    before: int | None = Field(None, ge=1, le=2**63 - 1)


@blueprint.get("/mine")
@staff_only
def mine() -> ResponseReturnValue:
    """`?q=&before=`: `{todos, customers, next_before}`: one's own open to-dos, and the customers one follows."""
    asked = fit(Asked, {"q": request.args.get("q", "").strip(), "before": _number(request.args.get("before"))})
    with runtime().reading() as session:
        open_todos = todos.of_staff(session, g.staff)
        found, next_before = own_customers.page(session, g.staff, searched=asked.q, before=asked.before)
    if wants_part():
        is_part = "part" in request.args or asked.before
        template = "sidebar/mine_rows.html" if is_part else "sidebar/mine.html"
        facts = {"todos": open_todos, "customers": found, "next_before": next_before, "q": asked.q}
        return answer(render_template(template, **facts, now=runtime().now()))
    return answer(
        None,
        {
            "todos": [
                todo_json(todo) | {"external_userid": contact.external_userid, "customer": contact.name}
                for todo, contact in open_todos
            ],
            "customers": [one._asdict() | {"followed_at": at(one.followed_at)} for one in found],
            "next_before": next_before,
        },
    )


@blueprint.get("/mine/figures")
@staff_only
def my_figures() -> ResponseReturnValue:
    """`{sent, opened, used, revenue_fen}` of the last 30 days: one's own."""
    with runtime().reading() as session:
        [found] = staff_figures.of(session, [g.staff.id], since=runtime().now() - LATELY)
    page = render_template("sidebar/figures.html", figures=found) if wants_part() else None
    told = found._asdict()
    return answer(page, {name: told[name] for name in ("sent", "opened", "used", "revenue_fen")})


def _number(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else text
