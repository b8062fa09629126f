"""Words of a to-do or a suggestion, sent into the chat by the page's hand."""

from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import read_form
from crm import todos
from crm.errors import BadInput, Conflict
from models.contact import Contact
from models.todo import Todo
from runtime import runtime
from sidebar import cards, sendings
from sidebar.door import blueprint, staff_only
from sidebar.sendings import Send
from words import gettext

MOST_BYTES = 4000  # WeCom's for a text


class Say(Send):
    text: str = Field(min_length=1, max_length=1000)
    todo_id: int | None = Field(None, ge=1, le=2**63 - 1)
    suggestion: str | None = Field(None, max_length=80)


@blueprint.post("/customers/<int:customer_id>/say")
@staff_only
def say(customer_id: int) -> ResponseReturnValue:
    """Record the words about to be sent: `{"text", "occasion", "todo_id"? | "suggestion"?, "external_userid"?}`.

    201 `{"send": true, "text", "touch"}`: the page sends and says how it went, and what went out is done. 200
    `{"send": false, "message"}` when this occasion was had before, or the gate holds everything back.
    """
    form = read_form(Say)
    if len(form.text.encode()) > MOST_BYTES or not form.text.strip():
        raise BadInput("文字太长或是空的", field="text")
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
    verdict = sendings.asked(contact)
    with runtime().transaction() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
        todo = _about(session, form, contact)
        key = f"todo:{todo.id}:{form.occasion}"
        touch, send = sendings.put_on_record(session, verdict, key=key, kind="todo", contact=contact, text=form.text)
        return sendings.answer(touch, send=send)


def _about(session: Session, form: Say, contact: Contact) -> Todo:
    """The to-do the words are for; a suggestion becomes one when it is acted upon."""
    if form.todo_id is not None:
        todo = todos.of(session, g.staff, form.todo_id)
        if todo.identity_id != contact.identity_id:
            raise Conflict("这件事是别的客户的")
        return todo
    return suggested(session, form.suggestion or "", contact)


def suggested(session: Session, occasion: str, contact: Contact) -> Todo:
    """What is suggested for this contact now, as a to-do; 409 when it no longer is."""
    now, zone = runtime().now(), runtime().zone
    key = todos.suggestion_key(contact.identity_id, g.staff, occasion)
    known = todos.by_key(session, key)
    if known is not None:
        return known
    card = cards.read(session, g.staff, contact.external_userid, latest=1, now=now, zone=zone)
    if card.suggestion is None or card.suggestion.key != occasion:
        raise Conflict("这条建议过时了，刷新一下")
    title, text = (gettext(said.key, **said.values) for said in (card.suggestion.title, card.suggestion.text))
    return todos.plan(
        session, contact, g.staff, key=key, kind="suggestion", title=title, text=text, due_at=now, by="system", now=now
    )
