"""What pushes, their sendings, tasks and recipients are called on the screen: a colour and a word each."""

from models.mass import MassMessage, MassTask
from models.push import Push
from words import gettext

Pill = tuple[str, str]


def push_state(push: Push, last: MassMessage | None) -> Pill:
    if push.state == "ended" and last is not None:
        return message_state(last)
    return {
        "draft": ("quiet", gettext("草稿")),
        "scheduled": ("warm", gettext("已安排")),
        "ended": ("good", gettext("发过了")),
        "cancelled": ("quiet", gettext("取消了")),
    }[push.state]


def message_state(message: MassMessage) -> Pill:
    return {
        "planning": ("warm", gettext("正在排给谁发")),
        "sending": ("warm", gettext("正在建任务")),
        "waiting": ("warm", gettext("等同事发送")),
        "done": ("good", gettext("结束了")),
        "paused": ("warm", gettext("暂停中")),
        "cancelled": ("quiet", gettext("取消了")),
        "missed": ("bad", gettext("错过了")),
    }[message.state]


def task_state(task: MassTask) -> Pill:
    """A colleague's task; what was created waits for them until it is settled."""
    if task.state == "created" and task.settled_at is not None:
        return "good", gettext("已发完")
    return {
        "planned": ("quiet", gettext("还没建")),
        "trying": ("quiet", gettext("正在建")),
        "lost": ("warm", gettext("在核对建成没有")),
        "created": ("warm", gettext("待员工发送")),
        "unknown": ("warm", gettext("说不准")),
        "failed": ("bad", gettext("没建成")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "cancelling": ("quiet", gettext("正在取消")),
        "cancelled": ("quiet", gettext("取消了")),
    }[task.state]


def recipient_state(state: str) -> Pill:
    return {
        "planned": ("quiet", gettext("还没建任务")),
        "created": ("warm", gettext("待员工发送")),
        "sent": ("good", gettext("已发送")),
        "quota": ("quiet", gettext("已达上限")),
        "not_friend": ("quiet", gettext("已不是好友")),
        "unreachable": ("quiet", gettext("发不了")),
        "failed": ("bad", gettext("没建成")),
        "unknown": ("warm", gettext("说不准")),
        "would_send": ("quiet", gettext("演练，没真发")),
        "held": ("warm", gettext("停发，没发")),
        "cancelled": ("quiet", gettext("取消了")),
    }[state]


def unit(message: MassMessage) -> str:
    return gettext("个群") if message.chat_type == "group" else gettext("人")


def why(reason: str) -> str:
    """What was kept with a message, a task or a recipient, in the reader's language."""
    return gettext(reason) if reason else ""


def list_title(state: str) -> str:
    return {
        "would_send": gettext("演练：会发给他们"),
        "held": gettext("停发时扣下的"),
        "unknown": gettext("说不准发没发到的"),
        "created": gettext("等同事发送的"),
        "sent": gettext("已发送的"),
    }.get(state, recipient_state(state)[1])
