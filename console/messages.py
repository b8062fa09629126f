"""One sending of a push, or one part of a drop: how far it has come, who waits, and pausing, going on, cancelling."""

from typing import Literal

from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import mass_words, push_forms
from console.door import MESSAGES, blueprint, is_part, may, user_only
from console.funnels import chart, in_a_sentence, steps
from console.inbox import number_asked
from crm import gates, mass_control, mass_lists, mass_reports
from crm.errors import Conflict, RuleError
from models.mass import RECIPIENT_STATES, MassMessage
from runtime import runtime

PAGE = 50
GOES_ON = {"planning": 2, "sending": 2, "waiting": 10}
"""After so many seconds the page asks again; in every other state nothing happens by itself."""


class Wish(Form):
    action: Literal["pause", "resume", "cancel"]


class Reminder(Form):
    staff_id: str = Field(pattern=r"^[0-9]{1,18}$")


@blueprint.get("/messages/<int:message_id>")
@user_only(*MESSAGES)
def message_page(message_id: int) -> ResponseReturnValue:
    """The report; asked for by the page itself, only the part that moves."""
    asked = request.args.get("ask")
    if request.args.get("part") and is_part():
        with runtime().reading() as session:
            settled = again_in(mass_lists.message(session, message_id)) is None
        if settled:  # the buttons above are others now
            return Response(status=204, headers={"HX-Refresh": "true"})
        return _shown(message_id, page="console/message_progress.html")
    return _shown(message_id, ask=asked if asked in ("pause", "cancel") and may("operator") else None)


@blueprint.post("/messages/<int:message_id>/state")
@user_only("operator")
def change_message(message_id: int) -> ResponseReturnValue:
    """Pause, go on, or cancel; 409 when it has moved on meanwhile."""
    wish, now = read_fields(Wish).action, runtime().now()
    change = {"pause": mass_control.pause, "resume": mass_control.resume, "cancel": mass_control.cancel}[wish]
    try:
        with runtime().transaction() as session:
            if wish == "resume" and gates.mode(session) == "stopped":
                raise Conflict("现在全部停发。先在「发送开关」打开，再回来点继续")
            change(session, message_id, by=g.actor, now=now)
    except Conflict as error:
        return _shown(message_id, error=error), error.status
    for lane in ("planning", "sending"):
        runtime().wake(lane)
    return redirect(url_for("console.message_page", message_id=message_id), 303)


@blueprint.post("/messages/<int:message_id>/reminders")
@user_only("operator")
def remind(message_id: int) -> ResponseReturnValue:
    """Have WeCom nudge one colleague about their tasks of this message, at most three times in 24 hours."""
    staff_id = int(read_fields(Reminder).staff_id)
    try:
        with runtime().transaction() as session:
            waiting = mass_lists.waiting_tasks(session, message_id, staff_id)
            if not waiting:
                raise Conflict("他没有要发的任务了，刷新看看")
            for task in waiting:
                mass_control.ask_reminder(session, task.id, by=g.actor, now=runtime().now())
    except Conflict as error:
        return _shown(message_id, error=error), error.status
    runtime().wake("sending")
    return redirect(url_for("console.message_page", message_id=message_id), 303)


@blueprint.get("/messages/<int:message_id>/people")
@user_only("operator")
def message_people(message_id: int) -> ResponseReturnValue:
    """Who is in one state (`would_send`: the rehearsal's list), fifty at a time."""
    state, after = request.args.get("state", ""), number_asked("after") or 0
    if state not in RECIPIENT_STATES:
        raise NoSuchPage
    with runtime().reading() as session:
        message = mass_lists.message(session, message_id)
        people = mass_reports.people(session, message_id, (state,), after=after, limit=PAGE + 1)
        name = mass_lists.name_of(session, message)
    page = "console/people_rows.html" if is_part() else "console/people.html"
    return render_template(
        page, here="pushes", message=message, name=name, state=state, people=people[:PAGE], more=len(people) > PAGE,
        pill=mass_words.recipient_state(state), title=mass_words.list_title(state), reason=mass_words.why,
    )  # fmt: skip


def _shown(
    message_id: int, *, error: RuleError | None = None, ask: str | None = None, page: str = "console/message.html"
) -> str:
    with runtime().reading() as session:
        message = mass_lists.message(session, message_id)
        report = mass_reports.report(session, message)
        name, mode = mass_lists.name_of(session, message), gates.mode(session)
        attached = push_forms.shown(session, message.attachments)
        names = mass_lists.names_of_members(session, report)
    funnel = steps(report)
    return render_template(
        page, part=page != "console/message.html", here="pushes" if message.push_id else "drops", message=message,
        report=report, name=name, error=error, ask=ask, gate_mode=mode, attached=attached,
        kind_name=push_forms.kind_name, funnel=funnel, chart=chart(funnel),
        sentence=in_a_sentence(report), unit=mass_words.unit(message), pill=mass_words.message_state(message),
        task_state=mass_words.task_state, again_in=again_in(message), why=mass_words.why(message.reason),
        reason=mass_words.why, unknown=mass_lists.tasks_in(report, "unknown"), can_change=may("operator"),
        can_remind=mass_lists.can_remind, holders_of=lambda line: _holders(line, names), now=runtime().now(),
    )  # fmt: skip


def _holders(line: mass_reports.SenderLine, names: dict[str, str]) -> str:
    """Whom WeCom gave a sender's tasks to, when it was not the sender."""
    others = [names[each.userid] for each in line.holders if each.userid.lower() != line.userid.lower()]
    return "、".join(dict.fromkeys(others))


def again_in(message: MassMessage) -> int | None:
    return GOES_ON.get(message.state) if message.settled_at is None else None
