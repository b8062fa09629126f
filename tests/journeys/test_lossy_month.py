"""A month in which WeCom loses, repeats and reorders what it tells: in the end nothing is missing, all is counted."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from jobs.edits import apply_edits
from jobs.inbox import apply_events
from jobs.sync import reconcile, run_sync, sync
from models import Contact, Follow, Group, GroupMember, Staff, Tag, TagAssignment
from tests.apps import running, until

START = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
STAFF = ("Lan", "zhou", "He", "Li")
PEOPLE, DEEDS = 200, 5  # at the beginning; things that happen a day
LISTED = ("mutual", "deleted_by_customer")  # a customer who deleted the member is still listed


def wm(number):
    return f"wm{number:030d}"


@pytest.fixture
def shop(sandbox, clock, runtime):
    sandbox.put("/sandbox/clock", {"now": START.timestamp(), "frozen": True})
    clock.refresh()
    since, people = int(START.timestamp()) - 86400, [wm(n) for n in range(PEOPLE)]
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}],
            "staff": [{"userid": userid, "name": f"导购{userid}"} for userid in STAFF],
            "customers": [
                {"external_userid": name, "unionid": f"o-{name}", "bound": n % 5 > 0} for n, name in enumerate(people)
            ],
            "tag_groups": [{"name": "层级", "tags": ["老客", "新客", "大客"]}],
            "follows": [
                {"userid": STAFF[n % 4], "external_userid": name, "createtime": since}
                for n, name in enumerate(people[: PEOPLE * 3 // 4])
            ],
            "groups": [
                {
                    "name": f"花友 {n} 群",
                    "owner": STAFF[n],
                    "members": [{"external_userid": name} for name in people[n::9]],
                }
                for n in range(4)
            ],
        },
    )
    sync(runtime)
    return sandbox


class Month:
    """People do what people do, by chance but always the same."""

    def __init__(self, sandbox, clock):
        self._sandbox, self._clock = sandbox, clock
        self._chances = random.Random(7)
        self._left: set[tuple[str, str]] = set()

    def day(self):
        for _ in range(DEEDS):
            self._clock.tick(minutes=self._chances.randint(1, 90))
            truth = self._sandbox.get("/sandbox/truth")
            self._chances.choice(
                (self._adds, self._edits, self._edits, self._deletes, self._joins, self._leaves, self._admin)
            )(truth)

    def _adds(self, truth):
        self._sandbox.post("/sandbox/scan", {
            "external_userid": wm(self._chances.randrange(PEOPLE)), "userid": self._chances.choice(STAFF),
        })  # fmt: skip

    def _edits(self, truth):
        follow = self._chances.choice([row for row in truth["follows"] if row["relation"] == "mutual"])
        tag = self._chances.choice(truth["tags"])["tag_id"]
        change = "remove_tags" if tag in follow["tag_ids"] else "add_tags"
        self._sandbox.post("/sandbox/follows/edit", _pair(follow) | {
            "remark": f"备注{self._chances.randrange(99)}", change: [tag],
        })  # fmt: skip

    def _deletes(self, truth):
        follow = self._chances.choice([row for row in truth["follows"] if row["relation"] == "mutual"])
        by = self._chances.choice(("staff", "staff", "customer"))
        self._sandbox.post("/sandbox/follows/delete", _pair(follow) | {"by": by})

    def _joins(self, truth):
        group, name = self._chances.choice(_open(truth)), wm(self._chances.randrange(PEOPLE))
        if name not in group["members"] and (group["chat_id"], name) not in self._left:
            self._sandbox.post(f"/sandbox/groups/{group['chat_id']}/join", {"external_userid": name})

    def _leaves(self, truth):
        group = self._chances.choice(_open(truth))
        if names := [name for name in group["members"] if name.startswith("wm")]:
            name = self._chances.choice(names)
            self._left.add((group["chat_id"], name))
            self._sandbox.post(f"/sandbox/groups/{group['chat_id']}/leave", {"external_userid": name})

    def _admin(self, truth):
        what, group = self._chances.randrange(5), self._chances.choice(_open(truth))
        if what == 0:
            self._sandbox.post("/sandbox/tags", {"group": "层级", "name": f"标签{self._clock():%d%H%M}"})
        elif what == 1:
            tag = self._chances.choice(truth["tags"])["tag_id"]
            self._sandbox.request("PATCH", f"/sandbox/tags/{tag}", {"name": f"改名{self._clock():%d%H%M}"})
        elif what == 2:
            self._sandbox.post(f"/sandbox/groups/{group['chat_id']}/change", {"name": f"群 {self._clock():%d %H:%M}"})
        elif what == 3:
            self._sandbox.post("/sandbox/groups", {"name": f"新群 {self._clock():%d %H:%M}", "owner": "Li"})
        else:
            self._sandbox.request("PATCH", f"/sandbox/customers/{wm(self._chances.randrange(PEOPLE))}", {"bound": True})


def _pair(follow):
    return {"userid": follow["userid"], "external_userid": follow["external_userid"]}


def _open(truth):
    return [group for group in truth["groups"] if not group["dismissed"]]


def differences(make, truth):
    """What our records say otherwise than the sandbox's truth, counted by kind as a sync counts what it put right."""
    return Counter(_follow_differences(make, truth)) + Counter(_group_differences(make, truth))


def _follow_differences(make, truth):
    names = {row.id: row for row in make.rows(Contact)}
    members = {row.id: row.userid for row in make.rows(Staff)}
    ours = {(members[row.staff_id], names[row.contact_id].external_userid): row for row in make.rows(Follow)}
    true = {(row["userid"], row["external_userid"]): row for row in truth["follows"] if row["relation"] in LISTED}
    tag_ids = {row.id: row.wecom_id for row in make.rows(Tag)}
    carried: dict[tuple[str, str], set[str]] = {}
    faces = {row.identity_id: row.external_userid for row in names.values()}
    for row in make.rows(TagAssignment):
        carried.setdefault((members[row.staff_id], faces[row.identity_id]), set()).add(tag_ids[row.tag_id])
    for pair, row in true.items():
        mine = ours.get(pair)
        if mine is None or not mine.is_open():
            if mine is None or row["createtime"] > mine.ended_at.timestamp() or mine.ended_by == "unseen":
                yield "follow_missed"
            continue
        if mine.remark != row["remark"]:
            yield "remark"
        alive = carried.get(pair, set())
        if alive != set(row["tag_ids"]):
            yield "tags"
    yield from ["follow_gone" for pair, row in ours.items() if row.is_open() and pair not in true]
    unionids = {row["external_userid"]: row["unionid"] for row in truth["customers"]}
    listed = {name for _, name in true}
    for row in names.values():
        if row.external_userid in listed and row.unionid != unionids[row.external_userid]:
            yield "unionid"


def _group_differences(make, truth):
    mine = {row.chat_id: row for row in make.rows(Group)}
    inside: dict[int, dict[str, GroupMember]] = {}
    for row in make.rows(GroupMember):
        if row.is_in():
            inside.setdefault(row.group_id, {})[row.member] = row
    unionids = {row["external_userid"]: row["unionid"] for row in truth["customers"]}
    for group in truth["groups"]:
        row = mine.get(group["chat_id"])
        members = {name if name.startswith("wm") else name.lower() for name in group["members"]}
        here = inside.get(row.id, {}) if row else {}
        if row is None:
            yield "group_new"
        elif row.name != group["name"]:
            yield "group_changed"
        yield from ["member_joined" for _ in members - here.keys()]
        yield from ["member_left" for _ in here.keys() - members]
        yield from ["member_changed" for name in members & here.keys() if here[name].unionid != unionids.get(name)]
    tags = {row.wecom_id: row.name for row in make.rows(Tag) if row.deleted_at is None}
    for tag in truth["tags"]:
        if tags.get(tag["tag_id"]) != tag["name"]:
            yield "tag_renamed" if tag["tag_id"] in tags else "tag_new"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_a_month_of_lost_callbacks_a_reconcile_leaves_no_difference_and_says_how_many_it_put_right(
    shop, app, runtime, make, clock
):
    month = Month(shop, clock)
    shop.faults(
        {"on": "callback", "do": "drop", "probability": 0.1},
        {"on": "callback", "do": "duplicate", "probability": 0.1},
        {"on": "callback", "do": "reorder", "probability": 0.2, "window": 3},
    )
    with running(app, runtime, shop, worker=False):
        for day in range(30):
            month.day()
            if day % 10 == 9:
                until(lambda: shop.get("/sandbox/callback")["pending"] == 0)
            clock.tick(seconds=(START + timedelta(days=day + 1) - clock()).total_seconds())
            while apply_events(runtime) + apply_edits(runtime):
                pass
    clock.tick(minutes=5)
    while apply_events(runtime):
        pass
    before = differences(make, shop.get("/sandbox/truth"))
    lost = Counter(
        each["delivery"]["state"] for each in shop.get("/sandbox/events", limit=10_000)["events"] if each["delivery"]
    )

    repaired = reconcile(runtime)

    assert lost["dropped"] > 10
    assert len(before) > 3  # of several kinds, or the month was too kind
    assert dict(make.rows(type(run_sync(runtime)))[1].repaired) == dict(before)
    assert repaired == before.total()
    assert differences(make, shop.get("/sandbox/truth")) == Counter()
