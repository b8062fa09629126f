"""One tap gives one coupon; how sending it went is on record, and what nobody can say is never tried again."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs.touches import settle_silent_touches
from models import Audit, Coupon, CouponBatch, CouponLink, Touch

TAP, OTHER_TAP = "tap-00000001", "tap-00000002"


@pytest.fixture(autouse=True)
def live(make):
    make.gate("live")


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", unionid="u1", gender=2, followers=(lan,))


@pytest.fixture
def batch(make):
    return make.coupon_batch(name="回购券", total=5, per_customer=2)


@pytest.fixture
def give(at_the_chat, wang, batch):
    def tap(occasion=TAP, **more):
        body = {"batch_id": batch.id, "occasion": occasion} | more
        return at_the_chat.post(f"customers/{wang.customer_id}/coupons", body)

    return tap


@pytest.fixture
def tell(at_the_chat):
    def say(touch_id, outcome, **more):
        return at_the_chat.post(f"touches/{touch_id}/outcome", {"outcome": outcome} | more)

    return say


def test_a_tap_puts_one_coupon_on_record_before_the_page_sends_it(make, runtime, give, wang, lan):
    answer = give()

    coupon, touch = make.rows(Coupon)[0], make.rows(Touch)[0]
    assert answer.status_code == 201
    assert answer.json["send"] is True
    link = answer.json["chat_message"]["news"]["link"]
    assert re.fullmatch(r"http://localhost/c/[0-9A-Z]{32}", link)
    assert link in answer.json["text"]
    assert coupon.code not in str(answer.json)  # shown once it is claimed
    assert (touch.state, touch.kind, touch.userid, touch.coupon_id) == ("trying", "coupon", "lan", coupon.id)
    assert runtime.vault.open_text(touch.text_sealed) == answer.json["text"]
    token = link.rpartition("/")[2]
    assert [row.token_digest for row in make.rows(CouponLink)] == [runtime.vault.digest(token)]
    assert token.encode() not in touch.text_sealed
    assert (coupon.identity_id, coupon.customer_id, coupon.staff_id) == (wang.identity_id, wang.customer_id, lan.id)
    assert [(row.actor, row.action, row.subject) for row in make.rows(Audit)] == [
        ("staff:lan", "coupon.grant", f"customer:{wang.customer_id}")
    ]


def test_the_same_tap_again_sends_nothing_more(make, give):
    first, again = give(), give()

    assert (first.json["send"], again.json["send"]) == (True, False)
    assert again.json["touch"]["id"] == first.json["touch"]["id"]
    assert len(make.rows(Coupon)) == len(make.rows(Touch)) == 1


def test_ten_hands_on_one_tap_send_once(make, app, lan, seat, wang, batch):
    seats = [seat(lan) for _ in range(10)]
    body = {"batch_id": batch.id, "occasion": TAP}

    with ThreadPoolExecutor(10) as hands:
        answers = list(hands.map(lambda one: one.post(f"customers/{wang.customer_id}/coupons", body), seats))

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len(make.rows(Coupon)) == len(make.rows(Touch)) == 1


@pytest.mark.parametrize("outcome", ["sent", "failed", "unknown", "cancelled"])
def test_what_the_sdk_said_is_recorded(make, give, tell, outcome):
    touch = give().json["touch"]["id"]

    answer = tell(touch, outcome, reason="sendChatMessage:fail")

    assert answer.json["touch"]["state"] == outcome
    assert make.rows(Touch)[0].state == outcome


@pytest.mark.parametrize(
    ("first", "then", "stands"),
    [
        ("unknown", "sent", "sent"),
        ("unknown", "failed", "failed"),
        ("sent", "failed", "sent"),
        ("sent", "unknown", "sent"),
        ("failed", "sent", "failed"),
        ("cancelled", "unknown", "cancelled"),
    ],
)
def test_only_what_nobody_could_say_is_settled_later(give, tell, first, then, stands):
    touch = give().json["touch"]["id"]
    tell(touch, first)

    assert tell(touch, then).json["touch"]["state"] == stands


def test_a_page_that_falls_silent_leaves_unknown_read_or_settled(make, runtime, clock, give, at_the_chat):
    give()
    soon = at_the_chat.get("contacts/wm_wang").json["coupons"][0]["sending"]
    clock.tick(seconds=61)
    later = at_the_chat.get("contacts/wm_wang")
    customer_id = later.json["customer"]["id"]
    card = at_the_chat.get(f"customers/{customer_id}/held-coupons", part=True).text
    kept = make.rows(Touch)[0].state
    settle_silent_touches(runtime)

    assert (soon, later.json["coupons"][0]["sending"], kept) == ("trying", "unknown", "trying")
    assert "不知道发出去没有，看一眼聊天" in card
    assert make.rows(Touch)[0].state == "unknown"


def test_a_coupon_that_did_not_go_out_is_sent_again_as_itself(make, give, tell, at_the_chat):
    first = give().json
    tell(first["touch"]["id"], "failed")

    again = at_the_chat.post(f"coupons/{first['coupon']['id']}/send", {"occasion": OTHER_TAP})
    twice = at_the_chat.post(f"coupons/{first['coupon']['id']}/send", {"occasion": OTHER_TAP})

    assert (again.status_code, again.json["send"]) == (201, True)
    assert again.json["chat_message"]["news"]["title"] == first["chat_message"]["news"]["title"]
    assert len({row.coupon_id for row in make.rows(CouponLink)}) == 1
    assert again.json["touch"]["id"] != first["touch"]["id"]
    assert twice.json["send"] is False
    assert make.rows(CouponBatch)[0].issued == len(make.rows(Coupon)) == 1


@pytest.mark.parametrize("outcome", [None, "sent", "unknown"])
def test_a_coupon_that_may_have_gone_out_is_not_sent_again(make, give, tell, at_the_chat, outcome):
    first = give().json
    if outcome:
        tell(first["touch"]["id"], outcome)

    again = at_the_chat.post(f"coupons/{first['coupon']['id']}/send", {"occasion": OTHER_TAP})

    assert (again.status_code, again.json["error"]) == (409, "already_sent")
    assert len(make.rows(Touch)) == 1


def test_ten_hands_sending_again_send_once(make, lan, seat, give, tell):
    first = give().json
    tell(first["touch"]["id"], "cancelled")
    seats = [seat(lan) for _ in range(10)]

    def tap(numbered):
        number, one = numbered
        return one.post(f"coupons/{first['coupon']['id']}/send", {"occasion": f"tap-again-{number}"})

    with ThreadPoolExecutor(10) as hands:
        answers = list(hands.map(tap, enumerate(seats)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_in_rehearsal_it_is_written_down_and_no_copy_is_taken(make, give):
    make.gate("rehearsal")

    answer = give()

    touch = make.rows(Touch)[0]
    assert (answer.status_code, answer.json["send"], touch.state) == (200, False, "would_send")
    assert "演练模式" in answer.json["message"]
    assert (touch.coupon_id, make.rows(Coupon), make.rows(CouponBatch)[0].issued) == (None, [], 0)


def test_in_rehearsal_the_allowed_do_receive(make, give):
    make.gate("rehearsal", allow_list=("wm_wang",))

    assert give().json["send"] is True


def test_when_everything_is_stopped_nothing_is_taken_or_sent(make, give, tell, at_the_chat):
    first = give().json
    tell(first["touch"]["id"], "failed")
    make.gate("stopped")

    fresh = give(OTHER_TAP)
    again = at_the_chat.post(f"coupons/{first['coupon']['id']}/send", {"occasion": "tap-00000003"})

    assert [answer.json["send"] for answer in (fresh, again)] == [False, False]
    assert "全部停发" in fresh.json["message"]
    assert [touch.state for touch in make.rows(Touch)] == ["failed", "held", "held"]
    assert len(make.rows(Coupon)) == 1


def test_the_limits_are_told_by_name(make, give, at_the_chat, wang):
    give(), give(OTHER_TAP)
    full = make.coupon_batch(total=1, issued=1)

    limit = give("tap-00000003")
    empty = at_the_chat.post(f"customers/{wang.customer_id}/coupons", {"batch_id": full.id, "occasion": TAP})
    none = at_the_chat.post(f"customers/{wang.customer_id}/coupons", {"batch_id": 999, "occasion": TAP})

    assert (limit.status_code, limit.json["error"]) == (409, "limit_reached")
    assert (empty.status_code, empty.json["error"]) == (409, "batch_exhausted")
    assert none.status_code == 404


def test_taking_back_is_for_who_gave_it_and_before_it_is_used(make, runtime, give, at_the_chat, seat, wang):
    coupon = give().json["coupon"]["id"]
    mei = make.staff("mei")
    make.follow(wang, mei)

    colleague = seat(mei).post(f"coupons/{coupon}/revoke", {})
    mine, twice = (at_the_chat.post(f"coupons/{coupon}/revoke", {}) for _ in range(2))
    spent = give(OTHER_TAP).json["coupon"]["id"]
    with runtime.transaction() as session:
        session.get(Coupon, spent).used_at = runtime.now()
    late = at_the_chat.post(f"coupons/{spent}/revoke", {})

    assert colleague.status_code == 403
    assert (mine.status_code, mine.json["coupon"]["state"], twice.status_code) == (200, "revoked", 200)
    assert late.status_code == 409


def test_nobody_acts_on_a_stranger_or_for_a_colleague(make, seat, give, batch, wang):
    first = give().json
    stranger = seat(make.staff("stranger"))
    colleague_member = make.staff("mei")
    make.follow(wang, colleague_member)
    colleague = seat(colleague_member)
    body = {"batch_id": batch.id, "occasion": OTHER_TAP}

    refused = [
        stranger.get(f"customers/{wang.customer_id}/coupons"),
        stranger.post(f"customers/{wang.customer_id}/coupons", body),
        stranger.post("customers/98765/coupons", body),
        stranger.post(f"coupons/{first['coupon']['id']}/send", {"occasion": OTHER_TAP}),
        stranger.post("coupons/98765/send", {"occasion": OTHER_TAP}),
        stranger.post(f"coupons/{first['coupon']['id']}/revoke", {}),
        stranger.post(f"touches/{first['touch']['id']}/outcome", {"outcome": "sent"}),
        colleague.post(f"touches/{first['touch']['id']}/outcome", {"outcome": "sent"}),
        colleague.post("touches/98765/outcome", {"outcome": "sent"}),
    ]

    assert [answer.status_code for answer in refused] == [403] * 9
    assert sum(row.outcome == "refused" for row in make.rows(Audit)) == 9
    assert make.rows(Touch)[0].state == "trying"
    assert len(make.rows(Coupon)) == 1


def test_the_open_chat_must_be_one_of_the_customers_own(make, lan, give):
    make.contact("wm_other", followers=(lan,))

    assert give(external_userid="wm_other").status_code == 403
    assert give(external_userid="wm_wang").status_code == 201


def test_the_sheet_shows_the_best_first_and_why_not(make, at_the_chat, wang, give):
    make.coupon_batch(name="发完的", total=1, issued=1, value_fen=99)
    give(), give(OTHER_TAP)

    machine = at_the_chat.get(f"customers/{wang.customer_id}/coupons").json
    page = at_the_chat.get(f"customers/{wang.customer_id}/coupons", part=True).text

    assert {offer["name"]: offer["refusal"] for offer in machine["offers"]} == {
        "回购券": "in_hand",
        "发完的": "sold_out",
    }
    assert len(machine["coupons"]) == 2
    assert "她手里还有 2 张没用" in page
    assert "发给她" not in page


GOOD: dict[str, Any] = {"batch_id": 1, "occasion": TAP}
NONSENSE: tuple[Any, ...] = (
    None, [], "x", {}, {"batch_id": 1}, GOOD | {"batch_id": "1"}, GOOD | {"batch_id": -1},
    GOOD | {"batch_id": 2**70}, GOOD | {"batch_id": True}, GOOD | {"occasion": "short"},
    GOOD | {"occasion": "a\x00bcdefghij"}, GOOD | {"occasion": "字" * 10}, GOOD | {"occasion": "x" * 65},
    GOOD | {"more": 1}, GOOD | {"external_userid": ""}, GOOD | {"external_userid": "x\x00"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *[("customers/{customer}/coupons", body) for body in NONSENSE],
        *[("touches/1/outcome", body) for body in ({}, {"outcome": "maybe"}, {"outcome": "sent", "reason": "x" * 201})],
        *[("coupons/1/send", body) for body in ({}, {"occasion": 7}, {"occasion": TAP, "batch_id": 1})],
    ],
)  # fmt: skip
def test_bodies_that_make_no_sense_are_refused_in_words(at_the_chat, wang, batch, path, body):
    answer = at_the_chat.post(path.format(customer=wang.customer_id), body)

    assert answer.status_code in (415, 422)
    assert answer.json["message"]


@pytest.mark.parametrize("number", ["0", str(2**63 - 1)])
def test_numbers_nobody_has_are_refused(at_the_chat, wang, number):
    for path in (f"customers/{number}/orders", f"customers/{number}/coupons", f"customers/{number}/orders/1"):
        assert at_the_chat.get(path).status_code == 403
    assert at_the_chat.get(f"customers/{wang.customer_id}/orders/{number}").status_code == 403
    assert at_the_chat.post(f"touches/{number}/outcome", {"outcome": "sent"}).status_code == 403
    assert at_the_chat.post(f"coupons/{number}/revoke", {}).status_code == 403
    assert at_the_chat.post(f"coupons/{number}/send", {"occasion": TAP}).status_code == 403


def test_wrong_types_sizes_and_forged_posts_do_nothing(make, at_the_chat, wang, batch):
    path, headers = f"/sidebar/customers/{wang.customer_id}/coupons", {"X-CSRF-Token": at_the_chat.token}
    post = at_the_chat.client.post

    text = post(path, data="x", content_type="text/plain", headers=headers)
    large = post(path, data=b"[" + b"1," * 5_000_000, content_type="application/json", headers=headers)
    double = post(path, data=b'{"batch_id":1,"batch_id":1}', content_type="application/json", headers=headers)
    forged = post(path, json={"batch_id": batch.id, "occasion": TAP})

    assert (text.status_code, large.status_code, double.status_code, forged.status_code) == (422, 413, 422, 400)
    assert make.rows(Coupon) == []
