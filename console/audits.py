"""Who did what, and who was refused, in words."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from console import job_words
from console.door import AUDIT, blueprint, is_part, user_only
from console.inbox import number_asked
from crm import audits
from models.audit import Audit
from runtime import runtime
from words import gettext

PAGE = 50


def done(action: str) -> str:
    """A deed in words; one we have no words for shows by its own name."""
    words = {
        "sign_in": gettext("登录"),
        "sign_out": gettext("退出"),
        "user.enter": gettext("用一次性链接登录"),
        "user.first_owner": gettext("成为第一位老板"),
        "user.add": gettext("开了账号"),
        "user.link": gettext("发了一次性链接"),
        "user.disable": gettext("停用账号"),
        "user.rights": gettext("改了能看什么"),
        "identity.retract": gettext("收回一条认人的依据"),
        "identity.restore": gettext("恢复一条认人的依据"),
        "identity.confirm": gettext("说两个账号是同一个人"),
        "customer.phone": gettext("看了一个完整手机号"),
        "customer.split": gettext("一位客户拆成了两位"),
        "user.password": gettext("改了密码"),
        "gate.live": gettext("打开真发"),
        "gate.rehearsal": gettext("切到演练"),
        "gate.stopped": gettext("全部停发"),
        "gate.allow": gettext("改了演练名单"),
        "inbox.replay": gettext("重试一条通知"),
        "inbox.read_body": gettext("看了一条通知的原文"),
        "console.users_page": gettext("打开账号页"),
        "coupon_batch.create": gettext("新建一批券"),
        "coupon_batch.close": gettext("停发一批券"),
        "coupon_batch.codes": gettext("导入券码"),
        "coupon_batch.link": gettext("做了一个领券链接"),
        "drop_series.create": gettext("定了一个爆款日"),
        "drop_series.change": gettext("改了爆款日"),
        "drop_series.paused": gettext("停了爆款日"),
        "drop_series.active": gettext("接着做爆款日"),
        "drop_series.ended": gettext("不做爆款日了"),
        "drop_edition.change": gettext("改了一期爆款"),
        "drop_edition.skip": gettext("跳过一期爆款"),
        "customer.merge": gettext("两份资料合成一位客户"),
        "customer.export": gettext("导出了一位客户的全部资料"),
        "customer.erase": gettext("抹除了一位客户"),
        "privacy.record": gettext("导出了个人信息处理记录"),
        "sidebar.sign_in": gettext("打开侧边栏"),
        "coupon.grant": gettext("发了一张券"),
        "coupon.revoke": gettext("作废一张券"),
        "coupon.send": gettext("把没发出去的券再发一次"),
        "words.send": gettext("发了一句话术"),
        "product.send": gettext("发了一件商品"),
        "group.send": gettext("把爆款发到群里"),
        "todo.send": gettext("照待办发了话"),
        "todo.plan": gettext("定了一件待办"),
        "todo.put_off": gettext("把待办推到明天"),
        "todo.done": gettext("办完一件待办"),
        "todo.dropped": gettext("不办一件待办了"),
        "todo.hand_over": gettext("把待办交给同事"),
        "note.write": gettext("写了一条备注"),
        "note.delete": gettext("删了一条备注"),
        "customer.tag": gettext("给客户打了标签"),
        "customer.untag": gettext("摘了客户的标签"),
        "customer.profile": gettext("改了客户的资料"),
        "edit.retry": gettext("让没写成的再写一次"),
        "recommendation.hide": gettext("不再给客户推荐一件商品"),
        "order.bind": gettext("绑定了一笔订单"),
        "order.unbind": gettext("撤销了一笔订单的绑定"),
        "quick_reply.add": gettext("写了一条话术"),
        "quick_reply.change": gettext("改了一条话术"),
        "quick_reply.delete": gettext("删了一条话术"),
        "coupon.claim": gettext("客户领了一张券"),
        "coupon.redeem": gettext("核销一张券"),
        "webhook.add": gettext("加了一个店铺通知地址"),
        "webhook.revoke": gettext("停用一个店铺通知地址"),
        "webhook.replay": gettext("让一条店铺通知再发一次"),
        "shop.origins": gettext("改了哪些网页能记行为"),
        "totals.check": gettext("核对了消费合计"),
        "key.revoke": gettext("停用一把密钥"),
        "job.run": gettext("让任务现在跑一次"),
        "audience.create": gettext("新建人群"),
        "audience.update": gettext("改了人群"),
        "audience.delete": gettext("删了人群"),
        "push.create": gettext("写了一条群发"),
        "push.update": gettext("改了一条群发"),
        "push.schedule": gettext("安排了一条群发"),
        "push.cancel": gettext("取消了一条群发"),
        "mass.pause": gettext("暂停了一次群发"),
        "mass.resume": gettext("让一次群发继续"),
        "mass.cancel": gettext("取消了一次群发"),
        "mass.remind": gettext("提醒同事点发送"),
        "import.upload": gettext("传了一份要导入的文件"),
        "import.choose": gettext("说明了每一列是什么"),
        "import.try": gettext("试算一次导入"),
        "import.import": gettext("开始一次导入"),
        "import.stop": gettext("停下一次导入"),
        "media.upload": gettext("传了一个文件"),
    }
    if action in words:
        return words[action]
    return gettext("在侧边栏里（%(name)s）", name=action[8:]) if action.startswith("sidebar.") else action


def outcome(code: str) -> tuple[str, str]:
    words = {
        "done": ("good", gettext("办成")),
        "refused": ("bad", gettext("被拒")),
        "wrong_password": ("warm", gettext("密码不对")),
        "too_many": ("warm", gettext("太频繁")),
    }
    return words.get(code) or ("warm", code)


def by_whom(row: Audit, names: dict[str, str]) -> str:
    if row.actor in names:
        return names[row.actor]
    kind, _, name = row.actor.partition(":")
    return {
        "system": gettext("系统"),
        "anyone": gettext("没登录的人"),
        "staff": gettext("同事 %(id)s", id=name),
        "shop": gettext("店铺 %(id)s", id=name),
    }.get(kind, row.actor)


def about(row: Audit) -> str:
    """What a deed was done to; a try to sign in keeps to itself which digest it counts by."""
    kind, _, number = row.subject.partition(":")
    words = {
        "inbox": gettext("通知 %(id)s", id=number),
        "user": gettext("账号 %(id)s", id=number),
        "customer": gettext("客户 %(id)s", id=number),
        "coupon": gettext("券 %(id)s", id=number),
        "coupon_batch": gettext("第 %(id)s 批券", id=number),
        "drop_series": gettext("爆款日 %(id)s", id=number),
        "drop_edition": gettext("爆款的一期 %(id)s", id=number),
        "login": "–",
        "audience": gettext("人群 %(id)s", id=number),
        "push": gettext("群发 %(id)s", id=number),
        "import": gettext("导入 %(id)s", id=number),
        "media": gettext("文件 %(id)s", id=number),
        "job": gettext("任务 %(name)s", name=job_words.name_and_deed(number)[0]),
    }
    return words.get(kind) or row.subject or "–"


@blueprint.get("/audit")
@user_only(*AUDIT)
def audit_page() -> ResponseReturnValue:
    action, before = request.args.get("action") or None, number_asked("before")
    with runtime().reading() as session:
        rows = audits.page(session, action=action, before=before, limit=PAGE + 1)
        names = audits.user_names(session, rows)
        actions = audits.actions(session)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    lines = [
        {
            "row": row,
            "who": by_whom(row, names),
            "what": done(row.action),
            "about": about(row),
            "pill": outcome(row.outcome),
        }
        for row in rows
    ]
    kinds = [(kind, done(kind)) for kind in actions]
    page = "console/audit_rows.html" if is_part() else "console/audit.html"
    return render_template(page, here="audit", lines=lines, kinds=kinds, action=action, more=more)
