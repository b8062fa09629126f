"""A shop with owners and groups on both sides, a weekly drop, and time that passes with the jobs running."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm import drop_editions, drop_plans, drops
from jobs.drops import make_editions, run_steps
from jobs.mass import create_tasks
from jobs.mass_lost import resolve_lost
from jobs.mass_results import read_results, send_reminders
from jobs.pushes import plan_messages
from jobs.staff_messages import send_staff_messages
from models import DropEdition, DropSeries, DropStep, Group, MassMessage, MassRecipient
from runtime import Runtime
from tests.factories import Make
from tests.masses import Masses
from tests.sandboxes import Sandbox

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=ZONE)
KEY = "693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
JOBS: tuple[Callable[[Runtime], int], ...] = (
    make_editions, run_steps, plan_messages, create_tasks, resolve_lost, read_results, send_reminders,
    send_staff_messages,
)  # fmt: skip
TEXTS = {
    "teaser": "{商品} {价格}，{时间} 开抢，只有 {份数} 份。",
    "launch": "第 {期数} 期：{商品} {价格}，{时间} 开抢。",
    "recap": "第 {期数} 期 {商品} 结束了，谢谢大家。",
}


class Weeks:
    """`lan` owns two groups, `mei` one; they confirm when a test says so."""

    def __init__(self, runtime: Runtime, make: Make, sandbox: Sandbox, clock: Any) -> None:
        self.runtime, self.make, self.sandbox, self.clock = runtime, make, sandbox, clock
        self.masses = Masses(runtime, make, sandbox)
        self.to(MONDAY)
        make.gate("live")
        self.masses.shop(lan=0, mei=0)
        for owner, name in (("lan", "花友一群"), ("lan", "花友二群"), ("mei", "花友三群")):
            self.masses.group(owner, name=name)
        sandbox.post("/sandbox/robots", {"name": "运营群", "key": KEY})

    def to(self, moment: datetime) -> None:
        self.sandbox.put("/sandbox/clock", {"now": moment.timestamp(), "frozen": True})
        self.clock.refresh()

    def series(self, *, robot: bool = True, **more: Any) -> DropSeries:
        """周五花市: every Friday at 20:00 to every group."""
        plan = {
            "product": "郁金香", "sku": "TULIP", "price_fen": 3990, "stock": 300, "url": "https://shop.example/tulip",
            "media_id": None, "group_ids": tuple(row.id for row in self.make.rows(Group)), "name": "周五花市",
            "weekday": 5, "at_time": "20:00", "teaser_days_before": 1, "teaser_time": "19:00", "recap_days_after": 1,
            "recap_time": "10:00", **TEXTS,
        } | more  # fmt: skip
        now, sealed = self.runtime.now(), self.runtime.vault.seal(KEY) if robot else None
        with self.runtime.transaction() as session:
            made = drops.create(
                session, drop_plans.Plan(**plan), robot_key_sealed=sealed, by="user:1", now=now, zone=ZONE
            )
            drop_editions.make_due(session, made.id, now=now, zone=ZONE)
        return made

    def work(self) -> None:
        """Every job until nothing is left to do now."""
        while any([job(self.runtime) for job in JOBS if job is not make_editions] + [make_editions(self.runtime)]):
            pass

    def pass_until(self, moment: datetime, *, each: Callable[[], object] = lambda: None) -> None:
        """Time passes: the jobs run at every step's time and a little after; `each` is what people do meanwhile."""
        while True:
            ahead = [row.due_at for row in self.make.rows(DropStep) if row.due_at > self.runtime.now()]
            following = min([at for at in ahead if at <= moment], default=moment)
            self.to(following)
            for pause in (0, 5, 60):
                self.clock.tick(seconds=pause)
                self.work()
                each()
            if following >= moment:
                return
            if self.runtime.now() < following + timedelta(minutes=1):
                self.clock.tick(minutes=1)

    def confirm(self, *userids: str) -> int:
        """These, or all, send what stands in their assistant; a new task takes some seconds to get there."""
        self.clock.tick(seconds=5)
        return self.masses.confirm(*userids)

    def edition(self, number: int = 1) -> DropEdition:
        rows: list[DropEdition] = self.make.rows(DropEdition)
        return next(row for row in rows if row.number == number)

    def steps(self, number: int = 1) -> dict[str, tuple[str, str]]:
        mine = self.edition(number).id
        return {row.step: (row.state, row.reason) for row in self.make.rows(DropStep) if row.edition_id == mine}

    def groups_of(self, part: str, number: int = 1) -> dict[str, str]:
        """What became of each group of a part, by its name."""
        mine = self.edition(number).id
        names = {row.id: row.name for row in self.make.rows(Group)}
        made = {row.id for row in self.make.rows(MassMessage) if row.edition_id == mine and row.part == part}
        rows = [row for row in self.make.rows(MassRecipient) if row.message_id in made]
        return {names[row.group_id]: row.state for row in rows}

    def received(self) -> Counter[tuple[str, str]]:
        """How often each group received each text."""
        names = {row.chat_id: row.name for row in self.make.rows(Group)}
        lines = self.sandbox.get("/sandbox/group-messages")["messages"]
        said = [line for line in lines if line["source"] == "mass" and line["kind"] == "text"]
        return Counter((names[line["chat_id"]], line["content"]["content"]) for line in said)

    def cards(self) -> list[tuple[str, str]]:
        messages = self.sandbox.get("/sandbox/app-messages")["messages"]
        return [(each["userid"], each["content"]["title"]) for each in messages]

    def robot_said(self) -> list[str]:
        return [each["content"]["content"] for each in self.sandbox.get(f"/sandbox/robots/{KEY}/messages")["messages"]]
