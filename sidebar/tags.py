"""A customer's tags: shown by group with who put them there, given and taken through the queue to WeCom."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_form
from crm import audits, contact_edits, customers, tag_choices
from runtime import runtime
from sidebar.door import answer, blueprint, staff_only, wants_part
from sidebar.shapes import tag_json
from sidebar.words import EDIT_STATES

OCCASION = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")


class Mark(Form):
    tag_id: int = Field(ge=1, le=2**63 - 1)
    on: bool
    occasion: str = OCCASION
    external_userid: str | None = Field(None, min_length=1, max_length=64)


@blueprint.get("/customers/<int:customer_id>/tags")
@staff_only
def customer_tags(customer_id: int) -> ResponseReturnValue:
    """`{tags, writing: [{id, name, adds, state}]}`: what they carry, and what is on its way to WeCom or did not go."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        carried = customers.tags(session, customer.id)
        writing = tag_choices.writing(session, g.staff, customer.id, now=runtime().now())
    if wants_part():
        return answer(
            render_template("sidebar/sections/tags.html", tags=carried, writing=writing, customer_id=customer.id)
        )
    return answer(None, {"tags": [tag_json(one) for one in carried], "writing": [one._asdict() for one in writing]})


@blueprint.get("/customers/<int:customer_id>/tags/choices")
@staff_only
def tag_choices_of(customer_id: int) -> ResponseReturnValue:
    """`?q=`: `{choices: [{id, group, name, mine}]}`: the tags there are, those this member gave marked; 200 at most."""
    searched = request.args.get("q", "").strip()[:64]
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        choices = tag_choices.choices(session, g.staff, customer.id, searched)
        writing = tag_choices.writing(session, g.staff, customer.id, now=runtime().now())
    if not wants_part():
        return answer(None, {"choices": [one._asdict() for one in choices]})
    template = "sidebar/tag_rows.html" if "part" in request.args else "sidebar/tag_sheet.html"
    on_way = {one.tag_id: one for one in writing}
    return answer(render_template(template, choices=choices, on_way=on_way, customer_id=customer.id, q=searched))


@blueprint.post("/customers/<int:customer_id>/tags")
@staff_only
def mark_tag(customer_id: int) -> ResponseReturnValue:
    """Give or take a tag: `{"tag_id", "on", "occasion", "external_userid"?}`; 202 `{edit: {id, state}}`."""
    form = read_form(Mark)
    now = runtime().now()
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, form.external_userid)
        tag = tag_choices.of(session, form.tag_id)
        kind = "tag" if form.on else "untag"
        key = f"{kind}:{g.staff.id}:{contact.identity_id}:{tag.id}:{form.occasion}"
        edit = contact_edits.ask(session, contact, g.staff, "tag" if form.on else "untag", key=key, tag=tag, now=now)
        audits.note(
            session, actor=g.actor, action=f"customer.{kind}", subject=f"customer:{customer.id}", now=now, tag=tag.id
        )
        told = {"id": edit.id, "state": edit.state, "words": str(EDIT_STATES[edit.state])}
    runtime().wake("contact_edits")
    return {"edit": told}, 202


@blueprint.post("/edits/<int:edit_id>/retry")
@staff_only
def retry_edit(edit_id: int) -> ResponseReturnValue:
    """Once more what did not go to WeCom: one's own only; 202."""
    now = runtime().now()
    with runtime().transaction() as session:
        edit = contact_edits.retry(session, g.staff, edit_id, now=now)
        audits.note(session, actor=g.actor, action="edit.retry", subject=f"edit:{edit.id}", now=now)
        told = {"id": edit.id, "state": edit.state, "words": str(EDIT_STATES[edit.state])}
    runtime().wake("contact_edits")
    return {"edit": told}, 202
