"""资料: what staff call a customer, the birthday, and fields of the shop's own."""

from flask import g, render_template
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_form
from crm import audits, contact_edits, customers, notes
from crm.errors import BadInput
from crm.glances import BIRTHDAY
from runtime import runtime
from sidebar.door import answer, blueprint, staff_only, wants_part

REMARK, DESCRIPTION = 20, 150  # characters, WeCom's


class Profile(Form):
    remark: str | None = Field(None, max_length=REMARK)
    description: str | None = Field(None, max_length=DESCRIPTION)
    birthday: str | None = Field(None, max_length=10)
    fields: dict[str, str] = Field(default_factory=dict, max_length=20)
    occasion: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    external_userid: str | None = Field(None, min_length=1, max_length=64)


@blueprint.get("/customers/<int:customer_id>/profile")
@staff_only
def customer_profile(customer_id: int) -> ResponseReturnValue:
    """`{remark, description, birthday, fields, writing}`: `writing` is the state of the last edit not at WeCom yet."""
    with runtime().reading() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, None)
        follow = customers.follow_of(session, g.staff, contact)
        known = notes.profile(session, customer.id)
        edits = contact_edits.unsettled(session, g.staff, customer.id, now=runtime().now())
        edit = next((each for each in edits if each.kind == "remark"), None)
    names = runtime().settings.business.profile_fields
    facts = {
        "remark": edit.words.get("remark", follow.remark) if edit else follow.remark,
        "description": edit.words.get("description", follow.description) if edit else follow.description,
        "birthday": known.get(BIRTHDAY, ""),
        "fields": {name: known.get(name, "") for name in names},
    }
    if wants_part():
        return answer(render_template("sidebar/profile.html", **facts, edit=edit, customer_id=customer.id))
    return answer(None, facts | {"writing": edit.state if edit else None})


@blueprint.post("/customers/<int:customer_id>/profile")
@staff_only
def change_profile(customer_id: int) -> ResponseReturnValue:
    """What is named changes: remark (≤ 20) and description (≤ 150) through WeCom, the rest here at once; 202."""
    form = read_form(Profile)
    strange = form.fields.keys() - set(runtime().settings.business.profile_fields)
    if strange or any(len(value) > 200 for value in form.fields.values()):
        raise BadInput("没有这一项，或写得太长", field="fields")
    now = runtime().now()
    with runtime().transaction() as session:
        customer = customers.followed_by(session, g.staff, customer_id)
        contact = customers.open_contact(session, g.staff, customer.id, form.external_userid)
        follow = customers.follow_of(session, g.staff, contact)
        asked = {"remark": form.remark, "description": form.description}
        words = {name: value for name, value in asked.items() if value is not None and value != getattr(follow, name)}
        if words:
            key = f"remark:{g.staff.id}:{contact.identity_id}:{form.occasion}"
            contact_edits.ask(session, contact, g.staff, "remark", key=key, words=words, now=now)
        known = form.fields | ({BIRTHDAY: form.birthday} if form.birthday is not None else {})
        for name, value in sorted(known.items()):
            notes.know(session, contact, name, value.strip(), by=g.actor, now=now)
        audits.note(
            session, actor=g.actor, action="customer.profile", subject=f"customer:{customer.id}", now=now,
            wecom=len(words), fields=len(known),
        )  # fmt: skip
    runtime().wake("contact_edits")
    return {"writing": "planned" if words else None}, 202
