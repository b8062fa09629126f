"""The shop's quick replies (话术库): what every member of staff finds beside the chat."""

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, read_fields
from console.amounts import whole
from console.door import WORDS, blueprint, user_only
from crm import audits, quick_replies
from crm.errors import BadInput, Conflict
from crm.quick_replies import Words
from models.quick_reply import QuickReply
from runtime import runtime


class Shared(Form):
    group_name: str = Field(max_length=20)
    title: str = Field(max_length=30)
    text: str = Field(max_length=1000)
    position: str = Field("0", max_length=9)

    def words(self) -> Words:
        return Words(self.group_name, self.title, self.text, whole("position", self.position or "0"))


def _shown(**more: object) -> str:
    with runtime().reading() as session:
        replies = quick_replies.shared(session)
    return render_template("console/quick_replies.html", here="words", replies=replies, **more)


@blueprint.get("/quick-replies")
@user_only(*WORDS)
def quick_replies_page() -> ResponseReturnValue:
    """`?new` opens the form for a new one."""
    return _shown(opened="new" in request.args)


@blueprint.post("/quick-replies")
@user_only(*WORDS)
def add_reply() -> ResponseReturnValue:
    """A new one; what does not fit comes back with the input kept."""
    form, now = read_fields(Shared), runtime().now()
    try:
        with runtime().transaction() as session:
            reply = quick_replies.add(session, form.words(), owner=None, by=g.actor, now=now)
            audits.note(session, actor=g.actor, action="quick_reply.add", subject=f"quick_reply:{reply.id}", now=now)
    except (BadInput, Conflict) as error:
        return _shown(opened=True, form=form, error=error), error.status
    return redirect(url_for("console.quick_replies_page"), 303)


@blueprint.get("/quick-replies/<int:reply_id>")
@user_only(*WORDS)
def edit_reply(reply_id: int) -> ResponseReturnValue:
    with runtime().reading() as session:
        reply = quick_replies.shared_one(session, reply_id)
    return _shown(opened=True, form=reply, editing=reply)


@blueprint.post("/quick-replies/<int:reply_id>")
@user_only(*WORDS)
def change_reply(reply_id: int) -> ResponseReturnValue:
    form, now = read_fields(Shared), runtime().now()
    with runtime().reading() as session:
        reply: QuickReply = quick_replies.shared_one(session, reply_id)
    try:
        with runtime().transaction() as session:
            quick_replies.change(session, reply_id, form.words(), owner=None, by=g.actor, now=now)
            audits.note(session, actor=g.actor, action="quick_reply.change", subject=f"quick_reply:{reply_id}", now=now)
    except BadInput as error:
        return _shown(opened=True, form=form, editing=reply, error=error), error.status
    return redirect(url_for("console.quick_replies_page"), 303)


@blueprint.post("/quick-replies/<int:reply_id>/delete")
@user_only(*WORDS)
def delete_reply(reply_id: int) -> ResponseReturnValue:
    now = runtime().now()
    with runtime().transaction() as session:
        quick_replies.remove(session, reply_id, owner=None)
        audits.note(session, actor=g.actor, action="quick_reply.delete", subject=f"quick_reply:{reply_id}", now=now)
    return redirect(url_for("console.quick_replies_page"), 303)
