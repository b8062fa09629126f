"""Gateway and sandbox agree about groups and mass messages."""

from datetime import UTC, datetime, timedelta

import pytest

from wecom.errors import (
    Dispatching,
    GroupGone,
    MassCancelled,
    NobodyToSend,
    Permanent,
    RemindedEnough,
    Temporary,
    Unanswered,
)

CREATE = "externalcontact/add_msg_template"
LINK = {"msgtype": "link", "link": {"title": "茶", "url": "https://shop.example"}}


@pytest.fixture
def gateway(connect, shop):
    return connect(base_url=shop.url, timeouts=(1.0, 1.0), **shop.keys)


def friends(shop, count, userid="lan"):
    return [shop.add(userid)["external_userid"] for _ in range(count)]


def dispatched(shop, msgid):
    shop.ask("PUT", "clock", advance=4)
    return msgid


def month(shop):
    now = datetime.fromtimestamp(shop.ask("GET", "clock")["now"], UTC)
    return now - timedelta(days=1), now + timedelta(days=1)


def test_a_mass_message_becomes_a_task_and_then_a_result(gateway, shop):
    rain, snow, gone = friends(shop, 3)
    shop.ask("POST", "follows/delete", userid="lan", external_userid=gone, by="customer")

    made = gateway.create_mass_message(sender="lan", external_userids=[rain, snow, gone], text="周五 20:00 开抢")
    with pytest.raises(Dispatching):
        gateway.mass_tasks(made.msgid)
    dispatched(shop, made.msgid)
    (task,) = gateway.mass_tasks(made.msgid).tasks
    assert (task.userid, task.status, task.sent_at) == ("lan", 0, None)
    waiting = {each.target: each.status for each in gateway.mass_results(made.msgid, "lan").results}
    assert set(waiting.values()) == {0}
    assert set(waiting) == {rain, snow, gone} - set(made.fail_list)

    shop.ask("POST", "mass-messages/confirm", msgid=made.msgid, userid="lan")

    (task,) = gateway.mass_tasks(made.msgid).tasks
    assert task.status == 2
    assert task.sent_at is not None
    results = {each.target: (each.userid, each.status) for each in gateway.mass_results(made.msgid, "lan").results}
    assert results[rain] == results[snow] == ("lan", 1)
    assert gone in made.fail_list or results[gone] == ("lan", 2)


def test_results_are_read_to_the_last_page(gateway, shop):
    everybody = friends(shop, 1003)
    made = gateway.create_mass_message(sender="lan", external_userids=everybody, text="周五见")
    dispatched(shop, made.msgid)

    first = gateway.mass_results(made.msgid, "lan")
    second = gateway.mass_results(made.msgid, "lan", first.next_cursor)

    assert (len(first.results), len(second.results), second.next_cursor) == (1000, 3, "")
    assert {each.target for each in first.results + second.results} == set(everybody)


def test_what_members_send_by_hand_is_listed_too(gateway, shop):
    (rain,) = friends(shop, 1)
    ours = gateway.create_mass_message(sender="lan", external_userids=[rain], text="周五见").msgid
    theirs = shop.ask("POST", "mass-messages", userid="lan", external_userids=[rain], text="我自己发的")["msgid"]
    dispatched(shop, ours)

    listed = {each.msgid: each for each in gateway.mass_messages("single", *month(shop)).messages}

    assert (listed[ours].create_type, listed[ours].creator, listed[ours].text) == (0, "", "周五见")
    assert (listed[theirs].create_type, listed[theirs].creator, listed[theirs].text) == (1, "lan", "我自己发的")
    assert gateway.mass_messages("group", *month(shop)).messages == ()


def test_a_group_is_sent_to_by_its_owner(gateway, shop):
    (rain,) = friends(shop, 1)
    members = [{"external_userid": rain}]
    chat_id = shop.ask("POST", "groups", name="老客群", owner="lan", members=members)["chat_id"]

    assert [each.chat_id for each in gateway.group_chats(["lan"]).chats] == [chat_id]
    group = gateway.group_chat(chat_id)
    assert (group.name, group.owner) == ("老客群", "lan")
    assert {each.userid: each.type for each in group.member_list} == {"lan": 1, rain: 2}

    made = gateway.create_mass_message(sender="lan", chat_ids=[chat_id], text="今晚 20:00 开抢")
    dispatched(shop, made.msgid)
    assert gateway.mass_results(made.msgid, "lan").results == ()
    shop.ask("POST", "mass-messages/confirm", msgid=made.msgid, userid="lan")
    assert [(each.target, each.status) for each in gateway.mass_results(made.msgid, "lan").results] == [(chat_id, 1)]

    shop.ask("POST", f"groups/{chat_id}/dismiss")
    with pytest.raises(GroupGone):
        gateway.group_chat(chat_id)
    with pytest.raises(NobodyToSend):
        gateway.create_mass_message(sender="lan", chat_ids=[chat_id], text="今晚 20:00 开抢")


def test_reminding_has_an_end_and_so_has_a_message(gateway, shop):
    (rain,) = friends(shop, 1)
    made = gateway.create_mass_message(sender="lan", external_userids=[rain], text="周五见")
    dispatched(shop, made.msgid)

    for _ in range(3):
        gateway.remind_mass_message(made.msgid, ["lan"])
    with pytest.raises(RemindedEnough):
        gateway.remind_mass_message(made.msgid, ["lan"])
    gateway.cancel_mass_message(made.msgid)
    with pytest.raises(MassCancelled):
        gateway.cancel_mass_message(made.msgid)


def test_strangers_and_leavers_are_told_apart(gateway, shop):
    (rain,) = friends(shop, 1)
    stranger = "wm" + "x" * 30

    made = gateway.create_mass_message(sender="lan", external_userids=[rain, stranger], text="周五见")
    assert made.fail_list == (stranger,)
    with pytest.raises(NobodyToSend):
        gateway.create_mass_message(sender="lan", external_userids=[stranger], text="周五见")
    shop.ask("PATCH", "staff/lan", status=5)
    with pytest.raises(Permanent):
        gateway.create_mass_message(sender="lan", external_userids=[rain], text="周五见")


@pytest.mark.parametrize(
    "message",
    [
        {"text": "周" * 1333 + "!!"},
        {"text": ""},
        {
            "text": "见",
            "attachments": [{"msgtype": "link", "link": {"title": "茶", "url": "https://shop.example"}}] * 10,
        },
        {"text": "见", "attachments": [{"msgtype": "image", "image": {"media_id": "no such thing"}}]},
    ],
    ids=["4,001 bytes", "nothing", "ten attachments", "media that is not there"],
)
def test_a_message_over_a_limit_is_permanent(gateway, shop, message):
    with pytest.raises(Permanent):
        gateway.create_mass_message(sender="lan", external_userids=friends(shop, 1), **message)


def test_after_busy_there_is_no_message_and_after_silence_there_may_be(gateway, shop):
    (rain,) = friends(shop, 1)

    def made():
        dispatched(shop, "")
        return len(gateway.mass_messages("single", *month(shop)).messages)

    for fault, error, expected in (
        ({"errcode": -1}, Temporary, 0),
        ({"timeout": "before", "seconds": 2}, Unanswered, 0),
        ({"timeout": "after", "seconds": 2}, Unanswered, 1),
        ({"http": 503}, Unanswered, 1),
    ):
        shop.faults({"on": "call", "path": CREATE, "times": 1, **fault})
        with pytest.raises(error):
            gateway.create_mass_message(sender="lan", external_userids=[rain], text="周五见")
        assert made() == expected
