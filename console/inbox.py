"""The inbox: every notice WeCom sent us, what became of it, and trying again."""

from datetime import datetime, time

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from console import notices
from console.door import INBOX, blueprint, is_part, may, sees_customers, user_only
from crm import audits, inbox, inbox_reports
from crm.errors import Conflict, Refused
from models.inbox import Inbox
from models.touch import Touch
from models.vault import Unopenable
from runtime import runtime

FILTERS = ("all", *inbox_reports.RESULTS)


def start_of_today() -> datetime:
    zone = runtime().zone
    return datetime.combine(runtime().now().astimezone(zone).date(), time(), zone)


def to_the_second(at: datetime) -> str:
    """20:14:07, with the date when it was not today."""
    local = at.astimezone(runtime().zone)
    return f"{local:%H:%M:%S}" if at >= start_of_today() else f"{local:%Y-%m-%d %H:%M:%S}"


def who(row: Inbox | Touch, staff: dict[str, str], contacts: dict[str, str]) -> str:
    """Contact → staff member, by name for those who may; ids for a developer."""
    contact = contacts.get(row.external_userid or "", row.external_userid) if sees_customers() else row.external_userid
    member = staff.get((row.userid or "").lower(), row.userid)
    return " → ".join(part for part in (contact, member) if part) or "–"


def may_read(row: Inbox) -> bool:
    """Events tell of people by their ids; a message holds what somebody wrote, names and numbers included."""
    return may("developer") and (sees_customers() or not row.key.startswith("msg:"))


def _wanted() -> str:
    wanted = request.args.get("result", "all")
    if wanted not in FILTERS:
        raise NoSuchPage
    return wanted


def number_asked(name: str) -> int | None:
    """A row number in the query, when there is one."""
    given = request.args.get(name)
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise NoSuchPage
    return int(given)


def _list(result: str) -> dict[str, object]:
    """What the list shows, from its top or from where it was left."""
    since, before, down_to = start_of_today(), number_asked("before"), number_asked("down_to")
    with runtime().reading() as session:
        rows = inbox_reports.page(session, since=since, result=result, before=before, down_to=down_to)
        counts = inbox_reports.counts(session, since=since)
        newest = inbox_reports.newest(session)
        slowest = inbox_reports.slowest_welcome(session, since=since)
        more = down_to is None and len(rows) > inbox_reports.PAGE
        rows = rows[: inbox_reports.PAGE] if more else rows
        staff = inbox_reports.staff_names(session, rows)
        contacts = inbox_reports.contact_names(session, rows) if sees_customers() else {}
    lines = [
        {
            "row": row,
            "at": to_the_second(row.received_at),
            "what": notices.happened(row.kind),
            "who": who(row, staff, contacts),
            "pill": notices.result(row.state),
            "took": notices.took(row),
            "times": notices.times(row.deliveries),
        }
        for row in rows
    ]
    return {
        "lines": lines,
        "counts": counts,
        "newest": newest,
        "slowest": notices.seconds(slowest) if slowest is not None else None,
        "more": more,
        "result": result,
        "before": before,
        "callback_url": f"{runtime().settings.server.public_url}/bot/callback",
    }


def _detail(inbox_id: int) -> dict[str, object]:
    with runtime().reading() as session:
        story = inbox_reports.story(session, inbox_id)
        staff = inbox_reports.staff_names(session, [story.notice])
        contacts = inbox_reports.contact_names(session, [story.notice]) if sees_customers() else {}
    row = story.notice
    return {
        "row": row,
        "what": notices.happened(row.kind),
        "who": who(row, staff, contacts),
        "pill": notices.result(row.state),
        "at": to_the_second(row.received_at),
        "steps": notices.steps(story, to_the_second),
        "retry": notices.what_retry_does(story),
        "can_retry": row.body_sealed is not None and row.state not in inbox.OPEN,
        "can_read": row.body_sealed is not None and may_read(row),
    }


@blueprint.get("/inbox")
@user_only(*INBOX)
def inbox_page() -> ResponseReturnValue:
    """The list; `part=head` answers its top again every few seconds, `before` the next page."""
    shown = _list(_wanted())
    if request.args.get("part") == "head":
        return render_template("console/inbox_head.html", **shown) if shown["lines"] else ("", 204)
    if is_part() and shown["before"]:
        return render_template("console/inbox_rows.html", **shown)
    return render_template("console/inbox.html", here="inbox", detail=None, **shown)


@blueprint.get("/inbox/<int:inbox_id>")
@user_only(*INBOX)
def inbox_detail(inbox_id: int) -> ResponseReturnValue:
    detail = _detail(inbox_id)
    if is_part():
        return render_template("console/inbox_detail.html", detail=detail, result=_wanted())
    return render_template("console/inbox.html", here="inbox", detail=detail, **_list(_wanted()))


@blueprint.post("/inbox/<int:inbox_id>/replay")
@user_only(*INBOX)
def replay(inbox_id: int) -> ResponseReturnValue:
    """Do what a notice asks again; what went out is not repeated. 409 while it is still being worked on."""
    now = runtime().now()
    with runtime().transaction() as session:
        if inbox_reports.one(session, inbox_id).state in inbox.OPEN:
            raise Conflict("这条正在办，不用重试")
        inbox.replay(session, inbox_id, now=now)
        audits.note(session, actor=g.actor, action="inbox.replay", subject=f"inbox:{inbox_id}", now=now)
    runtime().wake("inbox")
    return redirect(url_for("console.inbox_detail", inbox_id=inbox_id), 303)


@blueprint.post("/inbox/<int:inbox_id>/body")
@user_only("developer")
def read_body(inbox_id: int) -> ResponseReturnValue:
    """The text as WeCom sent it; every look is on record."""
    now = runtime().now()
    with runtime().transaction() as session:
        row = inbox_reports.one(session, inbox_id)
        if not may_read(row):
            raise Refused("你的角色看不了这一页。需要的话，请老板调整")
        audits.note(session, actor=g.actor, action="inbox.read_body", subject=f"inbox:{inbox_id}", now=now)
    try:
        body = runtime().vault.open(row.body_sealed).decode("utf-8", "replace") if row.body_sealed else None
    except Unopenable:
        body = None
    return render_template("console/inbox_body.html", here="inbox", row=row, body=body)
