"""Beside a group: everybody counts, persons are only those one follows, and today's drop is one tap."""

from datetime import timedelta

import pytest

from models import DropEdition, DropSeries, Identity, Touch

TAP = {"occasion": "tap-00000001"}


@pytest.fixture
def group(make, lan):
    group = make.group("wr_flowers", owner=lan, name="鲜花群", members=5, customers=4)
    make.group_member(group, lan)
    return group


@pytest.fixture
def join(make, group):
    def come(name, *followers, orders=0, **more):
        contact = make.contact(f"wm_{name}", name=name, followers=followers)
        for _ in range(orders):
            make.order(Identity(id=contact.identity_id, customer_id=contact.customer_id))
        make.group_member(group, contact, **more)
        return contact

    return come


@pytest.fixture
def drop(make, group, runtime):
    """Roses for this group, launched an hour from now (or ago), and those of another group."""

    def lay_out(hours=1, *, group_ids=None, **more):
        now = runtime.now()
        at = now + timedelta(hours=hours)
        shared = {"product": "玫瑰 20 枝", "price_fen": 2990, "stock": 50, "group_ids": group_ids or [group.id]}
        series = DropSeries(
            name=f"周四花日 {hours}", weekday=4, at_time="20:00", teaser="", launch="", recap="", created_at=now,
            created_by="t", changed_at=now, changed_by="t", **shared,
        )  # fmt: skip
        values = {"number": 3, "launch_at": at, "texts": {}, "created_at": now, "url": "https://shop.example/d"} | more
        return make._save(DropEdition(series_id=make._save(series).id, **shared, **values))

    return lay_out


@pytest.fixture
def noon(sandbox, clock, runtime):
    """Noon in the shop's zone: an hour before and after it are the same day."""
    at = runtime.now().astimezone(runtime.zone).replace(hour=12, minute=0) + timedelta(days=1)
    sandbox.put("/sandbox/clock", {"now": at.timestamp(), "frozen": True})
    clock.refresh()


def test_everybody_counts_and_only_those_one_follows_are_named(make, at_the_chat, lan, join, runtime):
    mei, now = make.staff("mei"), runtime.now()
    join("mine", lan, orders=2, joined_at=now - timedelta(days=2))
    join("meis", mei, orders=1, joined_at=now - timedelta(days=1))
    join("buyer", orders=1)
    join("nobody")
    join("gone", lan, orders=5, left_at=now - timedelta(days=1))

    told = at_the_chat.get("groups/wr_flowers").json
    page = at_the_chat.get("groups/wr_flowers", part=True).text

    assert told["totals"] == {"outside": 4, "known": 3, "buyers": 3, "regulars": 1, "joined": 2, "left": 1}
    assert [(one["name"], one["order_count"]) for one in told["persons"]] == [("mine", 2)]
    assert [one["name"] for one in told["recent"]] == ["mine"]
    assert "mine" in page
    assert "另有 1 位不是你跟进的" in page
    for stranger in ("meis", "buyer", "gone"):
        assert stranger not in page


def test_todays_drop_shows_how_far_it_is_and_goes_into_the_group_on_record(
    make, runtime, at_the_chat, group, noon, seat, lan, drop
):
    seat(lan)
    make.gate("live")
    coming, launched = drop(1), drop(-1)
    drop(30), drop(2, group_ids=[group.id + 1]), drop(3, state="cancelled")
    at_the_chat.sign_in(lan)

    told = at_the_chat.get("groups/wr_flowers").json["drops"]
    first = at_the_chat.post(f"groups/wr_flowers/drops/{coming.id}", TAP)
    again = at_the_chat.post(f"groups/wr_flowers/drops/{coming.id}", TAP)
    settled = at_the_chat.post(f"touches/{first.json['touch']['id']}/outcome", {"outcome": "sent"})

    [touch] = make.rows(Touch)
    assert [(each["id"], each["state"]) for each in told] == [
        (launched.id, "launched"), (coming.id, "coming"), (told[2]["id"], "left_out"),
    ]  # fmt: skip
    assert first.json["chat_message"]["news"] == {
        "link": "https://shop.example/d", "title": "玫瑰 20 枝", "desc": "玫瑰 20 枝 ¥29.90，今天 13:00 开抢",
    }  # fmt: skip
    assert (first.json["send"], again.json["send"], settled.json["touch"]["state"]) == (True, False, "sent")
    assert (touch.kind, touch.external_userid, touch.customer_id) == ("group", "wr_flowers", None)
    assert at_the_chat.post(f"groups/wr_flowers/drops/{told[2]['id']}", TAP).status_code == 404
