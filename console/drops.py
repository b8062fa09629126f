"""Drops: the calendar, one edition with what became of each message, and what can be done about it."""

import re
from datetime import date
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import drop_calendar, drop_words
from console.amounts import whole
from console.door import MESSAGES, blueprint, user_only
from console.drop_calendar import Month
from console.inbox import number_asked
from crm import (
    audits,
    drop_editions,
    drop_reports,
    drop_texts,
    drops,
    gates,
    group_messages,
    groups,
    mass_control,
    quotas,
)
from crm.errors import Conflict, RuleError
from models.drop import PARTS, DropEdition
from runtime import runtime

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


class Revision(Form):
    revision: str = Field(default="", max_length=12)
    state: str = Field(default="", max_length=12)


class OfPart(Form):
    part: str = Field(max_length=12)


def month_asked() -> Month:
    asked = request.args.get("month")
    if asked is None:
        today = runtime().now().astimezone(runtime().zone).date()
        return Month(today.replace(day=1))
    found = MONTH.fullmatch(asked)
    if found is None:
        raise NoSuchPage
    return Month(date(int(found[1]), int(found[2]), 1))


@blueprint.get("/drops")
@user_only(*MESSAGES)
def drops_page() -> ResponseReturnValue:
    return shown(number_asked("edition"))


def shown(edition_id: int | None, error: RuleError | None = None) -> str:
    """The month, and an edition beside it: the one asked for, else the one that comes next."""
    month, now, zone = month_asked(), runtime().now(), runtime().zone
    begin, end = month.bounds(zone)
    limit = quotas.limit_of(month.name, runtime().settings.quota.per_month)
    with runtime().reading() as session:
        series = drops.all_series(session)
        editions = drop_reports.between(session, begin, end)
        coming = list(drop_reports.to_come(series, begin, end, zone=zone))
        short = drop_reports.short_groups(session, month.name, limit=limit, zone=zone)
        has_groups = bool(groups.open_groups(session))
        nearest = drop_reports.nearest(editions, now=now)
        wanted = edition_id or (nearest.row.id if nearest else None)
        story = drop_reports.story(session, wanted) if wanted else None
        trouble = drops.problems(session, story.edition.row) if story else []
    return render_template(
        "console/drops.html", here="drops", month=month, series=series, short=short, has_groups=has_groups,
        days=drop_calendar.days(month, editions, coming, now=now, zone=zone), words=drop_words,
        is_chosen=edition_id is not None, error=error, reminded="reminded" in request.args,
        **(_edition(story, trouble) if story else {"story": None}),
    )  # fmt: skip


def _edition(story: drop_reports.Story, trouble: list[groups.Reachable]) -> dict[str, Any]:
    row = story.edition.row
    begun = [step for step in story.edition.steps.values() if step.state != "planned"]
    facts = drop_texts.facts_of(row)
    texts = {
        part: story.parts[part].message.text
        if part in story.parts
        else drop_texts.render(row.texts[part], facts, runtime().zone)
        for part in PARTS
    }
    return {
        "story": story,
        "row": row,
        "trouble": trouble,
        "texts": texts,
        "can_change": row.state == "planned" and not begun,
        "can_skip": row.state == "planned",
        "cards": {part: [m for m in story.messages if m.key.split(":")[2].startswith(f"{part}_")] for part in PARTS},
    }


@blueprint.post("/drops/<int:series_id>/state")
@user_only("operator")
def set_series_state(series_id: int) -> ResponseReturnValue:
    """Pause a series, let it go on, or end it."""
    form, now, zone = read_fields(Revision), runtime().now(), runtime().zone
    revision = whole("revision", form.revision)
    try:
        with runtime().transaction() as session:
            drops.set_state(session, series_id, form.state, revision=revision, by=g.actor, now=now, zone=zone)
            drop_editions.make_due(session, series_id, now=now, zone=zone)
            subject = f"drop_series:{series_id}"
            audits.note(session, actor=g.actor, action=f"drop_series.{form.state}", subject=subject, now=now)
    except Conflict as error:
        return shown(None, error), error.status
    return redirect(url_for("console.drops_page"), 303)


@blueprint.post("/drops/editions/<int:edition_id>/skip")
@user_only("operator")
def skip_edition(edition_id: int) -> ResponseReturnValue:
    """Leave an edition out; what nobody confirmed yet is taken back, what arrived stays."""
    form, now = read_fields(Revision), runtime().now()
    revision = whole("revision", form.revision)
    try:
        with runtime().transaction() as session:
            drop_editions.skip(session, edition_id, revision=revision, by=g.actor, now=now)
            subject = f"drop_edition:{edition_id}"
            audits.note(session, actor=g.actor, action="drop_edition.skip", subject=subject, now=now)
    except Conflict as error:
        return shown(edition_id, error), error.status
    runtime().wake("sending")
    return back_to(edition_id)


@blueprint.post("/drops/editions/<int:edition_id>/remind")
@user_only("operator")
def remind_owners(edition_id: int) -> ResponseReturnValue:
    """Have WeCom nudge the owners who have not confirmed a part; at most three times in 24 hours."""
    message_id = _message(edition_id, read_fields(OfPart).part)
    now = runtime().now()
    try:
        with runtime().transaction() as session:
            tasks = group_messages.remindable(session, message_id)
            for task_id in tasks:
                mass_control.ask_reminder(session, task_id, by=g.actor, now=now)
            if not tasks:
                raise Conflict("没有人在等提醒了")
    except Conflict as error:
        return shown(edition_id, error), error.status
    runtime().wake("sending")
    return back_to(edition_id, reminded=1)


@blueprint.post("/drops/editions/<int:edition_id>/resume")
@user_only("operator")
def resume_part(edition_id: int) -> ResponseReturnValue:
    """Go on with a part that a stop held back."""
    message_id = _message(edition_id, read_fields(OfPart).part)
    try:
        with runtime().transaction() as session:
            if gates.mode(session) == "stopped":
                raise Conflict("现在全部停发。先在「发送开关」打开，再回来点继续")
            mass_control.resume(session, message_id, by=g.actor, now=runtime().now())
    except Conflict as error:
        return shown(edition_id, error), error.status
    for lane in ("planning", "sending"):
        runtime().wake(lane)
    return back_to(edition_id)


def back_to(edition_id: int, **more: Any) -> ResponseReturnValue:
    with runtime().reading() as session:
        edition = drop_editions.one(session, edition_id)
    return redirect(url_for("console.drops_page", month=month_of(edition), edition=edition_id, **more), 303)


def month_of(edition: DropEdition) -> str:
    return f"{edition.launch_at.astimezone(runtime().zone):%Y-%m}"


def _message(edition_id: int, part: str) -> int:
    with runtime().reading() as session:
        drop_editions.one(session, edition_id)
        message = group_messages.of_edition(session, edition_id).get(part)
    if message is None:
        raise NoSuchPage
    return message.id
