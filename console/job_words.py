"""What the jobs of the schedule are called on the screen, what they do, and what to do when one did not go well."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pages
from crm.timings import Daily, Every, Timing
from models.schedule import JobRun
from words import gettext


def name_and_deed(job: str) -> tuple[str, str]:
    """A job's name and, in a sentence, what it does; one we have no words for shows by its own name."""
    words = {
        "settle_silent_touches": (gettext("收尾没说完的发送"), gettext("同事发到一半、再没下文的券，记成「说不准」")),
        "make_editions": (gettext("排出下一期爆款"), gettext("照爆款日的设定，把要到的那一期和它的每一步排好")),
        "remind_coupons": (gettext("提醒快到期的券"), gettext("照每批券的设定，把快到期还没用的券告诉发它的同事")),
        "forget_nonces": (gettext("清掉用过的签名编号"), gettext("店铺接口的签名只认一次，过期的编号不用再记")),
        "import_others": (gettext("记上别处发的群发"), gettext("同事自己发的、在企业微信后台发的，也算进每月次数")),
        "check_quotas": (gettext("核对每月次数"), gettext("把还可收几条和发过的一条条对上")),
        "sync_groups": (gettext("更新客户群"), gettext("从企业微信取群名、群主和群成员")),
        "sync": (gettext("更新员工、标签和客户"), gettext("从企业微信整个取一遍，补上漏掉的通知")),
        "check_totals": (gettext("核对消费合计"), gettext("用另一种算法把每位客户的消费和单数重算一遍，对不上就报错")),
        "learn_products": (
            gettext("算出该推荐什么"),
            gettext("哪些商品常一起买、隔多久会再买，从近一年的订单里算出来"),
        ),
        "read_staff_days": (
            gettext("取同事的回复速度"),
            gettext("每位同事昨天聊了几位客户、多久回第一句，从企业微信取来记下"),
        ),
        "forget_events": (gettext("清理旧的行为记录"), gettext("一条条的浏览、加购按保存期删掉，按天汇总的留下")),
        "forget_old": (gettext("清理过期的记录"), gettext("按保存期删掉旧通知、旧操作记录和旧的任务记录")),
    }
    return words.get(job) or (job, "")


def has_words(job: str) -> bool:
    return name_and_deed(job) != (job, "")


def how_often(timing: Timing) -> str:
    if isinstance(timing, Daily):
        return gettext("每天 %(time)s", time=timing.at_time)
    if isinstance(timing, Every):
        minutes, hours = timing.seconds // 60, timing.seconds // 3600
        if hours and timing.seconds == hours * 3600:
            return gettext("每小时") if hours == 1 else gettext("每 %(n)s 小时", n=hours)
        return gettext("每 %(n)s 分钟", n=minutes) if minutes else gettext("每 %(n)s 秒", n=timing.seconds)
    days = (
        gettext("周一"), gettext("周二"), gettext("周三"), gettext("周四"),
        gettext("周五"), gettext("周六"), gettext("周日"),
    )  # fmt: skip
    return gettext("每%(day)s %(time)s", day=days[timing.weekday - 1], time=timing.at_time)


def when(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment to come: 20:10, 明天 03:17, or with its date."""
    local, tomorrow = at.astimezone(zone), now.astimezone(zone).date() + timedelta(days=1)
    return gettext("明天 %(time)s", time=f"{local:%H:%M}") if local.date() == tomorrow else pages.moment(at)


def pill(run: JobRun | None, *, overruns: bool = False) -> tuple[str, str]:
    """How it stands with a run: a colour and a word."""
    if run is None:
        return "quiet", gettext("还没跑过")
    if overruns:
        return "bad", gettext("超时")
    return {
        "waiting": ("warm", gettext("等着跑")),
        "running": ("warm", gettext("正在跑")),
        "done": ("good", gettext("完成")),
        "failed": ("bad", gettext("失败")),
        "killed": ("bad", gettext("中断")),
        "skipped": ("quiet", gettext("跳过")),
    }[run.state]


def what_to_do(run: JobRun | None, *, overruns: bool = False) -> str:
    """What a run that did not go well means, and what helps."""
    if run is None:
        return ""
    if overruns:
        return gettext("比平时久得多，还在跑，不会再开一遍。一直不完，请重启后台进程")
    if run.state == "failed":
        return gettext("出错了（%(kind)s）。到下一次会自己再试，也可以现在跑一次", kind=run.reason or "?")
    if run.state == "killed":
        if run.reason == "gone":
            return gettext("这一版程序里没有这个任务了，不用管")
        return gettext("跑它的后台进程停了 %(n)s 次，没再试。看看服务器内存，再现在跑一次", n=run.tries)
    return ""


def remark(run: JobRun, *, overruns: bool = False) -> str:
    """What there is to say about one run of the list."""
    if trouble := what_to_do(run, overruns=overruns):
        return trouble
    if run.state == "skipped":
        return gettext("新任务，从下一次开始跑") if run.reason == "new" else gettext("错过了，等下一次")
    if run.tries > 1:
        return gettext("中断过，第 %(n)s 次接着跑", n=run.tries)
    if run.state == "waiting":
        return gettext("有人点了现在跑一次，马上就跑")
    return gettext("办了 %(n)s 件", n=run.did) if run.did else ""
