"""Planning drops: the form of a series and of one edition, and how its messages will read."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bodies import read_fields
from console import drop_forms, drop_words
from console.door import blueprint, said, user_only
from console.drop_forms import EditionFields, SeriesFields
from console.drops import back_to, month_of
from console.inbox import number_asked
from crm import audits, calendars, drop_editions, drop_texts, drops, groups, quotas
from crm.drop_plans import Offer, Plan, check_times
from crm.errors import BadInput, Conflict, RuleError
from models.drop import PARTS, DropSeries
from models.vault import Unopenable
from runtime import runtime
from words import gettext

BOXES = "group"


@dataclass(frozen=True)
class Said:
    """How one part will read, and what is wrong or risky about it."""

    part: str
    text: str
    at: datetime | None = None
    wrong: str = ""
    risky: str = ""


@blueprint.get("/drops/new")
@user_only("operator")
def new_series() -> ResponseReturnValue:
    return _series_form(drop_forms.first_words())


@blueprint.post("/drops")
@user_only("operator")
def create_series() -> ResponseReturnValue:
    """A new series, its next edition laid out; what does not fit comes back with the input kept."""
    form, now, zone = read_fields(SeriesFields, boxes=BOXES), runtime().now(), runtime().zone
    try:
        plan, key = drop_forms.plan_in(form), drop_forms.robot_key_in(form)
        sealed = runtime().vault.seal(key) if key else None
        with runtime().transaction() as session:
            series = drops.create(session, plan, robot_key_sealed=sealed, by=g.actor, now=now, zone=zone)
            drop_editions.make_due(session, series.id, now=now, zone=zone)
            subject = f"drop_series:{series.id}"
            audits.note(session, actor=g.actor, action="drop_series.create", subject=subject, now=now)
    except (BadInput, Conflict) as error:
        return _series_form(form, error=error), error.status
    return redirect(url_for("console.drops_page"), 303)


@blueprint.get("/drops/<int:series_id>")
@user_only("operator")
def series_page(series_id: int) -> ResponseReturnValue:
    with runtime().reading() as session:
        series = drops.one(session, series_id)
    return _series_form(drop_forms.fields_of_series(series), series)


@blueprint.post("/drops/<int:series_id>")
@user_only("operator")
def change_series(series_id: int) -> ResponseReturnValue:
    """Change a series from the revision the form showed; editions nobody touched follow it."""
    form, now, zone = read_fields(SeriesFields, boxes=BOXES), runtime().now(), runtime().zone
    with runtime().reading() as session:
        series = drops.one(session, series_id)
    try:
        plan, key = drop_forms.plan_in(form), drop_forms.robot_key_in(form)
        sealed = runtime().vault.seal(key) if key else None if form.robot_off else series.robot_key_sealed
        with runtime().transaction() as session:
            drops.change(
                session, series_id, plan, revision=drop_forms.revision_in(form), robot_key_sealed=sealed, by=g.actor,
                now=now, zone=zone,
            )  # fmt: skip
            drop_editions.make_due(session, series_id, now=now, zone=zone)
            subject = f"drop_series:{series_id}"
            audits.note(session, actor=g.actor, action="drop_series.change", subject=subject, now=now)
    except (BadInput, Conflict) as error:
        return _series_form(form, series, error=error), error.status
    return redirect(url_for("console.drops_page"), 303)


@blueprint.get("/drops/editions/<int:edition_id>")
@user_only("operator")
def edition_page(edition_id: int) -> ResponseReturnValue:
    with runtime().reading() as session:
        edition = drop_editions.one(session, edition_id)
    return _edition_form(edition_id, drop_forms.fields_of_edition(edition))


@blueprint.post("/drops/editions/<int:edition_id>")
@user_only("operator")
def change_edition(edition_id: int) -> ResponseReturnValue:
    """Change this edition only."""
    form, now = read_fields(EditionFields, boxes=BOXES), runtime().now()
    try:
        offer = drop_forms.offer_in(form)
        with runtime().transaction() as session:
            drops.change_edition(session, edition_id, offer, revision=drop_forms.revision_in(form), zone=runtime().zone)
            subject = f"drop_edition:{edition_id}"
            audits.note(session, actor=g.actor, action="drop_edition.change", subject=subject, now=now)
    except (BadInput, Conflict) as error:
        return _edition_form(edition_id, form, error=error), error.status
    return back_to(edition_id)


@blueprint.post("/drops/preview")
@user_only("operator")
def preview_series() -> ResponseReturnValue:
    """How the messages will read with what is typed so far."""
    form, number = read_fields(SeriesFields, boxes=BOXES), number_asked("number") or 1
    return render_template("console/drop_preview.html", words=drop_words, **_preview(form, None, number))


@blueprint.post("/drops/editions/<int:edition_id>/preview")
@user_only("operator")
def preview_edition(edition_id: int) -> ResponseReturnValue:
    form = read_fields(EditionFields, boxes=BOXES)
    return render_template("console/drop_preview.html", words=drop_words, **_preview(form, edition_id))


def _series_form(form: SeriesFields, series: DropSeries | None = None, error: RuleError | None = None) -> str:
    return render_template(
        "console/drop_form.html", here="drops", form=form, series=series, edition=None, robot_end=_robot_end(series),
        **_choices(form), error=error, words=drop_words, hints=drop_forms.variables_hint,
        **_preview(form, None, series.next_number if series else 1),
    )  # fmt: skip


def _robot_end(series: DropSeries | None) -> str:
    """The last letters of the robot's key; question marks when it was sealed with a master key that is gone."""
    if series is None or series.robot_key_sealed is None:
        return ""
    try:
        return runtime().vault.open_text(series.robot_key_sealed)[-4:]
    except Unopenable:
        return "????"


def _edition_form(edition_id: int, form: EditionFields, error: RuleError | None = None) -> str:
    with runtime().reading() as session:
        edition = drop_editions.one(session, edition_id)
        series = drops.one(session, edition.series_id)
    return render_template(
        "console/drop_form.html", here="drops", form=form, series=series, edition=edition, robot_end="",
        month=month_of(edition), **_choices(form), error=error, words=drop_words, hints=drop_forms.variables_hint,
        **_preview(form, edition_id),
    )  # fmt: skip


def _choices(form: EditionFields) -> dict[str, Any]:
    """Every group that can be ticked, and those that are: a dismissed one stays in sight until it is unticked."""
    try:
        ticked = set(drop_forms.ticked(form))
    except BadInput:
        ticked = set()
    with runtime().reading() as session:
        found = groups.open_groups(session)
        gone = [each for each in groups.by_ids(session, ticked).values() if each.group.dismissed_at]
    return {"groups": found + gone, "ticked": ticked}


def _preview(form: EditionFields, edition_id: int | None, number: int = 1) -> dict[str, Any]:
    """The three messages for the next launch, and whether the groups may still receive them."""
    now, zone = runtime().now(), runtime().zone
    if not (form.price.strip() and form.stock.strip()):
        return {"unsaid": gettext("填好价格和份数，这里就能看到"), "sayings": [], "short": [], "launch_at": None}
    try:
        offer: Offer = drop_forms.plan_in(form) if isinstance(form, SeriesFields) else drop_forms.offer_in(form)
        with runtime().reading() as session:
            launch_at, number, timed = _next(session, offer, edition_id, number, now)
            times = drop_editions.times(timed, launch_at, zone)
            short = _short(session, offer, launch_at)
    except (BadInput, ValueError, TypeError) as problem:
        wrong = said(problem) if isinstance(problem, BadInput) else gettext("时间填完整，这里就能看到")
        return {"unsaid": wrong, "sayings": [], "short": [], "launch_at": None}
    facts = drop_texts.Facts(
        offer.product.strip() or gettext("商品"), offer.price_fen, offer.stock, number, launch_at, None, times["recap"]
    )
    sayings = [_said(part, offer, facts, times[part] if part != "launch" else launch_at) for part in PARTS]
    return {"unsaid": "", "sayings": sayings, "short": short, "launch_at": launch_at}


def _next(
    session: Session, offer: Offer, edition_id: int | None, number: int, now: datetime
) -> tuple[datetime, int, Any]:
    if edition_id is not None:
        edition = drop_editions.one(session, edition_id)
        return edition.launch_at, edition.number, drops.one(session, edition.series_id)
    assert isinstance(offer, Plan)
    check_times(offer)
    return calendars.next_weekly(offer.weekday, offer.at_time, runtime().zone, now), number, offer


def _said(part: str, offer: Offer, facts: drop_texts.Facts, at: datetime) -> Said:
    text = getattr(offer, part)
    rendered = drop_texts.render(text, replace(facts, at=at), runtime().zone)
    try:
        drop_texts.check(part, text, sku=offer.sku.strip())
        drop_texts.check_length(part, text, replace(facts, sold=drop_texts.LARGEST), runtime().zone)
    except BadInput as problem:
        return Said(part, rendered, at, wrong=said(problem))
    days = drop_texts.day_words(text) if part != "recap" else []
    risky = (
        gettext("「%(word)s」到第二天就不对了，群主晚点发送时会让人误会。用 {时间} 更稳", word=days[0]) if days else ""
    )
    return Said(part, rendered, at, risky=risky)


def _short(session: Session, offer: Offer, launch_at: datetime) -> list[groups.Reachable]:
    """Ticked groups that may not receive three more messages in the month of the launch."""
    month = calendars.month_of(launch_at, runtime().zone)
    limit = quotas.limit_of(month, runtime().settings.quota.per_month)
    ticked = groups.by_ids(session, offer.group_ids)
    left = quotas.left(session, [each.group.chat_id for each in ticked.values()], month, limit=limit)
    return [each for each in ticked.values() if left[each.group.chat_id] < len(PARTS)]
