"""`POST /mall/events`: what a shop may send of what customers did, each once."""

from datetime import timedelta

from config import Retention
from jobs.behaviour import forget_events
from models import Behaviour, Event, Identity


def event(event_id="e1", kind="view", **more):
    return {"id": event_id, "kind": kind, "unionid": "oU1", "sku": "S1"} | more


def days(make):
    columns = (
        "identity_id",
        "sku",
        "on_day",
        "views",
        "night_views",
        "carts",
        "dwell_seconds",
        "last_at",
        "last_cart_at",
    )
    return sorted(tuple(getattr(row, name) for name in columns) for row in make.rows(Behaviour))


def test_an_event_is_kept_by_the_best_name_of_who_did_it(shop, make, runtime):
    at = runtime.now().isoformat()

    answer = shop.post_to(
        "events",
        event("e1", at=at, openid="o1", app="wx1", props={"from": "card"}, dwell_seconds=7),
        event("e2", "search", at=at, unionid="", openid="o1", app="wx1", sku=None),
        event("e3", "custom:coupon_seen", at=at, unionid=None, openid="o1"),
        event("e4", "cart", at=at, unionid=None, buyer_id="b1"),
        event("e5", "enter", at=at, unionid=None),
    )

    assert [result["result"] for result in answer.json["results"]] == ["accepted"] * 4 + ["rejected"]
    assert answer.json["results"][4]["field"] == "unionid"
    names = {row.id: (row.kind, row.scope, row.value) for row in make.rows(Identity)}
    kept = {row.event_id: row for row in make.rows(Event)}
    assert {each: names[row.identity_id] for each, row in kept.items()} == {
        "e1": ("unionid", "", "oU1"),
        "e2": ("openid", "wx1", "o1"),
        "e3": ("openid", shop.name, "o1"),
        "e4": ("buyer_id", shop.name, "b1"),
    }
    assert (kept["e1"].props, kept["e1"].dwell_seconds, kept["e2"].sku) == ({"from": "card"}, 7, None)


def test_events_add_up_the_same_in_whatever_order_and_however_often_they_come(shop, new_shop, make, runtime):
    begin = runtime.now() - timedelta(days=3)
    sent = [
        event(
            f"e{number}",
            ("view", "cart", "pay")[number % 3],
            unionid=f"u{number % 2}",
            sku=f"S{number % 4}",
            at=(begin + timedelta(hours=number)).isoformat(),
            dwell_seconds=number,
        )
        for number in range(60)
    ]

    first = shop.post_to("events", *sent)
    again = shop.post_to("events", *sent[:30], *sent[10:40])
    other = new_shop("另一家")
    for part in (sent[40:], sent[:20], sent[10:], sent[::-1]):
        other.post_lines("events", *part)

    assert (first.json["accepted"], again.json["accepted"], again.json["unchanged"]) == (60, 0, 60)
    assert len(make.rows(Event)) == 120
    both = days(make)
    assert both[::2] == both[1::2]
    assert sum(row[3] + row[5] for row in both) == 2 * 40
    assert sum(row[6] for row in both) == 2 * sum(range(60))


def test_wrong_events_are_refused_by_the_field_and_the_others_are_kept(shop, make, runtime):
    now = runtime.now()
    fine = {"at": now.isoformat()}
    wrong: list[tuple[str, object]] = [
        ("at", (now + timedelta(days=1, minutes=1)).isoformat()), ("at", (now + timedelta(days=5 * 365)).isoformat()),
        ("at", (now - timedelta(days=91)).isoformat()), ("at", "2026-11-01"), ("kind", "stare"), ("kind", "custom"),
        ("kind", "custom:é"), ("dwell_seconds", -1), ("props", {"x": "x" * 1024}), ("props", []), ("id", ""),
    ]  # fmt: skip

    answer = shop.post_to(
        "events",
        event("A", **fine),
        *(event("B") | fine | {field: value} for field, value in wrong),
        event("C", **fine),
    )

    assert (answer.json["accepted"], answer.json["rejected"]) == (2, len(wrong))
    assert [result["field"] for result in answer.json["results"][1:-1]] == [field for field, _ in wrong]
    assert [row.event_id for row in make.rows(Event)] == ["A", "C"]


def test_old_events_go_and_what_they_added_up_to_stays(shop, make, runtime, clock):
    shop.post_to("events", *(event(f"e{number}", at=runtime.now().isoformat()) for number in range(600)))
    before = days(make)
    clock.tick(days=Retention().event_days - 1)
    kept = forget_events(runtime)
    clock.tick(days=1.01)

    assert (kept, forget_events(runtime)) == (0, 600)
    assert make.rows(Event) == []
    assert days(make) == before
    too_old = (runtime.now() - timedelta(days=90, minutes=5)).isoformat()
    late = shop.post_to("events", event("e1", at=too_old))
    assert late.json["results"][0]["field"] == "at"
