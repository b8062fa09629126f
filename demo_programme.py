"""What the demo's operator has prepared: two audiences, and a weekly drop in every group."""

from dataclasses import replace

from sqlalchemy import select

from crm import audiences, drop_editions, drops
from crm.audiences import Conditions, Range
from crm.drop_plans import Plan
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


def prepare(runtime: Runtime, robot_key: str) -> None:
    """Written once; what somebody changed or ended since stays so."""
    now = runtime.now()
    with runtime.transaction() as session:
        known = {kept.name for kept in audiences.audiences(session)}
        for name, conditions in AUDIENCES.items():
            if name not in known:
                audiences.create(session, name=name, conditions=conditions, by=BY, now=now)
        groups = tuple(session.scalars(select(Group.id).order_by(Group.id)))
        if groups and session.scalar(select(DropSeries.id).where(DropSeries.name == FLOWERS.name)) is None:
            plan = replace(FLOWERS, group_ids=groups)
            sealed = runtime.vault.seal(robot_key)
            series = drops.create(session, plan, robot_key_sealed=sealed, by=BY, now=now, zone=runtime.zone)
            drop_editions.make_due(session, series.id, now=now, zone=runtime.zone)
