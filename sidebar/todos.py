"""To-dos of the customer in the chat: reminders, calls, suggestions put off, handed over or done."""

from datetime import datetime, timedelta
from typing import Literal

from flask import g, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, read_form
from crm import audits, calendars, customers, todos
from crm.errors import BadInput, Conflict
from models.todo import Todo
from runtime import runtime
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.saying import suggested
from sidebar.shapes import todo_json

MORNING = "09:30"
Id = Field(ge=1, le=2**63 - 1)


class Plan(Form):
    kind: Literal["reminder", "call"]
    title: str = Field(min_length=1, max_length=60)
    text: str = Field("", max_length=1000)
    at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")  # in the shop's time zone
    occasion: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    external_userid: str | None = Field(None, min_length=1, max_length=64)


class Later(Form):
    suggestion: str | None = Field(None, max_length=80)
    todo_id: int | None = Field(None, ge=1, le=2**63 - 1)


class Done(Form):
    state: Literal["done", "dropped"] = "done"
    result: str = Field("", max_length=500)


class HandOver(Form):
    userid: str = Field(min_length=1, max_length=64)


@blueprint.get("/customers/<int:customer_id>/todos")
@staff_only
def customer_todos(customer_id: int) -> ResponseReturnValue:
    """`{todos}`: what this member is to do about the customer, first due first."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        mine = [todo for todo in todos.with_customer(session, g.staff, customer.id) if todo.state == "open"]
        others = [one.staff for one in customers.followers(session, customer.id) if one.staff.id != g.staff.id]
    tomorrow = (runtime().now().astimezone(runtime().zone) + timedelta(days=1)).strftime("%Y-%m-%dT10:00")
    facts = {"todos": mine, "others": others, "customer_id": customer.id, "tomorrow": tomorrow}
    page = render_template("sidebar/todos.html", **facts) if wants_part() else None
    return answer(page, {"todos": [todo_json(todo) for todo in mine]})


@blueprint.post("/customers/<int:customer_id>/todos")
@staff_only
def plan_todo(customer_id: int) -> ResponseReturnValue:
    """`{"kind": reminder|call, "title", "text"?, "at": "2026-11-28T10:00", "occasion"}`: 201, told by the app then."""
    form = read_form(Plan)
    now = runtime().now()
    day, _, at_time = form.at.partition("T")
    try:
        due_at = calendars.at_local(datetime.fromisoformat(day).date(), at_time, runtime().zone)
    except (ValueError, OverflowError):
        raise BadInput("日期或时间不对", field="at") from None
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, form.external_userid)
        todo = todos.plan(
            session, contact, g.staff, key=f"{form.kind}:{g.staff.id}:{form.occasion}", kind=form.kind,
            title=form.title, text=form.text, due_at=due_at, by=g.actor, now=now,
        )  # fmt: skip
        _audit(session, "todo.plan", todo)
        return {"todo": todo_json(todo)}, 201


@blueprint.post("/customers/<int:customer_id>/todos/later")
@staff_only
def put_off_todo(customer_id: int) -> ResponseReturnValue:
    """明天再说: `{"todo_id"}` or `{"suggestion"}`; due tomorrow at half past nine."""
    form = read_form(Later)
    now, zone = runtime().now(), runtime().zone
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, None)
        todo = (
            todos.of(session, g.staff, form.todo_id)
            if form.todo_id
            else suggested(session, form.suggestion or "", contact)
        )
        todos.put_off(session, todo, until=calendars.at_local(tomorrow, MORNING, zone))
        _audit(session, "todo.put_off", todo)
    return {"later": True}


@blueprint.get("/todos/<int:todo_id>/result")
@staff_only
def todo_result(todo_id: int) -> ResponseReturnValue:
    """The form for what came of it; `{todo}` as JSON."""
    with runtime().reading() as session:
        todo = todos.of(session, g.staff, todo_id)
    page = render_template("sidebar/todo_result.html", todo=todo) if wants_part() else None
    return answer(page, {"todo": todo_json(todo)})


@blueprint.post("/todos/<int:todo_id>/done")
@staff_only
def finish_todo(todo_id: int) -> ResponseReturnValue:
    """`{"state": done|dropped, "result"?}`; safe to repeat."""
    form = read_form(Done)
    with runtime().transaction() as session:
        todo = todos.of(session, g.staff, todo_id)
        if todos.finish(session, todo, state=form.state, result=form.result, now=runtime().now()):
            _audit(session, f"todo.{form.state}", todo)
    return {"state": form.state}


@blueprint.post("/todos/<int:todo_id>/hand-over")
@staff_only
def hand_over_todo(todo_id: int) -> ResponseReturnValue:
    """`{"userid"}`: a colleague who follows the customer does it. 409 for one who does not."""
    form = read_form(HandOver)
    with runtime().transaction() as session:
        todo = todos.of(session, g.staff, todo_id)
        colleague = todos.may_take(session, todo, form.userid)
        if colleague is None:
            raise Conflict("这位同事没有跟进这位客户，交不出去")
        todos.hand_over(session, todo, colleague)
        _audit(session, "todo.hand_over", todo)
    return {"handed_to": form.userid}


def _audit(session: Session, action: str, todo: Todo) -> None:
    audits.note(session, actor=g.actor, action=action, subject=f"todo:{todo.id}", now=runtime().now())
