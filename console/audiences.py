"""Audiences: the list, the builder with its live count, and saving without overwriting a colleague."""

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import read_fields
from console.audience_forms import Fields, conditions_in, fields_of, rows
from console.door import MESSAGES, blueprint, may, sees_customers, user_only
from console.inbox import number_asked
from console.reaches import measured, said_of
from crm import audiences, choices, push_lists, users
from crm.audiences import Conditions
from crm.errors import BadInput, Conflict, TryAgain
from runtime import runtime

PAGE = 50


@blueprint.get("/audiences")
@user_only(*MESSAGES)
def audiences_page() -> ResponseReturnValue:
    """The last changed first, each with its sentence; each row asks for its own figures, which may take a moment."""
    start = number_asked("from") or 0
    with runtime().reading() as session:
        every = audiences.audiences(session)
        kept, further = every[start : start + PAGE], len(every) > start + PAGE
        names = users.names_of(session, [row.changed_by for row in kept])
        used = push_lists.by_audience(session)
        sentences = {row.id: said_of(session, audiences.conditions_of(row)) for row in kept}
    return render_template(
        "console/audiences.html", here="audiences", kept=kept, names=names, used=used, sentences=sentences,
        further=start + PAGE if further else None,
    )  # fmt: skip


@blueprint.get("/audiences/<int:audience_id>/count")
@user_only(*MESSAGES)
def audience_count(audience_id: int) -> ResponseReturnValue:
    """The figures of one row of the list."""
    with runtime().reading() as session:
        conditions = audiences.conditions_of(audiences.audience(session, audience_id))
        try:
            figures = measured(session, conditions)
        except TryAgain:
            figures = None
    return render_template("console/audience_count.html", figures=figures, audience_id=audience_id)


@blueprint.get("/audiences/new")
@user_only("operator")
def new_audience() -> ResponseReturnValue:
    return _builder(fields_of(Conditions()))


@blueprint.get("/audiences/<int:audience_id>")
@user_only(*MESSAGES)
def audience_page(audience_id: int) -> ResponseReturnValue:
    with runtime().reading() as session:
        kept = audiences.audience(session, audience_id)
    form = fields_of(audiences.conditions_of(kept), name=kept.name, revision=kept.revision)
    return _builder(form, audience_id, saved="saved" in request.args)


@blueprint.post("/audiences")
@user_only("operator")
def create_audience() -> ResponseReturnValue:
    """Save a new one; what does not fit comes back with everything typed."""
    form = read_fields(Fields)
    try:
        conditions = conditions_in(form)
        with runtime().transaction() as session:
            made = audiences.create(session, name=form.name, conditions=conditions, by=g.actor, now=runtime().now())
    except (BadInput, Conflict) as error:
        return _builder(form, error=error), error.status
    return redirect(url_for("console.audience_page", audience_id=made.id, saved=1), 303)


@blueprint.post("/audiences/<int:audience_id>")
@user_only("operator")
def save_audience(audience_id: int) -> ResponseReturnValue:
    """Save a change. 409 when a colleague saved meanwhile: what was typed stays, beside what stands there now."""
    form = read_fields(Fields)
    try:
        conditions, revision = conditions_in(form), int(form.revision) if form.revision.isdecimal() else 0
        with runtime().transaction() as session:
            audiences.update(
                session, audience_id, revision=revision, name=form.name, conditions=conditions,
                by=g.actor, now=runtime().now(),
            )  # fmt: skip
    except (BadInput, Conflict) as error:
        return _builder(form, audience_id, error=error), error.status
    return redirect(url_for("console.audience_page", audience_id=audience_id, saved=1), 303)


@blueprint.post("/audiences/<int:audience_id>/delete")
@user_only("operator")
def delete_audience(audience_id: int) -> ResponseReturnValue:
    try:
        with runtime().transaction() as session:
            audiences.delete(session, audience_id, by=g.actor, now=runtime().now())
    except Conflict as error:
        with runtime().reading() as session:
            kept = audiences.audience(session, audience_id)
        form = fields_of(audiences.conditions_of(kept), name=kept.name, revision=kept.revision)
        return _builder(form, audience_id, error=error), error.status
    return redirect(url_for("console.audiences_page"), 303)


@blueprint.post("/audiences/preview")
@user_only(*MESSAGES)
def preview_audience() -> ResponseReturnValue:
    """The right side of the builder for what is typed now; part of the page, nothing is saved."""
    form = read_fields(Fields)
    return render_template("console/audience_reach.html", **_figures(form), part=True)


@blueprint.get("/audiences/choices/<what>")
@user_only(*MESSAGES)
def choices_of(what: str) -> ResponseReturnValue:
    """Tags or staff by a part of their name, as options of a picker."""
    words = request.args.get("q", "")[:50]
    with runtime().reading() as session:
        if what == "tags":
            found = [(tag.id, tag.name, tag.group_name) for tag in choices.tags_like(session, words)]
        elif what == "staff":
            found = [(staff.id, staff.name, "") for staff in choices.staff_like(session, words)]
        else:
            raise NoSuchPage
    return render_template("console/choices.html", found=found, words=words)


def _builder(form: Fields, audience_id: int | None = None, **more: object) -> str:
    """The page for what is typed; on a conflict with what a colleague saved beside it."""
    error = more.get("error")
    stale = isinstance(error, Conflict) and error.field == "revision"
    with runtime().reading() as session:
        now_kept = audiences.audience(session, audience_id) if stale and audience_id else None
        theirs = said_of(session, audiences.conditions_of(now_kept)) if now_kept else ""
        by = users.names_of(session, [now_kept.changed_by])[now_kept.changed_by] if now_kept else ""
        lines = rows(session, form)
    return render_template(
        "console/audience.html", here="audiences", form=form, lines=lines, audience_id=audience_id,
        now_kept=now_kept, theirs=theirs, by=by, can_edit=may("operator"), **_figures(form), **more,
    )  # fmt: skip


def _figures(form: Fields) -> dict[str, object]:
    """The sentence, the figures and some people of what is typed; only words about it when it does not fit."""
    try:
        conditions = conditions_in(form)
    except BadInput as problem:
        return {"problem": problem, "figures": None, "people": [], "sentence": "", "everybody": False}
    with runtime().reading() as session:
        said = {"sentence": said_of(session, conditions), "everybody": conditions.is_everybody()}
        try:
            figures = measured(session, conditions, people=sees_customers())
        except TryAgain as busy:
            return {"problem": busy, "figures": None, "people": [], **said}
    return {"problem": None, "figures": figures, "people": figures.people, **said}
