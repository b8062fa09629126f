"""The gate: whether anything goes out, who receives in rehearsal, and what did not go out."""

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound as NoSuchPage

from bodies import Form, read_fields
from console import mass_words, notices
from console.door import MESSAGES, OUTBOUND, OWNER, blueprint, is_part, may, sees_customers, user_only
from console.inbox import number_asked, to_the_second, who
from crm import gates, held, inbox_reports
from crm.errors import BadInput
from models.touch import STATES, Touch
from runtime import runtime
from words import gettext

PAGE = 50


class Switch(Form):
    mode: str = Field(max_length=16)
    confirm: str = Field("", max_length=64)


class AllowList(Form):
    ids: str = Field("", max_length=20_000)


def touch_state(state: str) -> tuple[str, str]:
    """The pill of a touch: its colour and its word."""
    return {
        "planned": ("quiet", gettext("就要发")),
        "trying": ("quiet", gettext("正在发")),
        "sent": ("good", gettext("已发送")),
        "failed": ("bad", gettext("没发出去")),
        "unknown": ("warm", gettext("说不准")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "expired": ("bad", gettext("没赶上")),
        "cancelled": ("quiet", gettext("取消了")),
    }[state]


def touch_kind(kind: str) -> str:
    return {"welcome": gettext("欢迎语"), "coupon": gettext("券")}.get(kind, kind)


def staff_message_kind(kind: str) -> str:
    return {"card": gettext("给同事的卡片"), "robot": gettext("内部群消息")}.get(kind, kind)


@blueprint.app_context_processor
def words_of_touches() -> dict[str, object]:
    return {"touch_kind": touch_kind, "staff_message_kind": staff_message_kind}


def why(touch: Touch) -> str:
    """What there is to say about a touch that did not simply go out."""
    if touch.state == "unknown":
        return gettext("试过了，没等到回答。不会再发，请在聊天里看一眼")
    if touch.state == "failed":
        return notices.trouble(touch.errcode) if touch.errcode is not None else gettext("没发出去，客户没收到")
    if touch.state == "expired":
        return gettext("过了 20 秒，企业微信不再收")
    if touch.state == "held":
        return gettext("全部停发时到的，之后也不补发")
    return gettext("演练模式只记下") if touch.state == "would_send" else ""


def _shown(**more: object) -> str:
    state, before = request.args.get("state") or None, number_asked("before")
    if state is not None and state not in STATES:
        raise NoSuchPage
    with runtime().reading() as session:
        gate, counts = gates.gate(session), gates.touches_by_state(session)
        by = gates.changed_by(session)
        rows = gates.recent_touches(session, state=state, before=before, limit=PAGE + 1)
        staff = inbox_reports.staff_names(session, rows)
        contacts = inbox_reports.contact_names(session, rows) if sees_customers() else {}
        stop, rehearsal = (held.last_switched(session, mode) for mode in ("stopped", "rehearsal"))
        did_not = {
            "held": held.kept(session, "held", since=stop),
            "would_send": held.kept(session, "would_send", since=rehearsal),
            "halfway": held.stopped_halfway(session),
        }
    further, rows = len(rows) > PAGE, rows[:PAGE]
    lines = [
        {
            "row": row,
            "at": to_the_second(row.created_at),
            "what": touch_kind(row.kind),
            "who": who(row, staff, contacts),
            "pill": touch_state(row.state),
            "why": why(row),
        }
        for row in rows
    ]
    chips = [(kind, touch_state(kind)[1], counts[kind]) for kind in STATES if counts.get(kind)]
    page = "console/touch_rows.html" if is_part() else "console/outbound.html"
    return render_template(
        page, here="outbound", gate=gate, lines=lines, chips=chips, total=sum(counts.values()), state=state,
        more=further, phrase=phrase(), by=by, stopped_at=stop, unit=mass_words.unit, opens=may(*MESSAGES),
        people=may("operator"), **did_not, **more,
    )  # fmt: skip


def phrase() -> str:
    """What an owner types before messages really go out."""
    return gettext("真的发给客户")


@blueprint.get("/outbound")
@user_only(*OUTBOUND)
def outbound() -> ResponseReturnValue:
    return _shown(opening="open" in request.args)


@blueprint.post("/outbound/mode")
@user_only(*OWNER)
def switch() -> ResponseReturnValue:
    """Stopping and rehearsing take one press; going live takes the sentence, typed."""
    form = read_fields(Switch)
    if form.mode == "live" and form.confirm.strip() != phrase():
        error = BadInput("照着框里的字打一遍，才会打开", field="confirm")
        return _shown(opening=True, error=error), error.status
    with runtime().transaction() as session:
        gates.switch(session, form.mode, by=g.actor, now=runtime().now())
    return redirect(url_for("console.outbound"), 303)


@blueprint.post("/outbound/allow-list")
@user_only(*OWNER)
def allow() -> ResponseReturnValue:
    form = read_fields(AllowList)
    try:
        with runtime().transaction() as session:
            gates.allow(session, form.ids.splitlines(), by=g.actor, now=runtime().now())
    except BadInput as error:
        return _shown(error=error), error.status
    return redirect(url_for("console.outbound"), 303)
