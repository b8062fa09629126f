"""Applying callbacks: what becomes of each kind, of errors, and of a worker that dies."""

from datetime import timedelta

import pytest

from crm import inbox
from jobs.inbox import apply_events
from models import Channel, Contact, Follow, Identity, Inbox, Order, Staff, Tag, TagAssignment, Touch
from tests.callbacks import Callbacks, event_xml

WM = "wm" + "z" * 30


@pytest.fixture
def callbacks(client, sandbox):
    sandbox.post("/sandbox/load", {"staff": [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}]})
    return Callbacks(client, sandbox.credentials)


@pytest.fixture
def scanned(sandbox, callbacks, clock):
    """A customer scans a member's code, and the callback comes in."""

    def scan(userid="Lan", code=None, **customer):
        made = sandbox.post("/sandbox/customers", customer)
        added = sandbox.post("/sandbox/scan", {"external_userid": made["external_userid"], "userid": userid})
        more = {"WelcomeCode": code} if code else {}
        callbacks.contact("add_external_contact", userid, made["external_userid"], at=clock(), **more)
        return made | added

    return scan


def test_an_add_makes_the_contact_the_follow_and_the_link(scanned, runtime, make):
    customer = scanned(name="王明", unionid="o-wang")

    assert apply_events(runtime) == 1

    [contact] = make.rows(Contact)
    assert (contact.name, contact.unionid, contact.external_userid) == ("王明", "o-wang", customer["external_userid"])
    [follow] = make.rows(Follow)
    assert follow.is_open()
    assert not follow.is_half
    assert {(row.kind, row.customer_id) for row in make.rows(Identity)} == {
        ("external_userid", contact.customer_id),
        ("unionid", contact.customer_id),
    }
    [row] = make.rows(Inbox)
    assert (row.state, row.reason, row.tries) == ("applied", "没有欢迎码，没发欢迎语", 0)
    assert row.applied_at is not None


def test_orders_that_came_before_the_contact_are_theirs_at_the_add(scanned, runtime, make):
    order = make.order(make.identity("unionid", "o-wang"))
    strange = make.order(make.identity("unionid", "o-other"))

    scanned(unionid="o-wang")
    apply_events(runtime)

    [contact] = make.rows(Contact)
    owners = {row.id: row.customer_id for row in make.rows(Order)}
    assert owners[order.id] == contact.customer_id
    assert owners[strange.id] != contact.customer_id


def test_a_unionid_that_becomes_known_later_attaches_then(scanned, runtime, make, sandbox, callbacks, clock):
    make.order(make.identity("unionid", "o-late"))
    customer = scanned(unionid=None)
    apply_events(runtime)
    assert make.rows(Contact)[0].customer_id != make.rows(Order)[0].customer_id

    sandbox.request("PATCH", f"/sandbox/customers/{customer['external_userid']}", {"unionid": "o-late"})
    callbacks.contact("edit_external_contact", "Lan", customer["external_userid"], at=clock.tick(seconds=5))
    apply_events(runtime)

    assert make.rows(Contact)[0].customer_id == make.rows(Order)[0].customer_id


def test_an_edit_mirrors_remark_and_tags_and_keeps_tags_of_other_sources(
    scanned, runtime, make, sandbox, callbacks, clock
):
    customer = scanned()
    apply_events(runtime)
    external_userid = customer["external_userid"]
    for name in ("老客", "敏感肌"):
        sandbox.post("/sandbox/tags", {"group": "层级", "name": name})
    pair = {"userid": "Lan", "external_userid": external_userid}
    sandbox.post("/sandbox/follows/edit", pair | {"remark": "王姐", "add_tags": ["老客", "敏感肌"]})
    callbacks.contact("edit_external_contact", "Lan", external_userid, at=clock.tick(seconds=2))
    apply_events(runtime)
    assert {row.source for row in make.rows(TagAssignment)} == {"wecom"}
    local = make._save(Tag(name="本店", group_name="", position=0))
    [first, _] = make.rows(TagAssignment)
    make._save(
        TagAssignment(
            tag_id=local.id, identity_id=first.identity_id, customer_id=first.customer_id, staff_id=first.staff_id,
            source="staff", assigned_at=clock(),
        )
    )  # fmt: skip

    sandbox.post("/sandbox/follows/edit", pair | {"remove_tags": ["老客"]})
    callbacks.contact("edit_external_contact", "Lan", external_userid, at=clock.tick(seconds=2))
    apply_events(runtime)

    assert make.rows(Follow)[0].remark == "王姐"
    names = {row.id: row.name for row in make.rows(Tag)}
    assert {names[row.tag_id] for row in make.rows(TagAssignment)} == {"敏感肌", "本店"}


def test_a_state_becomes_a_channel(runtime, make, sandbox, callbacks, clock):
    sandbox.post("/sandbox/load", {"contact_ways": [{"user": ["Lan"], "state": "door-1"}]})
    added = sandbox.post("/sandbox/scan", {"state": "door-1"})
    callbacks.contact("add_external_contact", "Lan", added["external_userid"], at=clock(), State="door-1")

    apply_events(runtime)

    [channel] = make.rows(Channel)
    [follow] = make.rows(Follow)
    assert (channel.state, channel.name, follow.channel_id, follow.state) == ("door-1", "door-1", channel.id, "door-1")


@pytest.mark.parametrize(("change", "by"), [("del_external_contact", "staff"), ("del_follow_user", "customer")])
def test_a_deletion_ends_the_follow_and_says_by_whom(change, by, scanned, runtime, make, callbacks, clock):
    customer = scanned()
    callbacks.contact(change, "lan", customer["external_userid"], at=clock.tick(seconds=3))

    apply_events(runtime)

    [follow] = make.rows(Follow)
    assert not follow.is_open()
    assert follow.ended_by == by


def test_a_half_add_is_followed_half_and_then_whole(sandbox, runtime, make, callbacks, clock):
    customer = sandbox.post("/sandbox/customers", {})["external_userid"]
    sandbox.post("/sandbox/scan", {"external_userid": customer, "userid": "Lan", "half": True})
    callbacks.contact("add_half_external_contact", "Lan", customer, at=clock())
    apply_events(runtime)
    [half] = make.rows(Follow)

    sandbox.post("/sandbox/scan", {"external_userid": customer, "userid": "Lan"})
    callbacks.contact("add_external_contact", "Lan", customer, at=clock.tick(seconds=4))
    apply_events(runtime)

    [whole] = make.rows(Follow)
    assert (half.is_half, whole.is_half, whole.is_open()) == (True, False, True)


def test_what_we_do_not_know_is_marked_unknown(runtime, make, callbacks, clock):
    callbacks.post(event_xml("brand_new_event", at=clock()))
    callbacks.post(event_xml("change_external_contact", at=clock(), ChangeType="add_external_contact"))

    apply_events(runtime)

    assert [row.state for row in make.rows(Inbox)] == ["unknown", "unknown"]


def test_members_come_go_and_change_their_userid(runtime, make, callbacks, clock):
    lan = make.staff(userid="Lan")
    gone = make.staff(userid="old")
    for kind, fields in (
        ("update_user", {"UserID": "lan", "NewUserID": "Xiaowen"}),
        ("delete_user", {"UserID": "old"}),
        ("create_user", {"UserID": "fresh"}),
    ):
        callbacks.post(event_xml("change_contact", at=clock(), ChangeType=kind, **fields))

    apply_events(runtime)

    staff = {row.id: row for row in make.rows(Staff)}
    assert (staff[lan.id].userid, staff[lan.id].userid_key) == ("Xiaowen", "xiaowen")
    assert staff[gone.id].left_at is not None
    assert [row.serves_customers for row in staff.values() if row.userid == "fresh"] == [False]


def test_a_changed_tag_brings_the_list_of_tags(runtime, make, sandbox, callbacks, clock):
    sandbox.post("/sandbox/tags", {"group": "层级", "name": "老客"})
    callbacks.post(event_xml("change_external_tag", at=clock(), ChangeType="create", Id="et1", TagType="tag"))

    apply_events(runtime)

    assert [(row.group_name, row.name) for row in make.rows(Tag)] == [("层级", "老客")]


def test_a_busy_wecom_is_asked_again_with_growing_pauses_and_then_left_to_a_person(
    scanned, runtime, make, sandbox, clock
):
    scanned()
    sandbox.faults({"on": "call", "path": "externalcontact/get", "errcode": -1})
    clock.freeze()
    pauses = []
    for _ in range(inbox.MOST_TRIES):
        apply_events(runtime)
        [row] = make.rows(Inbox)
        pauses.append((row.next_try_at - clock()).total_seconds())
        clock.tick(seconds=pauses[-1])

    assert pauses[:4] == [2, 8, 32, 128]
    assert (row.state, row.tries, row.errcode) == ("failed", inbox.MOST_TRIES, -1)
    assert make.rows(Contact) == []


def test_an_error_only_a_person_can_mend_fails_at_once_and_a_replay_applies_it(scanned, runtime, make, sandbox, clock):
    scanned()
    sandbox.faults({"on": "call", "path": "externalcontact/get", "errcode": 48002})
    apply_events(runtime)
    [row] = make.rows(Inbox)
    assert (row.state, row.errcode) == ("failed", 48002)

    sandbox.faults()
    with runtime.transaction() as session:
        inbox.replay(session, row.id, now=clock())
    apply_events(runtime)

    assert make.rows(Inbox)[0].state == "applied"
    assert len(make.rows(Contact)) == 1


def test_a_replay_of_what_was_applied_changes_nothing(scanned, runtime, make, clock):
    scanned(unionid="o-1")
    apply_events(runtime)
    [row] = make.rows(Inbox)
    before = [len(make.rows(table)) for table in (Contact, Follow, Identity, Touch)]

    with runtime.transaction() as session:
        inbox.replay(session, row.id, now=clock())
    apply_events(runtime)

    assert [len(make.rows(table)) for table in (Contact, Follow, Identity, Touch)] == before
    assert make.rows(Inbox)[0].state == "applied"


def test_a_leased_row_is_nobody_elses_and_comes_back_when_its_lease_ends(scanned, runtime, make, clock):
    scanned()
    with runtime.transaction() as session:
        [leased] = inbox.lease_due(session, limit=5, now=clock())

    assert apply_events(runtime) == 0
    clock.tick(seconds=inbox.LEASE.total_seconds() + 1)
    assert apply_events(runtime) == 1

    with pytest.raises(inbox.LeaseLost), runtime.transaction() as session:
        inbox.settle(session, [leased], "applied", now=clock())


def test_an_effect_rolls_back_with_a_lost_lease(scanned, runtime, make, clock, monkeypatch):
    scanned()
    monkeypatch.setattr(inbox, "LEASE", timedelta(seconds=-1))  # the lease is over before anything was done

    def somebody_else(*args, **more):
        raise inbox.LeaseLost

    monkeypatch.setattr(inbox, "settle", somebody_else)

    apply_events(runtime)

    assert make.rows(Contact) == []
    assert make.rows(Inbox)[0].state == "received"


def test_a_body_sealed_with_another_key_is_left_to_a_person(scanned, runtime, make):
    scanned()
    with runtime.transaction() as session:
        session.query(Inbox).update({"body_sealed": b"x" * 40})

    apply_events(runtime)

    assert make.rows(Inbox)[0].state == "failed"
