"""Pushes: the list, the editor with its preview, and when it goes out. Saving never overwrites a colleague."""

from typing import Any, cast

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bodies import read_fields
from console import push_forms
from console.door import MESSAGES, blueprint, may, user_only
from console.inbox import number_asked
from console.mass_words import message_state, push_state
from console.push_forms import Fields, attachments_in, fields_of
from console.reaches import measured, said_of
from crm import audiences, gates, push_lists, pushes, users, wordings
from crm.errors import BadInput, Conflict, RuleError, TryAgain
from models.push import Push
from runtime import runtime
from words import gettext

PAGE = 50


@blueprint.get("/pushes")
@user_only(*MESSAGES)
def pushes_page() -> ResponseReturnValue:
    """Newest first, each with when it goes out and what became of it last time."""
    before = number_asked("before")
    with runtime().reading() as session:
        rows = push_lists.page(session, before=before, limit=PAGE + 1)
        further, rows = len(rows) > PAGE, rows[:PAGE]
        last = push_lists.last_messages(session, [row.id for row in rows])
        meant = {row.id: row.name for row in audiences.audiences(session)}
    lines = [
        {
            "row": row,
            "audience": meant.get(row.audience_id, ""),
            "pill": push_state(row, last.get(row.id)),
            "when": when_of(row),
            "last": last.get(row.id),
        }
        for row in rows
    ]
    return render_template("console/pushes.html", here="pushes", lines=lines, more=further, before=before)


def when_of(push: Push) -> str:
    """When it goes out: 每周五 20:00, or nothing for one that is not weekly."""
    if push.weekday is None:
        return ""
    return gettext("每%(day)s %(time)s", day=push_forms.weekday_names()[push.weekday - 1], time=push.at_time)


@blueprint.get("/pushes/new")
@user_only("operator")
def new_push() -> ResponseReturnValue:
    """An empty editor; with `audience` for that one, with `copy` saying what another push says."""
    audience, copied = number_asked("audience"), number_asked("copy")
    form = Fields(audience_id=str(audience or ""))
    if copied is not None:
        with runtime().reading() as session:
            form = fields_of(pushes.push(session, copied))
        name = gettext("%(name)s 复制", name=form.name[:26])
        form = form.model_copy(update={"name": name, "revision": "", "on": "", "at": ""})
    return _editor(form)


@blueprint.get("/pushes/<int:push_id>")
@user_only(*MESSAGES)
def push_page(push_id: int) -> ResponseReturnValue:
    with runtime().reading() as session:
        kept = pushes.push(session, push_id)
    return _editor(fields_of(kept), kept, saved="saved" in request.args)


@blueprint.post("/pushes")
@user_only("operator")
def create_push() -> ResponseReturnValue:
    """Save a new one as a draft, or save and schedule it; what does not fit comes back with everything typed."""
    return _save(None)


@blueprint.post("/pushes/<int:push_id>")
@user_only("operator")
def save_push(push_id: int) -> ResponseReturnValue:
    """Save a change, and schedule it when asked to. 409 when a colleague saved meanwhile."""
    return _save(push_id)


@blueprint.post("/pushes/<int:push_id>/cancel")
@user_only("operator")
def cancel_push(push_id: int) -> ResponseReturnValue:
    """Nothing further is started; what has begun goes on and is cancelled on its own page."""
    with runtime().transaction() as session:
        pushes.cancel(session, push_id, by=g.actor, now=runtime().now())
    return redirect(url_for("console.push_page", push_id=push_id), 303)


@blueprint.get("/pushes/reach")
@user_only(*MESSAGES)
def push_reach() -> ResponseReturnValue:
    """How far the chosen audience reaches now: a part of the editor."""
    with runtime().reading() as session:
        reach = _reach(session, number_asked("audience_id") or 0)
    return render_template("console/push_reach.html", reach=reach)


def _save(push_id: int | None) -> ResponseReturnValue:
    form, now = read_fields(Fields), runtime().now()
    common: dict[str, Any] = {"shop_name": runtime().settings.business.name, "by": g.actor, "now": now}
    if form.action not in ("save", "schedule", "rehearse") or form.when not in push_forms.WHENS:
        raise BadInput("请从页面上提交")
    try:
        says: dict[str, Any] = {
            "name": form.name.strip(), "audience_id": form.audience, "text": _lines(form.text),
            "attachments": attachments_in(form),
        }  # fmt: skip
        with runtime().transaction() as session:
            if push_id is None:
                kept = pushes.create(session, form_key=form.form_key or None, **says, **common)
            else:
                revision = int(form.revision) if form.revision.isascii() and form.revision.isdigit() else 0
                kept = pushes.update(session, push_id, revision=revision, **says, **common)
            if form.action == "schedule":
                _schedule(session, kept, form)
            elif form.action == "rehearse":
                _rehearse(session, kept)
    except (BadInput, Conflict) as error:
        with runtime().reading() as session:
            there = pushes.push(session, push_id) if push_id is not None else None
            twin = pushes.of_form(session, form.form_key) if error.field == "form_key" else None
        if twin and all(getattr(twin, name) == said for name, said in says.items()):  # the button was pressed twice
            is_done = (form.action == "schedule") == (twin.state != "draft")
            saved = form.action if is_done else None
            return redirect(url_for("console.push_page", push_id=twin.id, saved=saved), 303)
        return _editor(form, there, error=error), error.status
    runtime().wake("planning")
    return redirect(url_for("console.push_page", push_id=kept.id, saved=form.action), 303)


def _lines(text: str) -> str:
    """Browsers send line ends as two letters; each would count as a byte."""
    return text.replace("\r\n", "\n")


def _schedule(session: Session, kept: Push, form: Fields) -> None:
    mine: dict[str, Any] = {"revision": kept.revision, "by": g.actor, "now": runtime().now()}
    if form.when == "weekly":
        weekday, at_time = push_forms.weekly_in(form)
        pushes.schedule_weekly(session, kept.id, weekday=weekday, at_time=at_time, zone=runtime().zone, **mine)
    else:
        pushes.schedule_once(session, kept.id, at=push_forms.moment_in(form), **mine)


def _rehearse(session: Session, kept: Push) -> None:
    """A copy of it goes out at once, while nothing really does; the push itself stays a draft."""
    if gates.mode(session) != "rehearsal":
        raise Conflict("现在不是演练模式，会真的发出去。先在「发送开关」切到演练")
    now = runtime().now()
    name = gettext("演练 %(time)s %(name)s", time=f"{now.astimezone(runtime().zone):%H:%M}", name=kept.name)
    copied = pushes.create(
        session, name=name[:30], audience_id=kept.audience_id, text=kept.text, attachments=kept.attachments,
        shop_name=runtime().settings.business.name, by=g.actor, now=now,
    )  # fmt: skip
    at = push_forms.moment_in(Fields(when="now"))
    pushes.schedule_once(session, copied.id, revision=copied.revision, at=at, by=g.actor, now=now, is_rehearsal=True)


def _editor(form: Fields, kept: Push | None = None, **more: object) -> str:
    """The page for what is typed; on a conflict with what a colleague saved beside it."""
    error = cast(RuleError | None, more.get("error"))
    stale = isinstance(error, Conflict) and error.field == "revision"
    with runtime().reading() as session:
        every = audiences.audiences(session)
        attached = push_forms.shown(session, push_forms.typed(form))
        messages = push_lists.messages_of(session, kept.id) if kept else []
        by = users.names_of(session, [kept.changed_by])[kept.changed_by] if kept else ""
        reach = _reach(session, form.audience)
        longest, mode = wordings.longest_name(session), gates.mode(session)
    can_edit = may("operator") and (kept is None or kept.state in pushes.CHANGEABLE)
    if kept is None and (not form.form_key or (error and error.field == "form_key")):
        form = form.model_copy(update={"form_key": runtime().new_code(20)})
    return render_template(
        "console/push.html", here="pushes", form=form, push=kept, audiences=every, attached=attached, reach=reach,
        sent=[(message, message_state(message)) for message in messages], by=by, stale=stale, can_edit=can_edit,
        weekdays=push_forms.weekday_names(), kind_name=push_forms.kind_name, longest=longest, gate_mode=mode,
        pill=push_state(kept, next(iter(messages), None)) if kept else None, weekly=when_of(kept) if kept else "",
        today=f"{runtime().now().astimezone(runtime().zone):%Y-%m-%d}", zone=runtime().zone.key, **more,
    )  # fmt: skip


def _reach(session: Session, audience_id: int) -> dict[str, object] | None:
    known = {row.id: row for row in audiences.audiences(session)}
    if audience_id not in known:
        return None
    conditions = audiences.conditions_of(known[audience_id])
    said = {"sentence": said_of(session, conditions), "everybody": conditions.is_everybody(), "id": audience_id}
    try:
        return {"figures": measured(session, conditions), **said}
    except TryAgain as busy:
        return {"busy": busy, **said}
