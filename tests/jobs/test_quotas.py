"""What others sent is counted for the quota: once, by everybody, and never our own."""

from datetime import UTC, datetime, timedelta

import pytest

from crm import calendars, quotas
from jobs.quotas import LedgerDiffers, check_quotas, import_others
from models import OtherDelivery, OtherMessage, Quota

PEOPLE = [f"wm{n:030d}" for n in range(3)]
SHOP = {
    "staff": [{"userid": "lan", "name": "林晓雯"}, {"userid": "mei", "name": "陈美"}],
    "customers": [{"external_userid": each} for each in PEOPLE],
    "follows": [
        {"userid": userid, "external_userid": each, "createtime": 1767225600}
        for userid in ("lan", "mei")
        for each in PEOPLE
    ],
    "groups": [{"name": "花友一群", "owner": "lan"}],
}


@pytest.fixture
def shop(sandbox, clock, make):
    sandbox.post("/sandbox/load", SHOP)
    make.gate("live")
    clock.freeze()
    return sandbox


@pytest.fixture
def sent(shop):
    """A member sends one of their own, to customers or groups."""

    def send(userid, *targets, text="到店有礼"):
        kind = "chat_ids" if targets[0].startswith("wr") else "external_userids"
        return shop.post("/sandbox/mass-messages", {"userid": userid, kind: list(targets), "text": text})["msgid"]

    return send


def others(make):
    return {row.target: row.others for row in make.rows(Quota)}


def test_what_members_sent_to_customers_and_groups_is_counted_once(shop, sent, runtime, clock, make):
    [group] = [each["chat_id"] for each in shop.get("/sandbox/groups")["groups"]]
    sent("lan", PEOPLE[0], PEOPLE[1])
    sent("mei", PEOPLE[0])
    sent("lan", group)
    clock.tick(minutes=1)

    assert import_others(runtime) == 4
    clock.tick(hours=2)
    assert import_others(runtime) == 0

    assert others(make) == {PEOPLE[0]: 2, PEOPLE[1]: 1, group: 1}
    assert [row.next_look_at for row in make.rows(OtherMessage)] == [None] * 3
    assert check_quotas(runtime) == 0


def test_one_that_somebody_still_has_to_confirm_is_looked_at_again(shop, runtime, clock, make):
    made = runtime.wecom.create_mass_message(sender="lan", external_userids=PEOPLE, text="别的应用发的")
    clock.tick(minutes=1)

    assert import_others(runtime) == 0
    shop.confirm(made.msgid, "lan")
    assert import_others(runtime) == 0  # not yet time to look
    clock.tick(hours=1)
    assert import_others(runtime) == 3

    assert set(others(make).values()) == {1}


def test_ours_is_not_somebody_elses(shop, runtime, clock, make):
    made = runtime.wecom.create_mass_message(sender="lan", external_userids=PEOPLE, text="上新了")
    make.mass_task(make.mass_message(), make.staff("lan"), msgid=made.msgid)
    clock.tick(minutes=1)
    shop.confirm(made.msgid, "lan")

    assert import_others(runtime) == 0
    assert make.rows(OtherMessage) == []


def test_what_may_be_a_lost_creation_of_ours_is_left_until_that_is_known(shop, runtime, clock, make):
    """Tried without an answer: it may have been made. What says something else is not ours."""
    made = runtime.wecom.create_mass_message(sender="lan", external_userids=PEOPLE[:2], text="上新了")
    other = runtime.wecom.create_mass_message(sender="mei", external_userids=PEOPLE[:1], text="别的")
    task = make.mass_task(make.mass_message(), make.staff("lan"), state="lost", text="上新了")
    clock.tick(minutes=1)
    for msgid, userid in ((made.msgid, "lan"), (other.msgid, "mei")):
        shop.confirm(msgid, userid)

    assert import_others(runtime) == 1
    assert others(make) == {PEOPLE[0]: 1}

    with runtime.transaction() as session:
        session.merge(task).state = "unknown"
    assert import_others(runtime) == 2
    assert others(make) == {PEOPLE[0]: 2, PEOPLE[1]: 1}


def test_one_that_turns_out_ours_is_taken_back(shop, sent, runtime, clock, make):
    msgid = sent("lan", *PEOPLE)
    clock.tick(minutes=1)
    import_others(runtime)
    make.mass_task(make.mass_message(), make.staff("lan"), msgid=msgid)

    assert import_others(runtime) == 0

    assert set(others(make).values()) == {0}
    assert make.rows(OtherDelivery) == make.rows(OtherMessage) == []


def test_until_the_third_the_month_before_is_read_too(shop, sent, runtime, clock, make):
    begin, end = quotas.bounds(calendars.month_of(runtime.now(), runtime.zone), runtime.zone)
    late = end - timedelta(hours=1)
    clock.tick(seconds=(late - runtime.now()).total_seconds())
    sent("lan", PEOPLE[0])
    clock.tick(days=2)
    sent("lan", PEOPLE[1])
    clock.tick(minutes=1)

    assert import_others(runtime) == 2

    months = {row.target: row.month for row in make.rows(Quota)}
    assert months == {
        PEOPLE[0]: calendars.month_of(begin, runtime.zone),
        PEOPLE[1]: calendars.month_of(end, runtime.zone),
    }


def test_a_ledger_that_does_not_add_up_fails_its_job(runtime, make):
    month = calendars.month_of(runtime.now(), runtime.zone)
    with runtime.transaction() as session:
        quotas.reserve(session, ["a"], month, limit=1)

    with pytest.raises(LedgerDiffers, match="1 targets"):
        check_quotas(runtime)


def test_a_month_begins_in_the_shops_zone(runtime):
    assert quotas.bounds("2026-12", runtime.zone) == (
        datetime(2026, 11, 30, 16, tzinfo=UTC),
        datetime(2026, 12, 31, 16, tzinfo=UTC),
    )
