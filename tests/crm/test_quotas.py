"""The ledger: a place is taken once, given back once, and counts in the month it was used in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from crm import quotas
from models import OtherDelivery, OtherMessage, Quota

NOVEMBER, DECEMBER = "2026-11", "2026-12"
LATE = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 on 30 November in the shop
LATER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # 00:00 on 1 December


@pytest.fixture
def ledger(runtime):
    """Calls one rule in a transaction of its own."""

    def call(rule, *args, **more):
        with runtime.transaction() as session:
            return rule(session, *args, **more)

    return call


def counts(make, month=NOVEMBER):
    return {row.target: (row.reserved, row.used, row.others) for row in make.rows(Quota) if row.month == month}


@pytest.mark.parametrize(
    ("month", "per_month", "limit"),
    [(NOVEMBER, 0, 30), ("2028-02", 0, 29), (NOVEMBER, 4, 4), (NOVEMBER, 31, 30), ("2027-02", 30, 28)],
)
def test_the_limit_is_the_days_of_the_month_or_what_the_shop_set_below_them(month, per_month, limit):
    assert quotas.limit_of(month, per_month) == limit


def test_a_place_is_reserved_while_there_is_one(make, ledger):
    assert ledger(quotas.reserve, ["a", "b"], NOVEMBER, limit=2) == {"a", "b"}
    assert ledger(quotas.reserve, ["b", "c"], NOVEMBER, limit=1) == {"c"}
    assert ledger(quotas.reserve, ["a"], DECEMBER, limit=1) == {"a"}
    assert ledger(quotas.reserve, [], NOVEMBER, limit=1) == set()

    assert counts(make) == {"a": (1, 0, 0), "b": (1, 0, 0), "c": (1, 0, 0)}


def test_uses_and_others_take_places_too(make, ledger, runtime):
    ledger(quotas.reserve, ["a", "b"], NOVEMBER, limit=2)
    ledger(quotas.commit, {"a": LATE}, NOVEMBER, zone=runtime.zone)
    ledger(quotas.count_others, "msg1", {"a": LATE}, zone=runtime.zone)

    assert ledger(quotas.reserve, ["a", "b"], NOVEMBER, limit=2) == {"b"}
    assert counts(make) == {"a": (0, 1, 1), "b": (2, 0, 0)}
    assert ledger(quotas.left, ["a", "b", "c"], NOVEMBER, limit=3) == {"a": 1, "b": 1, "c": 3}


def test_what_failed_is_given_back_and_never_below_nothing(make, ledger):
    ledger(quotas.reserve, ["a", "b"], NOVEMBER, limit=2)

    ledger(quotas.release, ["a", "nobody"], NOVEMBER)
    ledger(quotas.release, ["a"], NOVEMBER)

    assert counts(make) == {"a": (0, 0, 0), "b": (1, 0, 0)}


def test_a_delivery_counts_in_the_month_it_happened_in(make, ledger, runtime):
    ledger(quotas.reserve, ["a", "b"], NOVEMBER, limit=2)

    ledger(quotas.commit, {"a": LATE, "b": LATER}, NOVEMBER, zone=runtime.zone)

    assert counts(make) == {"a": (0, 1, 0), "b": (0, 0, 0)}
    assert counts(make, DECEMBER) == {"b": (0, 1, 0)}


def test_a_delivery_of_others_is_counted_once_however_often_it_is_read(make, ledger, runtime):
    first = ledger(quotas.count_others, "msg1", {"a": LATE, "b": LATER}, zone=runtime.zone)
    again = ledger(quotas.count_others, "msg1", {"b": LATER, "c": LATE}, zone=runtime.zone)
    another = ledger(quotas.count_others, "msg2", {"a": LATE}, zone=runtime.zone)

    assert (first, again, another) == (2, 1, 1)
    assert counts(make) == {"a": (0, 0, 2), "c": (0, 0, 1)}
    assert counts(make, DECEMBER) == {"b": (0, 0, 1)}


def test_what_turns_out_ours_is_taken_back_from_others(make, ledger, runtime):
    for msgid in ("ours", "theirs"):
        make.other_message(msgid)
        ledger(quotas.count_others, msgid, {"a": LATE, "b": LATE, "c": LATER}, zone=runtime.zone)

    taken = [ledger(quotas.not_theirs, "ours", zone=runtime.zone, limit=2) for _ in range(3)]

    assert taken == [2, 1, 0]
    assert counts(make) == {"a": (0, 0, 1), "b": (0, 0, 1)}
    assert counts(make, DECEMBER) == {"c": (0, 0, 1)}
    assert {row.msgid for row in make.rows(OtherMessage)} == {"theirs"}
    assert {row.msgid for row in make.rows(OtherDelivery)} == {"theirs"}


def test_the_check_finds_what_does_not_add_up(make, ledger, runtime):
    ledger(quotas.reserve, ["a"], NOVEMBER, limit=2)
    ledger(quotas.count_others, "msg1", {"b": LATE, "c": LATER}, zone=runtime.zone)

    assert ledger(quotas.check_ledger, NOVEMBER, zone=runtime.zone) == [quotas.Difference("a", "reserved", 1, 0)]
    assert ledger(quotas.check_ledger, DECEMBER, zone=runtime.zone) == []

    message = make.mass_message(month=NOVEMBER)
    make.mass_recipient(message, "a", state="created")
    make.mass_recipient(message, "b", state="sent", sent_at=LATE)
    make.mass_recipient(message, "c", state="sent", sent_at=LATER)
    assert ledger(quotas.check_ledger, NOVEMBER, zone=runtime.zone) == [quotas.Difference("b", "used", 0, 1)]


def test_ten_at_once_take_the_last_places_once(make, runtime):
    targets = [f"t{number}" for number in range(20)]

    def take(_):
        with runtime.transaction() as session:
            return quotas.reserve(session, targets, NOVEMBER, limit=3)

    with ThreadPoolExecutor(10) as pool:
        got = list(pool.map(take, range(10)))

    assert sorted(map(len, got)) == [0] * 7 + [20] * 3
    assert set(counts(make).values()) == {(3, 0, 0)}
