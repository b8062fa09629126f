"""The record of processing (个人信息处理记录): what is held, what for, from where, how long, and who looked."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.audit import Audit

SERVING = "老板、运营、主管（本部门）、跟进的同事"
REVEALED = "老板、有看号码权限的账号，每次都记下"
KINDS = (
    ("微信身份：unionid、external_userid、openid", "认出是同一位客户", "企业微信、公众号、店铺小程序", "", SERVING),
    ("昵称、头像、备注、描述、跟进关系", "在聊天里服务客户", "企业微信", "", SERVING),
    ("订单和商品", "看购买记录，算消费和复购", "店铺、导入的文件、平台", "", SERVING),
    ("手机号（加密保存，默认打码）", "对上没有 unionid 的订单", "店铺、导入的文件、平台", "", REVEALED),
    ("浏览、加购等单次行为", "提醒和推荐", "店铺、埋点、我们的页面", "event_days", SERVING),
    ("每天的行为合计", "提醒和推荐", "由单次行为算出", "", SERVING),
    ("标签、人群", "分层运营", "企业微信、同事、问卷、规则", "", "老板、运营、主管、跟进的同事"),
    ("券", "发放和核销", "我们发的", "", "老板、运营、财务、跟进的同事"),
    ("发给客户的话（加密保存）", "说得清发过什么", "我们发的", "touch_text_days", "老板、运营"),
    ("客户群成员", "群里的爆款和触达", "企业微信", "", "老板、运营"),
    ("企业微信通知的原文（加密保存）", "不丢一件事", "企业微信", "inbox_body_days", "老板、开发，每次都记下"),
    ("企业微信通知的记录", "不丢一件事", "企业微信", "inbox_days", "老板、开发"),
    ("同意记录", "证明客户同意过什么、关掉过什么", "客户自己在页面上点的", "", "老板、有导出权限的账号"),
    ("操作记录", "查得到谁做过什么", "我们记的", "audit_days", "老板、开发"),
)  # fmt: skip
"""Kind, purpose, source, the setting of how long it is kept ("" for until erased), who may see it."""

DEEDS = {
    "customer.export": "导出一位客户",
    "customer.erase": "抹除一位客户",
    "customer.phone": "查看完整手机号",
    "privacy.record": "导出本记录",
}
HEADER = ("类别", "内容", "目的 / 谁", "来源 / 对象", "保存期限 / 时间", "谁能看 / 结果")
MOST_DEEDS = 10_000


def record(session: Session, days: Mapping[str, int], *, since: datetime, until: datetime) -> list[tuple[str, ...]]:
    """The lines of the record, the retention in force in it, and the deeds of a period, the newest `MOST_DEEDS`."""
    held = [
        ("保存的信息", what, purpose, source, f"{days[kept]} 天" if kept else "直到抹除", seen_by)
        for what, purpose, source, kept, seen_by in KINDS
    ]
    period = Audit.action.in_(DEEDS), Audit.at >= since, Audit.at < until
    counts = session.execute(select(Audit.action, func.count()).where(*period).group_by(Audit.action)).all()
    summed = [("次数", DEEDS[action], "", "", "", str(count)) for action, count in sorted(counts)]
    deeds = session.scalars(select(Audit).where(*period).order_by(Audit.id.desc()).limit(MOST_DEEDS))
    done = [("操作", DEEDS[row.action], row.actor, row.subject, row.at.isoformat(), row.outcome) for row in deeds]
    return [*held, *summed, *done]
