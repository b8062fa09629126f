"""Every kind of event WeCom pushes takes effect, in whatever order it comes; a storm of edits costs a few calls."""

import pytest
from sqlalchemy import insert

from crm import inbox
from jobs.edits import apply_edits
from jobs.effects import EFFECTS
from jobs.inbox import apply_events
from jobs.sync import sync
from models import AcquisitionEvent, Channel, Contact, Department, Follow, Identity, Inbox, Staff
from tests.callbacks import Callbacks, event_xml


def wm(number):
    return f"wm{number:030d}"


@pytest.fixture
def callbacks(client, sandbox):
    return Callbacks(client, sandbox.credentials)


@pytest.fixture
def shop(sandbox, runtime):
    """Lan has thirty customers, Zhou one of them."""
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "小满"}],
            "staff": [{"userid": "Lan", "name": "林晓雯"}, {"userid": "zhou", "name": "周岚"}],
            "customers": [{"external_userid": wm(n)} for n in range(30)],
            "follows": [{"userid": "Lan", "external_userid": wm(n), "createtime": 1_700_000_000} for n in range(30)]
            + [{"userid": "zhou", "external_userid": wm(0), "createtime": 1_700_000_000}],
        },
    )
    sync(runtime)


@pytest.fixture
def told(callbacks, clock, runtime):
    def tell(event, change="", **fields):
        callbacks.post(event_xml(event, at=clock(), **({"ChangeType": change} if change else {}), **fields))

    return tell


def calls(runtime, endpoint):
    samples = runtime.metrics.wecom_calls.collect()[0].samples
    return sum(s.value for s in samples if s.name.endswith("_total") and s.labels["endpoint"] == endpoint)


def test_every_kind_in_the_contract_is_known_but_the_notices_of_other_products(told, runtime, make, shop):
    pair = {"UserID": "Lan", "ExternalUserID": wm(0), "ChatId": "wr1"}
    for number, kind in enumerate(EFFECTS):
        event, _, change = kind.partition(".")
        told(event, change, **pair | {"MsgId": str(number)})

    while apply_events(runtime):
        pass

    states = {row.kind: row.state for row in make.rows(Inbox)}
    assert states.keys() == EFFECTS.keys()
    lagging = {"change_external_chat.create", "change_external_chat.update"}  # asked again some seconds later
    assert {kind for kind, state in states.items() if state != "applied"} == lagging


def test_a_customer_handed_over_keeps_their_history_and_has_an_open_follow_at_the_new_member(
    shop, told, runtime, make, sandbox, clock
):
    clock.tick(seconds=2)
    told("change_external_contact", "del_external_contact", UserID="Lan", ExternalUserID=wm(1),
         Source="DELETE_BY_TRANSFER")  # fmt: skip
    told("change_external_contact", "add_external_contact", UserID="zhou", ExternalUserID=wm(1))
    told("change_contact", "delete_user", UserID="Lan")
    sandbox.post("/sandbox/follows/delete", {"userid": "Lan", "external_userid": wm(1), "by": "staff"})

    apply_events(runtime)

    [contact] = [row for row in make.rows(Contact) if row.external_userid == wm(1)]
    before, after = [row for row in make.rows(Follow) if row.contact_id == contact.id]
    assert (before.is_open(), before.ended_by, after.is_open()) == (False, "transfer", True)
    assert make.rows(Staff)[0].left_at is not None


def test_a_hand_over_that_failed_is_noted_where_the_customer_stays(shop, told, runtime, make):
    told("change_external_contact", "transfer_fail", UserID="zhou", ExternalUserID=wm(3), FailReason="customer_refused")
    told("change_external_contact", "transfer_fail", UserID="Lan", ExternalUserID="wm-nobody", FailReason="?")

    apply_events(runtime)

    [noted] = [row for row in make.rows(Follow) if row.transfer_failed_at]
    assert (noted.transfer_fail_reason, noted.is_open()) == ("customer_refused", True)
    assert [row.reason for row in make.rows(Inbox)] == ["客户拒绝了转接", "没见过这位客户"]


def test_a_member_renamed_before_we_are_told_is_one_member_all_the_same(shop, told, runtime, make, sandbox, clock):
    lan = next(row for row in make.rows(Staff) if row.userid == "Lan")
    newcomer = make.staff("Xiaowen")  # a sync met the new name first
    [known, fresh] = [make.rows(Contact)[0], make.contact(wm(99))]
    make.follow(known, newcomer, remark="新备注", followed_at=clock(), changed_at=clock.tick(seconds=1))
    make.follow(fresh, newcomer)

    told("change_contact", "update_user", UserID="Lan", NewUserID="Xiaowen", Department="2,3")
    apply_events(runtime)

    named = {row.userid: row for row in make.rows(Staff)}
    assert (named["Xiaowen"].id, named["Xiaowen"].department_wecom_ids) == (lan.id, [2, 3])
    mine = {row.contact_id: row for row in make.rows(Follow) if row.staff_id == lan.id}
    assert (len(mine), mine[known.id].remark) == (31, "新备注")
    assert [row for row in make.rows(Follow) if row.staff_id == newcomer.id] == []


def test_departments_follow_their_events(shop, told, runtime, make, sandbox):
    sandbox.post("/sandbox/load", {"departments": [{"id": 2, "name": "成都店", "parentid": 1}]})

    told("change_contact", "create_party", Id="2", Name="成都店", ParentId="1")
    apply_events(runtime)

    assert [row.name for row in make.rows(Department)] == ["小满", "成都店"]


def test_what_members_do_with_the_app_is_on_their_row_in_any_order(shop, told, runtime, make, clock, callbacks):
    first, then = clock(), clock.tick(seconds=9)
    for event, at in (("unsubscribe", then), ("subscribe", first), ("enter_agent", first)):
        callbacks.post(event_xml(event, at=at, FromUserName="lan", AgentID="1"))

    apply_events(runtime)

    [lan] = [row for row in make.rows(Staff) if row.userid == "Lan"]
    assert lan.app_in_at < lan.app_out_at
    assert lan.app_seen_at == lan.app_in_at


def test_an_acquisition_links_events_are_on_record_once_with_their_channel(shop, told, runtime, make, callbacks, clock):
    start = event_xml(
        "customer_acquisition", at=clock(), ChangeType="customer_start_chat", LinkId="cawcde", State="live-1",
        UserID="Lan", ExternalUserID=wm(2), ChatKey="secret",
    )  # fmt: skip
    callbacks.post(start)
    told("customer_acquisition", "quota_expire_soon", ExpireTime="1795340000", ExpireQuotaNum="9")
    apply_events(runtime)
    first = make.rows(Inbox)[0].id
    with runtime.transaction() as session:
        inbox.replay(session, first, now=clock())
    apply_events(runtime)

    chat, quota = make.rows(AcquisitionEvent)
    names = {row.id: row.value for row in make.rows(Identity)}
    assert (chat.change, chat.link_id, names[chat.identity_id]) == ("customer_start_chat", "cawcde", wm(2))
    assert [row.id for row in make.rows(Channel) if row.state == "live-1"] == [chat.channel_id]
    assert (chat.details, quota.details) == ({}, {"ExpireTime": "1795340000", "ExpireQuotaNum": "9"})


def test_a_storm_of_a_thousand_edits_costs_a_page_for_a_hundred_customers(
    shop, callbacks, runtime, make, sandbox, clock
):
    sandbox.post("/sandbox/follows/edit", {"userid": "Lan", "external_userid": wm(7), "remark": "王姐"})
    rows = [
        {
            "key": f"storm{number}", "kind": inbox.EDIT, "userid": "Lan", "external_userid": wm(number % 30),
            "happened_at": clock(), "received_at": clock(), "next_try_at": clock(),
        }
        for number in range(1000)
    ]  # fmt: skip
    with runtime.transaction() as session:
        session.execute(insert(Inbox), rows)
    before = calls(runtime, "externalcontact/get"), calls(runtime, "externalcontact/batch/get_by_user")

    left_alone = apply_events(runtime)
    done = apply_edits(runtime)

    after = calls(runtime, "externalcontact/get"), calls(runtime, "externalcontact/batch/get_by_user")
    assert (left_alone, done) == (0, 1000)
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)
    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert "王姐" in {row.remark for row in make.rows(Follow)}


def test_a_storm_over_one_customer_costs_one_call_and_waits_when_wecom_is_busy(
    shop, callbacks, runtime, make, sandbox, clock
):
    clock.freeze()
    for number in range(8):
        callbacks.contact("edit_external_contact", "Lan", wm(1), at=clock(), State=str(number))
    sandbox.faults({"on": "call", "path": "externalcontact/get", "errcode": -1, "times": 1})
    before = calls(runtime, "externalcontact/get")
    apply_edits(runtime)
    waiting = {row.state for row in make.rows(Inbox)}
    clock.tick(seconds=3)

    apply_edits(runtime)

    assert waiting == {"waiting"}
    assert {row.state for row in make.rows(Inbox)} == {"applied"}
    assert calls(runtime, "externalcontact/get") - before == 2
