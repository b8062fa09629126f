"""A customer's card: for the staff who follow them, for nobody else."""

from datetime import timedelta

import pytest

from models import Audit, Channel, Identity, OrderLine, Tag, TagAssignment


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", unionid="u1", followers=(lan,))


def identity_of(contact):
    return Identity(id=contact.identity_id, customer_id=contact.customer_id)


def test_the_card_holds_who_what_and_when(make, runtime, at_the_chat, lan):
    now = runtime.now()
    mei = make.staff("mei", name="梅")
    counter = make._save(Channel(state="c1", name="包裹卡", created_at=now))
    wang = make.contact("wm_wang", name="王小雨", unionid="u1", gender=2)
    make.follow(wang, lan, remark="老客", channel_id=counter.id, followed_at=now - timedelta(days=9))
    make.follow(wang, mei, remark="对香精过敏", description="下午回")
    tag = make._save(Tag(wecom_id="t1", group_name="喜好", name="爱买鲜花"))
    for staff in (lan, mei):
        make._save(
            TagAssignment(
                tag_id=tag.id, identity_id=wang.identity_id, customer_id=wang.customer_id, staff_id=staff.id,
                source="wecom", assigned_at=now,
            )
        )  # fmt: skip
    older = make.order(identity_of(wang), paid_fen=5000, paid_at=now - timedelta(days=3))
    make.order(identity_of(wang), paid_fen=16800, refunded_fen=800, paid_at=now - timedelta(days=1))
    make.order(identity_of(wang), paid_fen=9900, status="cancelled")
    make.order(make.identity("unionid", "stranger"), paid_fen=99900)

    card = at_the_chat.get("contacts/wm_wang").json

    assert (card["spend_fen"], card["order_count"]) == (21000, 2)
    assert card["last_order_at"] == (now - timedelta(days=1)).isoformat()
    assert card["customer"]["name"] == "王小雨"
    assert [(one["userid"], one["remark"], one["is_me"]) for one in card["followers"]] == [
        ("lan", "老客", True),
        ("mei", "对香精过敏", False),
    ]
    assert card["channel"] == {"name": "包裹卡", "state": "c1"}
    assert [(one["group"], one["name"]) for one in card["tags"]] == [("喜好", "爱买鲜花")]
    assert len(card["orders"]) == 3
    assert older.order_no in {order["order_no"] for order in card["orders"]}
    assert card["coupons"] == []
    assert card.keys() >= {"customer", "followers", "channel", "tags", "spend_fen", "order_count", "last_order_at"}


def test_the_card_says_of_each_thing_what_its_own_page_says(make, runtime, at_the_chat, wang, lan):
    make.gate("live")
    when = runtime.now() - timedelta(days=5, microseconds=-120)
    for number in range(3):
        order = make.order(
            identity_of(wang), ordered_at=when, shipped_at=when, received_at=None, coupon_codes=[f"券{number}"]
        )
    for position in (2, 1):
        line = OrderLine(
            order_id=order.id, position=position, sku="S", name=f"第 {position} 件", quantity=1, price_fen=1
        )
        make._save(line)
    make.follow(wang, make.staff("mei", name="梅"), remark='"老客"', followed_at=when)
    tag = make.tag("鲜花", carried_by=(wang,))
    make._save(
        TagAssignment(
            tag_id=tag.id, identity_id=wang.identity_id, customer_id=wang.customer_id, staff_id=make.staff("hui").id,
            source="survey", assigned_at=runtime.now(),
        )
    )  # fmt: skip
    folder, batch = f"customers/{wang.customer_id}", make.coupon_batch(name="回购券", total=5, per_customer=2)
    for tap in ("tap-00000001", "tap-00000002"):
        touch = at_the_chat.post(f"{folder}/coupons", {"batch_id": batch.id, "occasion": tap}).json["touch"]
    at_the_chat.post(f"touches/{touch['id']}/outcome", {"outcome": "sent"})
    tonight = runtime.now().astimezone(runtime.zone).strftime("%Y-%m-%dT23:59")
    at_the_chat.post(f"{folder}/todos", {"kind": "call", "title": "问尺码", "at": tonight, "occasion": "tap-00000003"})

    card = at_the_chat.get("contacts/wm_wang").json

    assert card["orders"] == at_the_chat.get(f"{folder}/orders").json["orders"]
    assert len(card["orders"]) == 3
    assert card["followers"] == at_the_chat.get(f"{folder}/followers").json["followers"]
    assert len(card["followers"]) == 2
    assert card["tags"] == at_the_chat.get(f"{folder}/tags").json["tags"]
    assert [one["source"] for one in card["tags"]] == ["survey"]  # the last to give it
    assert card["coupons"] == at_the_chat.get(f"{folder}/held-coupons").json["coupons"]
    assert [one["sending"] for one in card["coupons"]] == ["sent", "trying"]
    assert card["todos"] == at_the_chat.get(f"{folder}/todos").json["todos"]
    assert [one["title"] for one in card["todos"]] == ["问尺码"]


def test_the_page_gets_the_same_as_html(make, at_the_chat, wang):
    make.order(identity_of(wang))

    part, machine = at_the_chat.get("contacts/wm_wang", part=True), at_the_chat.get("contacts/wm_wang")

    assert part.mimetype == "text/html"
    assert "王小雨" in part.text
    assert "¥168.00" in part.text
    assert "HX-Request" in part.vary
    assert "HX-Request" in machine.vary
    assert part.headers["Cache-Control"] == "no-store"


def test_names_are_shown_as_they_are_and_run_nothing(make, at_the_chat, lan):
    make.contact("wm_x", name="<img src=x onerror=alert(1)>&", followers=(lan,))

    page = at_the_chat.get("contacts/wm_x", part=True).text

    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;" in page


@pytest.mark.parametrize("form", [False, True])
def test_a_stranger_and_nobody_look_the_same_and_are_audited(make, at_the_chat, wang, form):
    make.contact("wm_stranger", name="别人家的", followers=(make.staff("mei"),))

    stranger, nobody = (
        at_the_chat.get("contacts/wm_stranger", part=form),
        at_the_chat.get("contacts/wm_none", part=form),
    )

    assert stranger.status_code == nobody.status_code == 403
    assert stranger.data == nobody.data
    assert "别人家的" not in stranger.text
    assert [(row.actor, row.subject, row.outcome) for row in make.rows(Audit)] == [
        ("staff:lan", "external_userid:wm_stranger", "refused"),
        ("staff:lan", "external_userid:wm_none", "refused"),
    ]


def test_who_no_longer_follows_no_longer_sees(make, runtime, at_the_chat, lan):
    wang = make.contact("wm_wang")
    make.follow(wang, lan, ended_at=runtime.now(), ended_by="customer")

    assert at_the_chat.get("contacts/wm_wang").status_code == 403
    assert at_the_chat.get(f"customers/{wang.customer_id}/orders").status_code == 403


@pytest.mark.parametrize(
    ("facts", "orders", "words"),
    [
        ({"known_at": None, "name": ""}, 0, "资料还在路上"),
        ({"unionid": None}, 0, "还没对上订单"),
        ({"unionid": "u1"}, 0, "还没买过"),
        ({"unionid": "u1"}, 1, "最近订单"),
    ],
)
def test_the_card_says_why_there_are_no_orders(make, at_the_chat, lan, facts, orders, words):
    wang = make.contact("wm_wang", followers=(lan,), **facts)
    for _ in range(orders):
        make.order(identity_of(wang))

    page = at_the_chat.get("contacts/wm_wang", part=True).text

    assert words in page
    assert sum(one in page for one in ("资料还在路上", "还没对上订单", "还没买过", "最近订单")) == 1


def test_the_usual_gap_is_told_from_three_orders_on(make, runtime, at_the_chat, wang):
    def gap():
        return at_the_chat.get("contacts/wm_wang").json["usual_gap_days"]

    for days in (70, 40):
        make.order(identity_of(wang), ordered_at=runtime.now() - timedelta(days=days))
    two = gap()
    make.order(identity_of(wang), ordered_at=runtime.now() - timedelta(days=10))

    assert (two, gap()) == (None, 30)


def test_the_card_takes_a_fixed_number_of_statements(make, runtime, at_the_chat, wang):
    from sqlalchemy import event

    def statements():
        seen = []
        event.listen(runtime.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        assert at_the_chat.get("contacts/wm_wang", part=True).status_code == 200
        return sum(statement != "BEGIN" for statement in seen)

    make.order(identity_of(wang))
    few = statements()
    for number in range(8):
        make.order(identity_of(wang))
        make.follow(wang, make.staff(f"s{number}"))

    assert statements() <= few * 2  # the first listener hears the second round, too
    assert few == 2  # who asks, and everything on the card
