"""The first page: five figures, and what waits for somebody."""

from dataclasses import dataclass
from datetime import timedelta

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from console.door import INBOX, JOBS, MESSAGES, OUTBOUND, blueprint, may, user_only
from console.inbox import start_of_today
from crm import gates, held, inbox_reports, meters, overviews, rivals
from runtime import runtime
from words import gettext

DOUBTS_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class Due:
    icon: str
    tone: str
    title: str
    note: str
    link: str = ""


@blueprint.get("/")
@user_only()
def home() -> ResponseReturnValue:
    with runtime().reading() as session:
        figures = overviews.overview(session, today=start_of_today())
        mode = gates.mode(session)
        failed = inbox_reports.count_failed(session)
        sendings = _sendings_due(session) if may(*MESSAGES) else []
        filling = _filling(session) + _rivals(session) if may(*JOBS) else []
    due = _due(figures, mode, failed, sendings + filling)
    return render_template("console/home.html", here="home", figures=figures, due=due, hello=_hello())


def _hello() -> str:
    hour = runtime().now().astimezone(runtime().zone).hour
    if hour < 11:
        return gettext("早上好，%(name)s", name=g.user.name)
    return gettext("下午好，%(name)s", name=g.user.name) if hour < 18 else gettext("晚上好，%(name)s", name=g.user.name)


def _filling(session: Session) -> list[Due]:
    """What is nearly full: nobody can be added any more when it is."""
    wecom, link = runtime().settings.wecom, url_for("console.sync_page")
    found, paid = [], meters.paid_contacts(session, limit=wecom.paid_contacts)
    if paid.tone:
        title = gettext("外部联系人用了 %(n)s%%", n=paid.percent)
        note = gettext("满了就加不了新客户，请在企业微信后台扩容")
        found.append(Due("users", paid.tone, title, note, link))
    full = [one for one in meters.fullest(session, limit=wecom.customers_per_member) if one.tone]
    if full:
        title = gettext("%(name)s的客户数用了 %(n)s%%", name=full[0].name, n=full[0].percent)
        note = gettext("满了就加不了，请扩容，或换人接待")
        found.append(Due("users", full[0].tone, title, note, link))
    return found


def _rivals(session: Session) -> list[Due]:
    """Somebody else welcomes our customers, and takes the welcome code."""
    rules = runtime().settings.welcome
    found = rivals.since(session, at=runtime().now() - timedelta(days=rules.rival_days))
    if not found.are_there(rules.rival_share_percent / 100):
        return []
    title = gettext("%(n)s 位客户的欢迎语被别处抢先了", n=found.without_code + found.taken)
    note = gettext(
        "加的是：%(names)s。多半是企业微信后台给他们设了欢迎语，或别的应用也在发，请关掉一处",
        names="、".join(found.members),
    )
    return [Due("send", "bad", title, note, url_for("console.inbox_page") if may(*INBOX) else "")]


def _sendings_due(session: Session) -> list[Due]:
    """Pushes and drops that a person has to look at."""
    found = []
    if halfway := held.stopped_halfway(session):
        title = gettext("%(n)s 次群发停在半路", n=len(halfway))
        found.append(Due("send", "warm", title, gettext("停发时停下的，打开以后要点继续"), _link(halfway)))
    if doubtful := held.in_doubt(session, since=runtime().now() - DOUBTS_SHOWN):
        title = gettext("%(n)s 个群发任务说不准", n=sum(one.tasks for one in doubtful))
        found.append(Due("send", "warm", title, gettext("没等到回答，不会再发，请同事看一眼群发助手"), _link(doubtful)))
    if waiting := held.waiting_for_staff(session):
        title = gettext("%(n)s 次群发等同事点发送", n=len(waiting))
        note = gettext("「%(name)s」有 %(n)s 个任务还没点", name=waiting[0].name, n=waiting[0].tasks)
        found.append(Due("send", "warm", title, note, _link(waiting)))
    return found


def _link(sendings: list[held.Sending]) -> str:
    """To the one, or to the list when there are several."""
    if len(sendings) > 1:
        return url_for("console.pushes_page")
    return url_for("console.message_page", message_id=sendings[0].message.id)


def _due(figures: overviews.Overview, mode: str, failed: int, sendings: list[Due]) -> list[Due]:
    """What waits for this user, most pressing first; only what their role can open."""
    outbound = url_for("console.outbound") if may(*OUTBOUND) else ""
    unknown = url_for("console.outbound", state="unknown") if may(*OUTBOUND) else ""
    inbox = url_for("console.inbox_page", result="failed") if may(*INBOX) else ""
    found = []
    if mode == "stopped":
        found.append(Due("send", "bad", gettext("全部停发中"), gettext("欢迎语、券、群发和爆款都发不出去"), outbound))
    if mode == "rehearsal":
        note = gettext("该发的只记下，不真发。看过没问题再打开")
        found.append(Due("send", "warm", gettext("演练模式"), note, outbound))
    found += sendings
    if failed:
        note = gettext("客户资料可能缺一块，可以重试")
        found.append(Due("inbox", "bad", gettext("%(n)s 条通知没办成", n=failed), note, inbox))
    if figures.unknown_touches:
        title = gettext("%(n)s 条说不准发没发到", n=figures.unknown_touches)
        found.append(Due("send", "warm", title, gettext("没等到回答，不会再发，请看一眼聊天"), unknown))
    if not figures.notices:
        note = gettext("在应用后台填上接收消息的地址，再加一位好友试试")
        found.append(Due("inbox", "quiet", gettext("还没收到过企业微信的通知"), note))
    if not figures.orders:
        found.append(Due("ticket", "quiet", gettext("还没有订单"), gettext("让商城发过来，或导入一个文件")))
    return found
