"""Quick replies beside the chat: the shop's and one's own, filled in, on record before they leave."""

import pytest

from models import Audit, Identity, QuickReply, Touch

TAP = {"occasion": "tap-00000001"}
OWN = {"group_name": "我的", "title": "问好", "text": "{称呼}您好"}


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", followers=(lan,))


@pytest.fixture
def words(at_the_chat, wang):
    def ask(**query):
        return at_the_chat.get(f"customers/{wang.customer_id}/words", query_string=query).json["groups"]

    return ask


def test_the_shops_and_ones_own_are_shown_filled_in_and_a_colleagues_are_not(make, at_the_chat, lan, wang, words):
    make.order(Identity(id=wang.identity_id, customer_id=wang.customer_id))
    make.quick_reply(title="催评", text="{称呼}，{商品}用着还好吗")
    make.quick_reply(lan, group_name="我的", title="我的话")
    make.quick_reply(make.staff("mei"), title="别人的")

    shop, mine = words()
    page = at_the_chat.get(f"customers/{wang.customer_id}/words", part=True).text

    assert [reply["filled"] for reply in shop["replies"]] == ["王小雨，婴儿湿巾 80 抽用着还好吗"]
    assert [(reply["title"], reply["mine"]) for reply in mine["replies"]] == [("我的话", True)]
    assert [group["replies"][0]["title"] for group in words(q="催")] == ["催评"]
    assert "王小雨，婴儿湿巾 80 抽用着还好吗" in page


def test_a_tap_puts_the_filled_words_on_record_once_and_counts_the_use(make, runtime, at_the_chat, wang):
    make.gate("live")
    reply = make.quick_reply(text="{称呼}您好")
    path = f"customers/{wang.customer_id}/words/{reply.id}"

    first, again = at_the_chat.post(path, TAP), at_the_chat.post(path, TAP)
    told = at_the_chat.post(f"touches/{first.json['touch']['id']}/outcome", {"outcome": "sent"})

    [touch] = make.rows(Touch)
    assert (first.status_code, first.json["send"], first.json["text"]) == (201, True, "王小雨您好")
    assert (again.status_code, again.json["send"]) == (200, False)
    assert told.json["touch"]["state"] == "sent"
    assert (touch.kind, touch.customer_id, runtime.vault.open_text(touch.text_sealed)) == (
        "words", wang.customer_id, "王小雨您好",
    )  # fmt: skip
    assert [row.uses for row in make.rows(QuickReply)] == [1]


def test_rehearsed_or_without_what_it_speaks_of_nothing_is_sent_or_counted(make, at_the_chat, wang):
    known, unknown = make.quick_reply(), make.quick_reply(text="{商品}到了")

    rehearsed, refused = (
        at_the_chat.post(f"customers/{wang.customer_id}/words/{one.id}", TAP) for one in (known, unknown)
    )

    assert (rehearsed.json["send"], rehearsed.json["touch"]["state"]) == (False, "would_send")
    assert (refused.status_code, refused.json["error"]) == (409, "conflict")
    assert [row.uses for row in make.rows(QuickReply)] == [0, 0]


def test_ones_own_is_written_changed_and_deleted_by_its_owner_only(make, at_the_chat, seat, lan):
    mine = at_the_chat.post("words", OWN).json["id"]
    shops, mei = make.quick_reply().id, seat(make.staff("mei"))

    refused = [
        one.post(path, body).status_code
        for one, number in ((mei, mine), (at_the_chat, shops), (at_the_chat, 99_999))
        for path, body in ((f"words/{number}", OWN), (f"words/{number}/delete", {}))
    ]
    changed = at_the_chat.post(f"words/{mine}", OWN | {"text": "在的"})

    assert refused == [403] * 6
    assert changed.json["text"] == "在的"
    assert at_the_chat.post(f"words/{mine}/delete", {}).json == {"deleted": True}
    assert [row.staff_id for row in make.rows(QuickReply)] == [None]
    assert [row.action for row in make.rows(Audit) if row.outcome == "done"] == [
        "quick_reply.add", "quick_reply.change", "quick_reply.delete",
    ]  # fmt: skip
