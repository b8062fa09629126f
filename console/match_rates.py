"""How many orders lead to somebody staff can write to, as bars, by week, by shop and by what proved it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from console.door import MATCHES, blueprint, user_only
from console.funnels import Step, chart
from console.inbox import number_asked
from console.reaches import joined
from crm import match_rates
from crm.match_rates import PROOFS, Figures
from pages import number
from runtime import runtime
from words import gettext


def proof(name: str) -> str:
    return {
        "unionid": gettext("订单自己带着微信"),
        "operator": gettext("有人看过，说是同一个人"),
        "shop_pair": gettext("店铺的系统说是同一个人"),
        "order_named": gettext("同一笔订单上写着这两个账号"),
        "parcel": gettext("打开过包裹里的码"),
        "customer_claim": gettext("客户自己填了订单号"),
        "staff_order": gettext("同事替客户填了订单号"),
        "phone": gettext("留的是同一个手机号"),
        "other": gettext("别的"),
    }[name]


def steps(figures: Figures) -> list[Step]:
    return [
        Step(gettext("订单"), figures.orders, "plan"),
        Step(gettext("带买家账号"), figures.named, "plan", gettext("店铺说了是哪位买家")),
        Step(gettext("认出是谁"), figures.linked, "sent", gettext("买家是好友，或曾经是")),
        Step(gettext("还是好友"), figures.friends, "sent", gettext("现在有同事跟进")),
        Step(gettext("发得到"), figures.reachable, "sent", gettext("跟进的同事在岗")),
    ]


def percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}%" if whole else "–"


@blueprint.get("/match-rate")
@user_only(*MATCHES)
def match_rate_page() -> ResponseReturnValue:
    """The last 26 weeks, of all shops or of one."""
    wanted, zone = number_asked("shop"), runtime().zone
    starts = match_rates.week_starts(runtime().now().astimezone(zone).date())
    with runtime().reading() as session:
        found = match_rates.lines(session, starts, zone)
        shops = match_rates.shops(session)
    chosen = [line for line in found if wanted is None or line.shop_id == wanted]
    figures = match_rates.total(chosen)
    bars = steps(figures)
    weeks = [(day, match_rates.total(line for line in chosen if line.week == n)) for n, day in enumerate(starts)]
    counts = [sum(line.proofs[n] for line in chosen) for n in range(len(PROOFS))]
    return render_template(
        "console/match_rate.html", here="match_rate", figures=figures, bars=bars, chart=chart(bars),
        sentence=joined([f"{bar.words} {number(bar.count)}" for bar in bars]), percent=percent,
        weeks=[week for week in reversed(weeks) if week[1].orders], shops=shops, wanted=wanted,
        by_shop=[(shop, match_rates.total(line for line in found if line.shop_id == shop.id)) for shop in shops],
        proofs=[(proof(name), count) for name, count in zip(PROOFS, counts, strict=True) if count],
    )  # fmt: skip
