"""Two weeks of a shop by the sandbox's clock: three pushes, two weekly drops, and life going on around them."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from crm import audiences, drops, pushes, quotas
from crm.audiences import Conditions, Range
from crm.drop_plans import Plan
from jobs.schedule import QUEUES, TIMED
from jobs.sync import sync
from jobs.ticks import Ticks, run
from models import (
    DropEdition,
    DropStep,
    Group,
    Identity,
    MassMessage,
    MassRecipient,
    MassTask,
    Quota,
    StaffMessage,
    Tag,
)
from tests.checks import everything_received_is_on_record

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
STAFF = ("Lan", "zhou", "He", "Li")
PEOPLE = 48
TIMES = (9.01, 10.01, 10.52, 13, 19.01, 19.52, 19.84, 19.97, 21)  # hours of a day at which something may be due


class Fortnight:
    """The clock's hand; at each stop everything that is due is done, and staff do what staff do."""

    def __init__(self, runtime, sandbox, make):
        self.runtime, self.sandbox, self.make = runtime, sandbox, make
        self._ticks = Ticks(runtime, "worker-1")
        self._chances = random.Random(7)

    def days(self, first, last):
        for day in range(first, last + 1):
            for at in TIMES:
                self.go_to(MONDAY + timedelta(days=day - 1, hours=at - 9))

    def go_to(self, moment):
        self.sandbox.put("/sandbox/clock", {"now": moment.timestamp()})
        self.runtime.now.refresh()
        self.settle()
        self.runtime.now.tick(seconds=5)  # until WeCom has handed the tasks out
        self.staff_confirm()

    def settle(self):
        for claim in self._ticks.tick():
            run(self.runtime, claim, TIMED[claim.job][0])
        while sum(job(self.runtime) for name, job in QUEUES.items() if name != "warm_tokens"):
            pass

    def staff_confirm(self):
        """Each member sends what waits for them, or forgets about it until later."""
        for shown in self.sandbox.mass_messages():
            for task in shown["tasks"]:
                if not (shown["cancelled"] or task["status"]) and self._chances.random() < 0.6:
                    self.sandbox.confirm(shown["msgid"], task["userid"])


@pytest.fixture
def shop(sandbox, clock, runtime, make):
    """48 customers of four members, half of them 老客 with an order; four groups; a robot; live."""
    sandbox.put("/sandbox/clock", {"now": MONDAY.timestamp(), "frozen": True})
    clock.refresh()
    names = [f"wm{number:030d}" for number in range(PEOPLE)]
    since = int(MONDAY.timestamp()) - 86400
    follows = [
        {"userid": STAFF[n % 4], "external_userid": name, "createtime": since,
         "tags": [{"group": "层级", "name": "老客"}] if n % 2 else []}
        for n, name in enumerate(names)
    ] + [{"userid": "He", "external_userid": name, "createtime": since + 60} for name in names[:2]]  # fmt: skip
    groups = [
        {"name": f"花友 {n} 群", "owner": STAFF[n % 2], "members": [{"external_userid": name} for name in names[n::4]]}
        for n in range(4)
    ]
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}],
            "staff": [{"userid": userid, "name": f"导购{userid}"} for userid in STAFF],
            "customers": [{"external_userid": name, "unionid": f"o-{name}"} for name in names],
            "follows": follows,
            "groups": groups,
        },
    )
    make.gate("live")
    sync(runtime)
    store, buyers = make.shop(), {f"o-{name}" for name in names[::3]}
    for identity in make.rows(Identity):
        if identity.value in buyers:
            make.order(identity, store)
    return Fortnight(runtime, sandbox, make)


def plan_three_pushes(shop):
    """Regulars tomorrow, buyers every Wednesday, everybody next Monday."""
    runtime, tags = shop.runtime, {tag.name: tag.id for tag in shop.make.rows(Tag)}
    meant = {
        "老客": Conditions(tags_all=[tags["老客"]]),
        "买过的": Conditions(orders=Range(least=1)),
        "所有人": Conditions(),
    }
    now, by = runtime.now(), "user:1"
    with runtime.transaction() as session:
        made = {}
        for name, conditions in meant.items():
            audience = audiences.create(session, name=name, conditions=conditions, by=by, now=now)
            made[name] = pushes.create(
                session, name=name, audience_id=audience.id, text=f"给{name}：我是{{同事}}，周五 20:00 有花市",
                attachments=[{"kind": "link", "title": "周五花市", "url": "https://shop.example/g/1"}],
                shop_name="小店", by=by, now=now,
            )  # fmt: skip
        pushes.schedule_once(session, made["老客"].id, revision=1, at=now + timedelta(days=1), by=by, now=now)
        pushes.schedule_weekly(
            session, made["买过的"].id, revision=1, weekday=3, at_time="10:00", zone=runtime.zone, by=by, now=now
        )
        pushes.schedule_once(session, made["所有人"].id, revision=1, at=now + timedelta(days=7), by=by, now=now)
    return {push.id: name for name, push in made.items()}


def plan_the_drop(shop, robot_key):
    """Fridays at 20:00 in all four groups."""
    runtime = shop.runtime
    plan = Plan(
        name="周五花市", weekday=5, at_time="20:00", teaser_days_before=1, teaser_time="19:00", recap_days_after=1,
        recap_time="10:00", product="郁金香", sku="", price_fen=3990, stock=300, url="https://shop.example/g/1",
        media_id=None, group_ids=tuple(group.id for group in shop.make.rows(Group)),
        teaser="{时间} 开抢：{商品} {价格}", launch="{商品} {价格}，{时间} 开抢，共 {份数} 份",
        recap="第 {期数} 期谢谢大家",
    )  # fmt: skip
    with runtime.transaction() as session:
        drops.create(
            session, plan, robot_key_sealed=runtime.vault.seal(robot_key), by="user:1", now=runtime.now(),
            zone=runtime.zone,
        )  # fmt: skip


def life_goes_on(shop):
    """In the second week a group is dismissed, a member leaves, a customer goes, a colleague sends on their own."""
    last = shop.make.rows(Group)[3]
    shop.sandbox.post(f"/sandbox/groups/{last.chat_id}/dismiss")
    gone = f"wm{6:030d}"
    shop.sandbox.post("/sandbox/follows/delete", {"userid": "He", "external_userid": gone, "by": "customer"})
    shop.sandbox.request("PATCH", "/sandbox/staff/Li", {"status": 5, "customer_contact": False})
    by_hand = {"userid": "Lan", "external_userids": [f"wm{0:030d}"], "text": "早"}
    shop.sandbox.post("/sandbox/mass-messages", by_hand)
    return last


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_weeks_of_pushes_and_drops_arrive_once_and_are_on_record(shop, sandbox, make, runtime):
    robot = sandbox.post("/sandbox/robots", {"name": "门店群"})
    of_push = plan_three_pushes(shop)
    plan_the_drop(shop, robot["key"])

    shop.days(1, 6)
    dismissed = life_goes_on(shop)
    shop.days(7, 15)

    messages = make.rows(MassMessage)
    assert Counter(of_push.get(row.push_id, row.part) for row in messages) == {
        "老客": 1, "买过的": 2, "所有人": 1, "teaser": 2, "launch": 2, "recap": 2,
    }  # fmt: skip
    assert {row.state for row in messages} == {"done"}
    assert everything_received_is_on_record(make, sandbox) > 100
    every_group_got_each_part_once_or_it_is_said_why(shop, dismissed)
    who_left_is_said(shop)
    for month in ("2026-11", "2026-12"):
        with runtime.reading() as session:
            assert quotas.check_ledger(session, month, zone=runtime.zone) == []
    assert {row.target: row.others for row in make.rows(Quota) if row.others} == {f"wm{0:030d}": 1}
    staff_were_told(shop, robot["key"])


def every_group_got_each_part_once_or_it_is_said_why(shop, dismissed):
    messages = {row.id: row for row in shop.make.rows(MassMessage) if row.edition_id}
    rows = [row for row in shop.make.rows(MassRecipient) if row.message_id in messages]
    assert len(rows) == 6 * 4
    assert {row.state for row in rows} == {"sent", "unreachable"}
    not_sent = [row for row in rows if row.state != "sent"]
    assert {row.target for row in not_sent} == {dismissed.chat_id}
    assert all(row.reason for row in not_sent)
    for group in shop.make.rows(Group):
        texts = Counter(
            line["content"]["content"]
            for line in shop.sandbox.get("/sandbox/group-messages", chat_id=group.chat_id)["messages"]
            if line["source"] == "mass" and line["kind"] == "text"
        )
        assert set(texts.values()) == {1}
    assert {row.state for row in shop.make.rows(DropEdition)} <= {"planned", "done"}
    assert {row.state for row in shop.make.rows(DropStep) if row.due_at <= shop.runtime.now()} == {"done"}


def who_left_is_said(shop):
    """Nobody is given a task of a member who has left, and their customers are not silently lost."""
    last = max(row.id for row in shop.make.rows(MassMessage) if row.push_id)
    assert "Li" not in {task.userid for task in shop.make.rows(MassTask) if task.message_id == last}
    rows = [row for row in shop.make.rows(MassRecipient) if row.message_id == last]
    assert {row.target for row in rows if row.state == "not_friend"} == {f"wm{6:030d}"}
    assert {row.state for row in rows} == {"sent", "not_friend", "unreachable"}
    assert all(row.reason for row in rows if row.state == "unreachable")


def staff_were_told(shop, key):
    said = shop.sandbox.get(f"/sandbox/robots/{key}/messages")["messages"]
    assert len(said) == 6
    notes = shop.make.rows(StaffMessage)
    assert {row.state for row in notes} == {"sent"}
    cards = Counter(row.userid for row in notes if row.kind == "card")
    for userid in STAFF:
        assert len(shop.sandbox.app_messages(userid)) == cards[userid]
