"""What a notice of WeCom's is called on the screen, and the story of what was done with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crm.inbox_reports import Story
from models.inbox import Inbox
from models.touch import Touch
from words import gettext

ClockWords = Callable[[datetime], str]  # how a moment is written inside the story
ADDS = ("change_external_contact.add_external_contact", "change_external_contact.add_half_external_contact")


def happened(kind: str) -> str:
    """In words what WeCom told us."""
    words = {
        ADDS[0]: gettext("客户添加了好友"),
        ADDS[1]: gettext("客户添加了好友，还没通过"),
        "change_external_contact.edit_external_contact": gettext("客户资料改了"),
        "change_external_contact.del_external_contact": gettext("同事删了客户"),
        "change_external_contact.del_follow_user": gettext("客户删了好友"),
        "change_external_contact.transfer_fail": gettext("客户没转成"),
        "change_external_chat.create": gettext("新建了客户群"),
        "change_external_chat.update": gettext("客户群有变化"),
        "change_external_chat.dismiss": gettext("客户群解散了"),
        "change_external_tag.create": gettext("新建了标签"),
        "change_external_tag.update": gettext("标签改了"),
        "change_external_tag.delete": gettext("标签删了"),
        "change_external_tag.shuffle": gettext("标签换了顺序"),
        "change_contact.create_user": gettext("来了新同事"),
        "change_contact.update_user": gettext("同事资料改了"),
        "change_contact.delete_user": gettext("同事离职"),
        "change_contact.create_party": gettext("新建了部门"),
        "change_contact.update_party": gettext("部门改了"),
        "change_contact.delete_party": gettext("部门删了"),
        "change_contact.update_tag": gettext("同事的标签改了"),
        "enter_agent": gettext("同事打开了应用"),
        "subscribe": gettext("同事关注了应用"),
        "unsubscribe": gettext("同事取消关注应用"),
        "text": gettext("同事发来文字"),
        "image": gettext("同事发来图片"),
        "voice": gettext("同事发来语音"),
        "template_card_event": gettext("同事点了卡片"),
    }
    return words.get(kind) or gettext("一种没见过的通知")


def result(state: str) -> tuple[str, str]:
    """The pill of a state: its colour and its word."""
    return {
        "applied": ("good", gettext("已生效")),
        "received": ("warm", gettext("正在办")),
        "waiting": ("warm", gettext("等资料")),
        "unknown": ("quiet", gettext("没认出")),
        "failed": ("bad", gettext("没成功")),
    }[state]


def took(row: Inbox) -> str:
    """How long it took, or how often it was tried."""
    if row.state == "failed":
        return gettext("试了 %(n)s 次", n=row.tries)
    if row.state == "waiting":
        return gettext("第 %(n)s 次重试", n=row.tries)
    if row.applied_at is None or row.state == "unknown":
        return "–"
    return seconds((row.applied_at - row.received_at).total_seconds())


def seconds(value: float) -> str:
    if value < 0.05:
        return gettext("不到 0.1 秒")
    return gettext("%(n)s 秒", n=f"{value:.1f}") if value < 120 else gettext("%(n)s 分钟", n=int(value // 60))


def times(deliveries: int) -> str:
    return gettext("%(n)s 次，只算一次", n=deliveries) if deliveries > 1 else gettext("1 次")


def trouble(errcode: int | None) -> str:
    """Why WeCom said no, in words; the number itself stands at the foot of the story."""
    words = {
        -1: gettext("企业微信一直说忙"),
        40014: gettext("企业微信不认我们的口令，请看应用的 Secret"),
        42001: gettext("口令过期了，正在换新的"),
        45009: gettext("今天问企业微信的次数用完了"),
        45033: gettext("同时问得太多，企业微信让等一等"),
        48002: gettext("应用没有客户联系的权限"),
        60020: gettext("这台服务器的 IP 不在企业微信的可信名单里"),
        84061: gettext("已经不是好友了"),
        41050: gettext("这次添加超过 20 秒，欢迎语发不了了"),
        41051: gettext("客户已经开口了，或别的应用先发了欢迎语"),
        41096: gettext("欢迎语正由别的应用发送"),
    }
    if errcode is None:
        return gettext("没等到企业微信的回答")
    return words.get(errcode) or gettext("企业微信没有同意")


@dataclass(frozen=True)
class Step:
    """One thing that was done: "done", "bad", "held" (on purpose or not certain) or "waits"."""

    state: str
    title: str
    note: str = ""


def steps(story: Story, clock: ClockWords) -> list[Step]:
    """What was done with a notice, in the order it happens."""
    row = story.notice
    first = Step(
        "done",
        gettext("收到并存好"),
        gettext("%(time)s，送来 %(times)s", time=clock(row.received_at), times=times(row.deliveries)),
    )
    if row.state == "unknown":
        return [first, Step("held", gettext("没认出是什么"), gettext("原样存着，没有动任何资料。等程序认得它了再重试"))]
    if row.kind != ADDS[0]:
        return [first, _applied(row, clock)]
    return [first, _welcome(story, clock), _contact(story, clock), _orders(story)]


def _applied(row: Inbox, clock: ClockWords) -> Step:
    if row.state == "applied" and row.applied_at is not None:
        return Step("done", gettext("资料已更新"), clock(row.applied_at))
    if row.state == "failed":
        return Step("bad", gettext("资料没更新成"), _tried(row))
    return Step("waits", gettext("更新资料"), gettext("马上就办") if not row.tries else _tried(row))


def _tried(row: Inbox) -> str:
    return gettext("%(why)s，试了 %(n)s 次", why=trouble(row.errcode), n=row.tries)


def _welcome(story: Story, clock: ClockWords) -> Step:
    touch = story.welcome
    if touch is None and story.notice.has_welcome:
        return Step("waits", gettext("发欢迎语"), gettext("马上就发"))
    if touch is None:
        return Step(
            "held",
            gettext("没发欢迎语"),
            gettext("企业微信没给发欢迎语的凭证：可能后台另设了欢迎语，或别的应用先拿走了"),
        )
    return welcome_step(touch, clock)


def welcome_step(touch: Touch, clock: ClockWords) -> Step:
    """The welcome as one step; also a line of the list of what did not go out."""
    at = clock(touch.settled_at or touch.created_at)
    delay = seconds(((touch.settled_at or touch.created_at) - touch.created_at).total_seconds())
    return {
        "planned": Step("waits", gettext("发欢迎语"), gettext("马上就发")),
        "trying": Step("waits", gettext("正在发欢迎语"), at),
        "sent": Step("done", gettext("欢迎语已发"), gettext("%(time)s，用了 %(long)s", time=at, long=delay)),
        "would_send": Step("held", gettext("演练：欢迎语只记下，没发"), at),
        "held": Step("held", gettext("全部停发时到的，欢迎语没发"), at),
        "expired": Step("bad", gettext("欢迎语没赶上 20 秒"), at),
        "unknown": Step("held", gettext("欢迎语说不准发没发到"), gettext("试过了，没等到回答，不会再发")),
        "cancelled": Step("held", gettext("欢迎语取消了"), at),
        "failed": Step("bad", gettext("欢迎语没发出去"), trouble(touch.errcode)),
    }[touch.state]


def _contact(story: Story, clock: ClockWords) -> Step:
    row, contact = story.notice, story.contact
    if contact is not None and contact.known_at is not None:
        return Step("done", gettext("取到客户资料"), clock(contact.known_at))
    if row.state == "failed":
        return Step("bad", gettext("取客户资料没成功"), _tried(row))
    return Step("waits", gettext("取客户资料"), gettext("马上就办") if not row.tries else _tried(row))


def _orders(story: Story) -> Step:
    if story.contact is None or story.contact.known_at is None:
        return Step("waits", gettext("对上订单"), gettext("等上一步"))
    if story.order_count:
        return Step("done", gettext("对上订单"), gettext("以前的 %(n)s 笔订单", n=story.order_count))
    note = gettext("这位客户还没用微信进过小程序，或还没买过。以后对上了会自动补")
    return Step("held", gettext("还没对上订单"), note)


def what_retry_does(story: Story) -> str:
    """What trying again will do, and what it will not do twice."""
    row, touch = story.notice, story.welcome
    if row.body_sealed is None:
        return gettext("原文过了保存期，不能再重试。")
    if row.kind != ADDS[0]:
        return gettext("重试会照原文再办一遍，同一条通知不会算两次。")
    if touch is not None and touch.state == "sent":
        return gettext("客户那边没受影响，已收到欢迎语。重试只补资料和订单，不会再发一遍欢迎语。")
    if touch is not None and touch.state == "unknown":
        return gettext("欢迎语可能到了也可能没到，所以不会再发。重试只补资料和订单。")
    return gettext("客户没有收到欢迎语，过了 20 秒也不能补发。重试会补上资料和订单。")
