"""话术: words ready to be sent into the open chat, the shop's and one's own."""

from itertools import groupby
from typing import Any

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, fit, read_form
from crm import audits, quick_replies, reply_values, touches
from crm.errors import Conflict
from crm.quick_replies import Filled, Words
from models.quick_reply import QuickReply
from runtime import runtime
from sidebar import sendings
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.sendings import Send

KIND = "words"


class Asked(Form):
    q: str = Field("", max_length=64)


class Own(Form):
    group_name: str = Field(max_length=20)
    title: str = Field(max_length=30)
    text: str = Field(max_length=1000)


@blueprint.get("/customers/<int:customer_id>/words")
@staff_only
def customer_words(customer_id: int) -> ResponseReturnValue:
    """`?q=`: `{groups: [{name, replies: [{id, title, text, filled, missing, mine, uses}]}]}`, for this customer."""
    form = fit(Asked, {"q": request.args.get("q", "").strip()})
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, None)
        values = reply_values.of(session, g.staff, contact, business=runtime().settings.business.name)
        found = quick_replies.shown_to(session, g.staff, search=form.q)
    shown = [(reply, quick_replies.fill(reply.text, values)) for reply in found]
    groups = [(name, list(each)) for name, each in groupby(shown, key=lambda pair: pair[0].group_name)]
    if wants_part():
        template = "sidebar/words_rows.html" if "part" in request.args else "sidebar/words.html"
        facts = {"groups": groups, "customer_id": contact.customer_id, "asked": form}
        answer = make_response(render_template(template, **facts))
    else:
        answer = make_response({"groups": [_group_json(name, each) for name, each in groups]})
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/customers/<int:customer_id>/words/<int:reply_id>")
@staff_only
def send_words(customer_id: int, reply_id: int) -> ResponseReturnValue:
    """Put one on record, filled in for this customer; body and answer as with everything sent by hand.

    409 `conflict` when a variable of it is not known of this customer.
    """
    form = read_form(Send)
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
    verdict = sendings.asked(contact)
    key = f"words:{reply_id}:{contact.identity_id}:{form.occasion}"
    with runtime().transaction() as session:
        contact = sendings.open_contact(session, customer_id, contact.external_userid)
        before = touches.by_key(session, key)
        if before is not None:
            return sendings.answer(before, send=False)
        reply = quick_replies.usable(session, g.staff, reply_id)
        values = reply_values.of(session, g.staff, contact, business=runtime().settings.business.name)
        filled = quick_replies.fill(reply.text, values)
        if filled.missing:
            raise Conflict("还不知道这位客户的%(what)s，换一条", what="、".join(filled.missing))
        touch, send = sendings.put_on_record(session, verdict, key=key, kind=KIND, contact=contact, text=filled.text)
        if send:
            quick_replies.count_use(session, reply)
        return sendings.answer(touch, send=send)


@blueprint.post("/words")
@staff_only
def add_words() -> ResponseReturnValue:
    """One of one's own. Body `{"group_name", "title", "text"}`; 201 with it."""
    words, now = _read(), runtime().now()
    with runtime().transaction() as session:
        reply = quick_replies.add(session, words, owner=g.staff, by=g.actor, now=now)
        audits.note(session, actor=g.actor, action="quick_reply.add", subject=f"quick_reply:{reply.id}", now=now)
        return _reply_json(reply), 201


@blueprint.post("/words/<int:reply_id>")
@staff_only
def change_words(reply_id: int) -> ResponseReturnValue:
    """Body as above; 403 for the shop's, a colleague's and one that is not there."""
    words, now = _read(), runtime().now()
    with runtime().transaction() as session:
        reply = quick_replies.change(session, reply_id, words, owner=g.staff, by=g.actor, now=now)
        audits.note(session, actor=g.actor, action="quick_reply.change", subject=f"quick_reply:{reply.id}", now=now)
        return _reply_json(reply)


@blueprint.post("/words/<int:reply_id>/delete")
@staff_only
def delete_words(reply_id: int) -> ResponseReturnValue:
    now = runtime().now()
    with runtime().transaction() as session:
        quick_replies.remove(session, reply_id, owner=g.staff)
        audits.note(session, actor=g.actor, action="quick_reply.delete", subject=f"quick_reply:{reply_id}", now=now)
    return {"deleted": True}


def _read() -> Words:
    form = read_form(Own)
    return Words(form.group_name, form.title, form.text)


def _reply_json(reply: QuickReply) -> dict[str, Any]:
    names = ("id", "group_name", "title", "text", "uses")
    return {**{name: getattr(reply, name) for name in names}, "mine": reply.staff_id is not None}


def _group_json(name: str, shown: list[tuple[QuickReply, Filled]]) -> dict[str, Any]:
    replies = [_reply_json(reply) | {"filled": filled.text, "missing": filled.missing} for reply, filled in shown]
    return {"name": name, "replies": replies}
