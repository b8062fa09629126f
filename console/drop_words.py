"""Drops in words: parts, steps, and what became of each group and each message to staff."""

from collections import Counter
from datetime import date, datetime

from crm.drop_reports import Line
from models.drop import DropStep, StaffMessage
from pages import day
from runtime import runtime
from words import gettext

Pill = tuple[str, str]


def part_name(part: str) -> str:
    return {"teaser": gettext("预热"), "launch": gettext("开抢"), "recap": gettext("战报")}[part]


def weekday_name(number: int) -> str:
    """1 Monday … 7."""
    return [
        gettext("周一"), gettext("周二"), gettext("周三"), gettext("周四"), gettext("周五"), gettext("周六"),
        gettext("周日"),
    ][number - 1]  # fmt: skip


def day_name(on: date) -> str:
    return gettext("%(m)s 月 %(d)s 日 %(weekday)s", m=on.month, d=on.day, weekday=weekday_name(on.isoweekday()))


def when(at: datetime) -> str:
    """11 月 20 日 20:00, and which day that is from today."""
    local, today = at.astimezone(runtime().zone), runtime().now().astimezone(runtime().zone).date()
    near = {-1: gettext("昨天"), 0: gettext("今天"), 1: gettext("明天")}.get((local.date() - today).days)
    said = f"{day(at)} {local:%H:%M}"
    return f"{said} · {near}" if near else f"{said} · {weekday_name(local.isoweekday())}"


def group_state(line: Line) -> Pill:
    return {
        "planned": ("quiet", gettext("就要派任务")),
        "created": ("warm", gettext("待员工发送")),
        "sent": ("good", gettext("已发送")),
        "quota": ("bad", gettext("已达上限")),
        "not_friend": ("bad", gettext("没发到")),
        "unreachable": ("bad", gettext("发不到")),
        "failed": ("bad", gettext("没发出去")),
        "unknown": ("warm", gettext("说不准")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "cancelled": ("quiet", gettext("取消了")),
    }[line.state]


def why_not(line: Line) -> str:
    """Why a group did not get it, as far as there is more to say than its state."""
    if line.reason:
        return gettext(line.reason)
    return {
        "quota": gettext("这个群本月的群发次数用完了"),
        "unknown": gettext("建任务时没等到回答，不会再建一次"),
        "held": gettext("全部停发时到的，之后不补发"),
    }.get(line.state, "")


def step_pill(step: DropStep, counts: Counter[str] | None = None) -> Pill:
    """What became of a part: of its groups when there are any, else of the step itself."""
    total = sum(counts.values()) if counts else 0
    if counts and total:
        if counts["would_send"]:
            return "quiet", gettext("演练，没真发")
        if counts["created"] or counts["planned"]:
            return "warm", f"{counts['sent']} / {total}"
        return ("good", gettext("已发")) if counts["sent"] == total else ("bad", f"{counts['sent']} / {total}")
    return {
        "planned": ("quiet", gettext("未到")),
        "running": ("quiet", gettext("正在办")),
        "done": ("quiet", gettext("在派任务")),
        "skipped": ("quiet", gettext("跳过")),
        "missed": ("bad", gettext("没赶上")),
        "held": ("warm", gettext("停发，没发")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "cancelled": ("quiet", gettext("取消了")),
    }[step.state]


def step_note(step: DropStep) -> str:
    """Why a step did not simply happen."""
    return {
        "edition_skipped": gettext("这一期跳过了"),
        "series_paused": gettext("到点时这个爆款日停着"),
        "too_late": gettext("程序没赶上这个点，再发就不对了，没有发"),
        "no_figures": gettext("还没有这个商品的已付订单，卖出多少说不准，没有发"),
        "part_not_made": gettext("这条没有发，不用提醒"),
        "nobody_waits": gettext("都点过了，不用提醒"),
        "no_robot": gettext("没填内部群的消息推送"),
        "robot_unopenable": gettext("内部群的地址读不出来，重新填一次"),
    }.get(step.reason, "")


def progress(counts: Counter[str]) -> str:
    """How many groups have it, wait, and get nothing."""
    waiting = counts["created"] + counts["planned"]
    missing = sum(counts.values()) - counts["sent"] - waiting - counts["would_send"]
    said = []
    if counts["would_send"]:
        said.append(gettext("%(n)s 个群本来会收到", n=counts["would_send"]))
    if counts["sent"]:
        said.append(gettext("%(n)s 个群收到了", n=counts["sent"]))
    if waiting:
        said.append(gettext("%(n)s 个群在等群主点发送", n=waiting))
    if missing:
        said.append(gettext("%(n)s 个群没有发", n=missing))
    return " · ".join(said)


def message_pill(message: StaffMessage) -> Pill:
    return {
        "planned": ("quiet", gettext("就要发")),
        "trying": ("quiet", gettext("正在发")),
        "sent": ("good", gettext("已发送")),
        "failed": ("bad", gettext("没发出去")),
        "unknown": ("warm", gettext("说不准")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "expired": ("bad", gettext("没赶上")),
    }[message.state]


def message_note(message: StaffMessage) -> str:
    if message.state == "planned" and message.errcode:
        return gettext("企业微信说太忙，过一会儿再发")
    return {
        "robot_gone": gettext("内部群里已经没有这个消息推送了，换一个地址"),
        "nobody": gettext("企业微信里找不到这位同事"),
        "refused": gettext("企业微信没有接受"),
        "no_answer": gettext("没等到回答，不会再发一次"),
        "too_late": gettext("过了点，不再发"),
        "edition_skipped": gettext("这一期跳过了"),
    }.get(message.reason, "")


def series_pill(state: str) -> Pill:
    return {
        "active": ("good", gettext("在做")),
        "paused": ("warm", gettext("停着")),
        "ended": ("quiet", gettext("不做了")),
    }[state]
