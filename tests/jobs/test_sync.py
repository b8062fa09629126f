"""A sync learns the whole corp, twice without change, and does not take an old list for newer than a callback."""

import time
from datetime import timedelta

import pytest

from crm import follows
from jobs.inbox import apply_events
from jobs.sync import sync
from models import Channel, Contact, Department, Follow, Identity, Staff, Tag, TagAssignment
from sandbox import demo_shop
from tests.callbacks import Callbacks
from wecom.errors import Permanent

TABLES = (Department, Staff, Tag, Channel, Contact, Follow, TagAssignment, Identity)


@pytest.fixture
def shop(sandbox):
    """Two members, three customers one of whom both serve, tags and a channel code."""
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}, {"id": 2, "name": "成都店", "parentid": 1}],
            "staff": [
                {"userid": "Lan", "name": "林晓雯", "department": [2]},
                {"userid": "zhou", "name": "周岚", "department": [1]},
                {"userid": "boss", "name": "店长", "department": [1], "customer_contact": False},
            ],
            "customers": [{"external_userid": wm(n), "name": f"客户{n}", "unionid": f"o-{n}"} for n in range(3)],
            "tag_groups": [{"name": "层级", "tags": ["老客", "新客"]}],
            "contact_ways": [{"user": ["Lan"], "state": "door", "remark": "店门口"}],
            "follows": [
                follow("Lan", 0, state="door", tags=[{"group": "层级", "name": "老客"}], remark="王姐"),
                follow("zhou", 0),
                follow("Lan", 1),
                follow("Lan", 2),
            ],
        },
    )
    return sandbox


def wm(number):
    return f"wm{number:030d}"


def follow(userid, number, **more):
    return {"userid": userid, "external_userid": wm(number), "createtime": 1_700_000_000 + number} | more


def test_everything_is_learnt(shop, runtime, make):
    counts = sync(runtime)

    assert counts == {
        "departments": 2, "staff": 3, "tags": 2, "channels": 1, "serving": 2, "pages": 1, "follows": 4, "new": 3,
        "ended": 0, "fixed.staff_new": 3, "fixed.tag_new": 2, "fixed.follow_missed": 4,
    }  # fmt: skip
    assert {(row.userid, row.name, row.serves_customers) for row in make.rows(Staff)} == {
        ("Lan", "林晓雯", True), ("zhou", "周岚", True), ("boss", "店长", False),
    }  # fmt: skip
    [channel] = make.rows(Channel)
    assert (channel.name, channel.state, channel.config_id is not None) == ("店门口", "door", True)
    assert {(row.name, row.unionid) for row in make.rows(Contact)} == {(f"客户{n}", f"o-{n}") for n in range(3)}
    [scanned] = [row for row in make.rows(Follow) if row.state]
    assert (scanned.channel_id, scanned.remark) == (channel.id, "王姐")
    [assigned] = make.rows(TagAssignment)
    assert assigned.source == "wecom"


def test_a_second_sync_changes_nothing(shop, runtime, make):
    sync(runtime)
    before = [[row.id for row in make.rows(table)] for table in TABLES]

    counts = sync(runtime)

    assert [[row.id for row in make.rows(table)] for table in TABLES] == before
    assert counts["ended"] == 0


def test_a_follow_whose_end_was_never_told_is_ended(shop, runtime, make):
    sync(runtime)
    shop.post("/sandbox/follows/delete", {"userid": "Lan", "external_userid": wm(1), "by": "staff"})

    assert sync(runtime)["ended"] == 1

    names = {row.id: row.external_userid for row in make.rows(Contact)}
    assert {names[row.contact_id] for row in make.rows(Follow) if not row.is_open()} == {wm(1)}


def test_a_member_without_customers_is_no_error_and_loses_those_they_had(shop, runtime, make):
    sync(runtime)
    shop.post("/sandbox/follows/delete", {"userid": "zhou", "external_userid": wm(0), "by": "staff"})

    assert sync(runtime)["ended"] == 1


def test_a_customer_who_deleted_the_member_stays_gone_though_wecom_lists_them(shop, runtime, make, client, clock):
    sync(runtime)
    callbacks = Callbacks(client, shop.credentials)
    shop.post("/sandbox/follows/delete", {"userid": "Lan", "external_userid": wm(1), "by": "customer"})
    callbacks.contact("del_follow_user", "Lan", wm(1), at=clock())
    apply_events(runtime)

    sync(runtime)

    assert [row.ended_by for row in make.rows(Follow) if not row.is_open()] == ["customer"]


def test_what_began_after_the_lists_were_asked_for_is_not_ended(shop, runtime, make, clock):
    sync(runtime)
    late = make.contact(wm(9))
    lan = next(row for row in make.rows(Staff) if row.userid == "Lan")
    make.follow(late, lan, followed_at=clock() + timedelta(seconds=30))

    assert sync(runtime)["ended"] == 0


def test_a_sync_that_breaks_off_keeps_what_it_has_and_is_simply_repeated(shop, runtime, make):
    shop.faults({"on": "call", "path": "externalcontact/batch/get_by_user", "errcode": 48002, "times": 1})
    with pytest.raises(Permanent):
        sync(runtime)
    assert len(make.rows(Staff)) == 3

    assert sync(runtime)["new"] == 3


def test_the_demo_shop_is_learnt_in_a_few_seconds(sandbox, runtime, make):
    sandbox.post("/sandbox/load", demo_shop.corp(7, runtime.now()))
    started = time.monotonic()
    counts = sync(runtime)
    took = time.monotonic() - started

    assert counts["new"] == 500
    assert took < 10, f"{took:.1f} s"


def test_a_follow_the_list_left_out_by_mistake_is_open_again_when_it_is_shown(shop, runtime, make, sandbox, clock):
    """The list moves while it is read page by page, and WeCom's clock is not ours."""
    sync(runtime)
    [first, *_] = make.rows(Follow)
    with runtime.transaction() as session:
        member = session.get_one(Staff, first.staff_id)
        follows.end_unseen(session, member, since=runtime.now())
    assert not make.rows(Follow)[0].is_open()
    clock.tick(seconds=5)

    sync(runtime)

    assert make.rows(Follow)[0].is_open()


def test_a_follow_hardly_older_than_the_list_is_not_ended_by_it(runtime, make):
    lan, contact = make.staff("mei"), make.contact("wm_new")
    make.follow(contact, lan, followed_at=runtime.now() - timedelta(seconds=5))

    with runtime.transaction() as session:
        ended = follows.end_unseen(session, lan, since=runtime.now())

    assert ended == 0
