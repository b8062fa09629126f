"""The funnel of a mass message: where its people are, as bars, as a table and as a sentence."""

import json
from dataclasses import dataclass

from console import mass_words
from console.reaches import joined
from crm.mass_reports import Report
from pages import number
from words import gettext


@dataclass(frozen=True)
class Step:
    """One bar: `tone` names its colour, `state` the list of people behind it when there is one."""

    words: str
    count: int
    tone: str
    note: str = ""
    state: str = ""


def steps(report: Report) -> list[Step]:
    """In the order it happens; what did not happen to anybody is left out after the first four."""
    figures, unit = report.figures, mass_words.unit(report.message)
    left_out = [
        gettext("%(n)s %(unit)s本月次数用完", n=number(figures.no_place), unit=unit) if figures.no_place else "",
        gettext("%(n)s %(unit)s没有同事能发", n=number(figures.no_sender), unit=unit) if figures.no_sender else "",
    ]
    known = [
        Step(gettext("计划"), figures.planned, "plan", joined(filter(None, left_out))),
        Step(gettext("已建任务"), figures.created, "plan"),
        Step(gettext("待员工发送"), figures.waiting, "wait", _who_waits(report), "created"),
        Step(gettext("已发送"), figures.sent, "sent", state="sent"),
    ]
    rest = [
        Step(gettext("已达上限"), figures.of("quota"), "off", state="quota"),
        Step(gettext("已不是好友"), figures.of("not_friend"), "off", state="not_friend"),
        Step(gettext("发不了"), figures.of("unreachable") + figures.of("failed"), "off", state="unreachable"),
        Step(gettext("说不准"), figures.of("unknown"), "wait", gettext("不会再试，见下面"), "unknown"),
        Step(gettext("演练，没真发"), figures.of("would_send"), "off", state="would_send"),
        Step(gettext("停发，没发"), figures.of("held"), "wait", state="held"),
        Step(gettext("取消了"), figures.of("cancelled"), "off", state="cancelled"),
    ]
    return known + [step for step in rest if step.count]


def _who_waits(report: Report) -> str:
    waiting = [line.name for line in report.senders if line.figures.waiting]
    if not waiting:
        return ""
    if len(waiting) == 1:
        return gettext("%(who)s还没点", who=waiting[0])
    return gettext("%(who)s等 %(n)s 位还没点", who=waiting[0], n=len(waiting))


def in_a_sentence(report: Report) -> str:
    """What the chart shows, for who does not see it."""
    unit = mass_words.unit(report.message)
    told = [f"{step.words} {number(step.count)} {unit}" for step in steps(report)]
    return joined(told)


def chart(funnel: list[Step]) -> str:
    """The bars as the chart's script reads them."""
    return json.dumps([{"words": s.words, "count": s.count, "tone": s.tone} for s in funnel], ensure_ascii=False)
