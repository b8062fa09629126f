"""How the sidebar names people, spans of time and states."""

from datetime import datetime
from typing import Any

from flask_babel import get_locale

from crm.phrases import Phrase
from runtime import runtime
from sidebar.door import blueprint
from words import gettext, lazy_gettext

HER, HIM, THEM = lazy_gettext("她"), lazy_gettext("他"), lazy_gettext("客户")

ORDER_STATES = {
    "created": lazy_gettext("待付款"),
    "paid": lazy_gettext("待发货"),
    "shipped": lazy_gettext("路上"),
    "received": lazy_gettext("已收货"),
    "completed": lazy_gettext("已完成"),
    "cancelled": lazy_gettext("已取消"),
    "refunded": lazy_gettext("已退款"),
}
ORDER_HEADLINES = {
    "created": lazy_gettext("还没付款"),
    "paid": lazy_gettext("付了款，等发货"),
    "shipped": lazy_gettext("在路上"),
    "received": lazy_gettext("已经收到"),
    "completed": lazy_gettext("交易完成"),
    "cancelled": lazy_gettext("取消了"),
    "refunded": lazy_gettext("钱退了"),
}
ORDER_WORDS = {
    "shipped": lazy_gettext("告诉客户发货了"),
    "care": lazy_gettext("发用法"),
    "review": lazy_gettext("请客户评价"),
}
COUPON_STATES = {
    "used": lazy_gettext("已用"),
    "revoked": lazy_gettext("已作废"),
    "expired": lazy_gettext("过期"),
}
EDIT_STATES = {
    "planned": lazy_gettext("写入中…"),
    "trying": lazy_gettext("写入中…"),
    "done": lazy_gettext("写好了"),
    "failed": lazy_gettext("没写成 · 重试"),
    "held": lazy_gettext("停发中，没写 · 重试"),
    "would_send": lazy_gettext("演练，没真写"),
}
TOUCH_KINDS = {
    "welcome": lazy_gettext("欢迎语"),
    "coupon": lazy_gettext("一张券"),
    "words": lazy_gettext("一句话术"),
    "product": lazy_gettext("一件商品"),
    "todo": lazy_gettext("照待办发的话"),
}
TOUCH_STATES = {
    "sent": lazy_gettext("已发"),
    "trying": lazy_gettext("正在发"),
    "planned": lazy_gettext("等着发"),
    "failed": lazy_gettext("没发出去"),
    "unknown": lazy_gettext("不确定"),
    "would_send": lazy_gettext("演练"),
    "held": lazy_gettext("停发中"),
    "expired": lazy_gettext("过时没发"),
    "cancelled": lazy_gettext("取消了"),
}
SENDINGS = {
    "sent": lazy_gettext("已发"),
    "trying": lazy_gettext("正在发"),
    "unknown": lazy_gettext("不确定"),
}


@blueprint.context_processor
def words() -> dict[str, Any]:
    return {
        "ORDER_STATES": ORDER_STATES,
        "ORDER_WORDS": ORDER_WORDS,
        "ORDER_HEADLINES": ORDER_HEADLINES,
        "COUPON_STATES": COUPON_STATES,
        "SENDINGS": SENDINGS,
        "EDIT_STATES": EDIT_STATES,
        "TOUCH_KINDS": TOUCH_KINDS,
        "TOUCH_STATES": TOUCH_STATES,
        "they": they,
        "coupon_progress": coupon_progress,
        "span": span,
        "days_since": days_since,
        "said": said,
        "birthday": birthday,
        "locale": "en" if str(get_locale()) == "en" else "zh-CN",
    }


def coupon_progress(state: str, gender: int) -> str:
    """How far a coupon that went out has come."""
    return {
        "issued": gettext("等%(who)s打开", who=they(gender)),
        "opened": gettext("%(who)s已打开", who=they(gender)),
        "claimed": gettext("已领"),
    }.get(state, "")


def said(phrase: Phrase) -> str:
    return gettext(phrase.key, **phrase.values)


def birthday(days: int, written: str) -> str:
    """The birthday that is near, and how near."""
    if not days:
        return gettext("今天生日")
    month, day = int(written[-5:-3]), int(written[-2:])
    return gettext("%(month)s 月 %(day)s 日生日，还有 %(n)s 天", month=month, day=day, n=days)


def they(gender: int) -> str:
    """她 and 他 when WeCom knows, 客户 when it does not."""
    return str({1: HIM, 2: HER}.get(gender, THEM))


def span(since: datetime) -> str:
    """How long two people have known each other, in its two largest units at most."""
    days = days_since(since)
    if days < 31:
        return gettext("%(n)s 天", n=days)
    months = days * 12 // 365 or 1
    if months < 12:
        return gettext("%(n)s 个月", n=months)
    years, rest = divmod(months, 12)
    if rest:
        return gettext("%(years)s 年 %(months)s 个月", years=years, months=rest)
    return gettext("%(n)s 年", n=years)


def days_since(moment: datetime) -> int:
    """Nights between then and now on the shop's calendar."""
    zone, now = runtime().zone, runtime().now()
    return max(0, (now.astimezone(zone).date() - moment.astimezone(zone).date()).days)
