"""What the demo's operator has prepared: two audiences, a weekly drop in every group, words and wares to send."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from crm import audiences, drop_editions, drops, products, quick_replies, shops
from crm.audiences import Conditions, Range
from crm.drop_plans import Plan
from crm.products import Incoming
from crm.quick_replies import Words
from models.drop import DropSeries
from models.group import Group
from runtime import Runtime

BY = "demo"
AUDIENCES = {
    "回头客": Conditions(orders=Range(least=2)),
    "一个月没来的老客": Conditions(orders=Range(least=1), days_since_last=Range(least=30)),
}
FLOWERS = Plan(
    name="周五花市", weekday=5, at_time="20:00", teaser_days_before=1, teaser_time="19:00",
    recap_days_after=1, recap_time="10:00", product="郁金香 10 枝", sku="", price_fen=3990, stock=300,
    url="", media_id=None, group_ids=(),
    teaser="周五花市第 {期数} 期预告：{商品}，{价格}，{时间} 开抢，共 {份数} 份。",
    launch="周五花市第 {期数} 期：{商品}，{价格}，{时间} 开抢，共 {份数} 份，先到先得。",
    recap="周五花市第 {期数} 期结束了，谢谢大家。下周五 20:00 再见。",
)  # fmt: skip
QUICK_REPLIES = (
    Words("售前", "在的", "{称呼}在的，您说"),
    Words("售前", "今天能送到", "{称呼}，今天下午三点前下单，市区当天送到"),
    Words("售后", "用得怎么样", "{称呼}，{商品}用着还习惯吗？有什么不合适的随时跟我说"),
    Words("售后", "补发", "{称呼}，真不好意思，{门店}今天就给您补发一份"),
    Words("催评", "晒个图", "{称呼}，喜欢的话帮忙晒张图，谢谢您"),
)


def prepare(runtime: Runtime, robot_key: str) -> None:
    """Written once; what somebody changed or ended since stays so."""
    now = runtime.now()
    with runtime.transaction() as session:
        known = {kept.name for kept in audiences.audiences(session)}
        for name, conditions in AUDIENCES.items():
            if name not in known:
                audiences.create(session, name=name, conditions=conditions, by=BY, now=now)
        if not quick_replies.shared(session):
            for words in QUICK_REPLIES:
                quick_replies.add(session, words, owner=None, by=BY, now=now)
        groups = tuple(session.scalars(select(Group.id).order_by(Group.id)))
        if groups and session.scalar(select(DropSeries.id).where(DropSeries.name == FLOWERS.name)) is None:
            plan = replace(FLOWERS, group_ids=groups)
            sealed = runtime.vault.seal(robot_key)
            series = drops.create(session, plan, robot_key_sealed=sealed, by=BY, now=now, zone=runtime.zone)
            drop_editions.make_due(session, series.id, now=now, zone=runtime.zone)


def stock(runtime: Runtime, shop: str, wares: Sequence[Incoming]) -> None:
    """What the shop sells, so that it can be found and sent."""
    now = runtime.now()
    with runtime.transaction() as session:
        products.store(session, shops.named(session, shop, now=now), wares, now=now)
