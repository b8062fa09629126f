"""Colleagues' notes about the customer in the chat."""

from flask import g, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_form
from crm import audits, customers, notes
from crm.errors import BadInput
from runtime import runtime
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import at


class Written(Form):
    text: str = Field(min_length=1, max_length=1000)
    is_private: bool = False
    external_userid: str | None = Field(None, min_length=1, max_length=64)


@blueprint.get("/customers/<int:customer_id>/notes")
@staff_only
def customer_notes(customer_id: int) -> ResponseReturnValue:
    """`{notes: [{id, text, by, at, is_private, mine}]}`: everybody's, and one's own private ones; newest first."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        found = notes.of_customer(session, g.staff, customer.id)
    told = [
        {
            "id": note.id, "text": note.text, "by": author.name, "at": at(note.created_at),
            "is_private": note.is_private, "mine": author.id == g.staff.id,
        }
        for note, author in found
    ]  # fmt: skip
    page = render_template("sidebar/sections/notes.html", notes=found, customer_id=customer.id)
    return answer(page if wants_part() else None, {"notes": told})


@blueprint.post("/customers/<int:customer_id>/notes")
@staff_only
def write_note(customer_id: int) -> ResponseReturnValue:
    """`{"text", "is_private"?}`: 201 `{note: {id}}`; a private one is for its author alone."""
    form = read_form(Written)
    if not form.text.strip():
        raise BadInput("还没写字", field="text")
    now = runtime().now()
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, form.external_userid)
        note = notes.write(session, contact, g.staff, form.text.strip(), is_private=form.is_private, now=now)
        audits.note(
            session, actor=g.actor, action="note.write", subject=f"customer:{customer.id}", now=now, note=note.id
        )
        return {"note": {"id": note.id}}, 201


@blueprint.post("/notes/<int:note_id>/delete")
@staff_only
def delete_note(note_id: int) -> ResponseReturnValue:
    """Take back a note of one's own; safe to repeat."""
    now = runtime().now()
    with runtime().transaction() as session:
        notes.take_back(session, g.staff, note_id, now=now)
        audits.note(session, actor=g.actor, action="note.delete", subject=f"note:{note_id}", now=now)
    return {"deleted": True}
