"""How the console names customers, their orders, coupons, touches and followers."""

from datetime import datetime
from typing import Any

from console import identity_words
from console.door import blueprint
from crm.customer_lists import Line
from crm.customer_reports import Relation
from models.contact import Follow
from models.touch import Touch
from runtime import runtime
from words import gettext


def days_since(moment: datetime) -> int:
    """Nights between then and now on the shop's calendar."""
    zone, now = runtime().zone, runtime().now()
    return max(0, (now.astimezone(zone).date() - moment.astimezone(zone).date()).days)


@blueprint.app_context_processor
def words_of_customers() -> dict[str, Any]:
    return {"days_since": days_since, "tag_source": tag_source}


def lines_in_words(lines: list[Line]) -> list[tuple[Line, str, str]]:
    """Each with what it is called and a note beside it."""
    return [(line, *_called(line)) for line in lines]


def _called(line: Line) -> tuple[str, str]:
    if line.contact is not None:
        name = line.remark or line.contact.name or gettext("还没问到名字")
        return name, line.contact.name if line.remark and line.remark != line.contact.name else ""
    if line.known_as is not None:
        return identity_words.kind(line.known_as), identity_words.value(line.known_as)
    return gettext("客户 %(id)s", id=line.id), ""


def order_state(status: str) -> str:
    return {
        "created": gettext("待付款"),
        "paid": gettext("待发货"),
        "shipped": gettext("路上"),
        "received": gettext("已收货"),
        "completed": gettext("已完成"),
        "cancelled": gettext("已取消"),
        "refunded": gettext("已退款"),
    }.get(status, status)


def coupon_state(state: str) -> tuple[str, str]:
    return {
        "used": ("good", gettext("已用")),
        "revoked": ("quiet", gettext("已作废")),
        "expired": ("quiet", gettext("过期")),
        "claimed": ("good", gettext("已领")),
        "opened": ("warm", gettext("已打开")),
        "issued": ("warm", gettext("还没打开")),
    }[state]


def touch_kind(touch: Touch) -> str:
    words = {
        "welcome": gettext("欢迎语"),
        "coupon": gettext("一张券"),
        "words": gettext("一句话术"),
        "product": gettext("一件商品"),
        "todo": gettext("照待办发的话"),
    }
    return words.get(touch.kind, touch.kind)


def touch_state(state: str) -> tuple[str, str]:
    return {
        "sent": ("good", gettext("已发送")),
        "planned": ("quiet", gettext("等着发")),
        "trying": ("warm", gettext("正在发")),
        "failed": ("bad", gettext("没发出去")),
        "unknown": ("warm", gettext("说不准")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "expired": ("quiet", gettext("过了时间")),
        "cancelled": ("quiet", gettext("取消了")),
    }.get(state, ("quiet", state))


def added_by(follow: Follow) -> str:
    """How they came to know each other."""
    return {
        1: gettext("扫码"),
        2: gettext("搜手机号"),
        3: gettext("名片"),
        4: gettext("群聊"),
        5: gettext("手机通讯录"),
        6: gettext("微信联系人"),
        9: gettext("邮箱"),
        10: gettext("视频号"),
        16: gettext("获客链接"),
        24: gettext("通过了好友申请"),
        201: gettext("同事共享"),
        202: gettext("管理员分配"),
    }.get(follow.add_way or 0, gettext("没说怎么加的"))


def ended(relation: Relation) -> str:
    """Who ended it; empty while it goes on."""
    if relation.follow.ended_at is None:
        return ""
    return ended_by(relation.follow.ended_by or "")


def ended_by(who: str) -> str:
    return {
        "staff": gettext("同事删的"),
        "customer": gettext("客户删的"),
        "transfer": gettext("转给了别的同事"),
        "unseen": gettext("企业微信里已经没有了"),
    }.get(who, gettext("不知道谁删的"))


def happened(what: str, by: str) -> str:
    """One moment of a follow's history."""
    return {"added": gettext("加上了"), "half": gettext("客户加了，等同事通过")}.get(what) or ended_by(by)


def tag_source(source: str) -> tuple[str, str]:
    """The look of a tag's dot, and whose it is."""
    return {
        "rule": ("rule", gettext("自动")),
        "staff": ("staff", gettext("同事打的")),
        "survey": ("survey", gettext("客户自己选的")),
        "wecom": ("wecom", gettext("企业微信")),
    }.get(source, ("wecom", source))
