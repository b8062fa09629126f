"""Customer groups: learnt by owners, kept up to date by callbacks, and never by an older answer."""

from datetime import timedelta

import pytest

from crm import groups
from jobs.groups import sync_groups
from jobs.inbox import apply_events
from jobs.sync import sync
from models import Group, Inbox, Staff
from tests.callbacks import Callbacks, event_xml


@pytest.fixture
def callbacks(client, sandbox):
    return Callbacks(client, sandbox.credentials)


@pytest.fixture
def shop(sandbox, clock):
    """Two owners with three groups, at a moment that stands still."""
    clock.freeze()
    members = [{"external_userid": f"wm{n:030d}"} for n in range(2)]
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}],
            "staff": [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}],
            "customers": members,
            "groups": [
                {"name": "花友一群", "owner": "Lan", "members": members},
                {"name": "花友二群", "owner": "zhou"},
                {"name": "花友三群", "owner": "zhou"},
            ],
        },
    )
    return {each["name"]: each["chat_id"] for each in sandbox.get("/sandbox/groups")["groups"]}


@pytest.fixture
def told(callbacks, clock):
    def tell(change, chat_id, **more):
        clock.tick(seconds=1)
        callbacks.post(event_xml("change_external_chat", at=clock(), ChangeType=change, ChatId=chat_id, **more))

    return tell


def test_a_sync_learns_every_group_with_its_owner(shop, runtime, make):
    assert sync(runtime)["groups"] == 3

    names = {row.id: row.userid for row in make.rows(Staff)}
    known = {row.name: (names[row.owner_staff_id], row.customers, row.members) for row in make.rows(Group)}
    assert known == {"花友一群": ("Lan", 2, 3), "花友二群": ("zhou", 0, 1), "花友三群": ("zhou", 0, 1)}


def test_owners_are_asked_for_a_hundred_at_a_time(shop, sandbox, runtime, make):
    for number in range(130):
        make.staff(f"staff{number}")
    sandbox.post("/sandbox/load", {"staff": [{"userid": f"staff{n}", "name": "x"} for n in range(130)]})
    sandbox.post("/sandbox/groups", {"name": "最后一群", "owner": "staff99"})

    sync_groups(runtime)

    assert [row.name for row in make.rows(Group)] == ["最后一群"]  # Lan and zhou are not known to serve yet


def test_a_group_that_is_listed_no_longer_is_looked_at_and_found_dismissed(shop, sandbox, runtime, make, clock):
    sync(runtime)
    sandbox.post(f"/sandbox/groups/{shop['花友二群']}/dismiss")

    clock.tick(hours=1)
    sync_groups(runtime)

    assert [row.name for row in make.rows(Group) if row.dismissed_at] == ["花友二群"]


def test_a_lost_callback_is_made_up_for_within_a_day(shop, sandbox, runtime, make, clock):
    sync(runtime)
    sandbox.post(f"/sandbox/groups/{shop['花友三群']}/change", {"name": "花友新群"})

    clock.tick(hours=21)
    sync_groups(runtime)

    assert "花友新群" in [row.name for row in make.rows(Group)]


def test_a_new_group_is_known_from_its_callback(shop, sandbox, runtime, make, told, clock):
    made = sandbox.post("/sandbox/groups", {"name": "新群", "owner": "Lan"})

    told("create", made["chat_id"])
    apply_events(runtime)

    assert [row.name for row in make.rows(Group)] == ["新群"]


def test_a_detail_that_lags_behind_its_event_is_applied_again(shop, sandbox, runtime, make, told, clock):
    sync(runtime)
    sandbox.put("/sandbox/mass-rules", {"group_lag_seconds": 4})
    sandbox.post(f"/sandbox/groups/{shop['花友一群']}/change", {"name": "改了名的群"})
    told("update", shop["花友一群"], UpdateDetail="change_name")

    apply_events(runtime)
    before = {row.name for row in make.rows(Group)}
    for _ in range(3):
        clock.tick(seconds=8)
        apply_events(runtime)

    assert "改了名的群" not in before
    assert "改了名的群" in {row.name for row in make.rows(Group)}
    assert [row.state for row in make.rows(Inbox)] == ["applied"]


def test_a_detail_of_the_events_own_version_counts_at_once(shop, sandbox, runtime, make, told):
    sync(runtime)
    sandbox.post(f"/sandbox/groups/{shop['花友一群']}/leave", {"external_userid": f"wm{0:030d}"})
    version = sandbox.get(f"/sandbox/groups/{shop['花友一群']}")["member_version"]

    told("update", shop["花友一群"], UpdateDetail="del_member", CurMemVer=version)
    apply_events(runtime)

    assert [row.state for row in make.rows(Inbox)] == ["applied"]
    assert [row.customers for row in make.rows(Group) if row.name == "花友一群"] == [1]


def test_an_older_answer_never_overwrites_a_newer(shop, runtime, make, clock):
    sync(runtime)
    chat_id = shop["花友一群"]
    old, at = runtime.wecom.group_chat(chat_id), clock()
    with runtime.transaction() as session:
        groups.learn(session, old.model_copy(update={"name": "新的"}), at=at + timedelta(seconds=5))
        was_used = groups.learn(session, old, at=at + timedelta(seconds=4))

    assert not was_used
    assert "新的" in {row.name for row in make.rows(Group)}


def test_a_dismissed_group_stays_so_whatever_a_late_answer_says(shop, runtime, make, told):
    sync(runtime)
    detail = runtime.wecom.group_chat(shop["花友一群"])
    told("dismiss", shop["花友一群"])
    told("dismiss", "wr-nobody-knows")

    apply_events(runtime)
    with runtime.transaction() as session:
        groups.learn(session, detail, at=runtime.now() + timedelta(hours=1))

    assert [row.name for row in make.rows(Group) if row.dismissed_at] == ["花友一群"]


def test_groups_nobody_can_send_to_are_known_with_the_reason(shop, sandbox, runtime, make, told):
    sync(runtime)
    sandbox.request("PATCH", "/sandbox/staff/zhou", {"status": 5})
    sync(runtime)
    told("dismiss", shop["花友一群"])
    apply_events(runtime)

    with runtime.reading() as session:
        found = {each.group.name: each.trouble for each in groups.by_ids(session, [1, 2, 3]).values()}
        still_open = [each.group.name for each in groups.open_groups(session)]

    assert found["花友一群"] == groups.DISMISSED
    assert found["花友二群"] in (groups.OWNER_LEFT, groups.NOT_SERVING)
    assert set(still_open) == {"花友二群", "花友三群"}
