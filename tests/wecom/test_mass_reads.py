"""Groups and mass messages as WeCom tells them: what is asked, page by page, and what the answers hold."""

from datetime import UTC, datetime

import pytest

from wecom.errors import Dispatching, GroupGone, Permanent, Temporary

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)


def test_groups_are_listed_by_page_of_all_owners_or_of_some(gateway, wire):
    page = {"errcode": 0, "group_chat_list": [{"chat_id": "wr1", "status": 1}, {"chat_id": "wr2"}], "next_cursor": "n"}
    wire.says("externalcontact/groupchat/list", page, {"group_chat_list": None})

    first = gateway.group_chats()
    last = gateway.group_chats(["lan"], first.next_cursor)

    assert [(each.chat_id, each.status) for each in first.chats] == [("wr1", 1), ("wr2", 0)]
    assert (last.chats, last.next_cursor) == ((), "")
    assert [asked.json for asked in wire.asked[1:]] == [
        {"status_filter": 0, "limit": 1000},
        {"status_filter": 0, "owner_filter": {"userid_list": ["lan"]}, "limit": 1000, "cursor": "n"},
    ]


def test_a_group_tells_who_is_in_it(gateway, wire):
    members = [
        {"userid": "lan", "type": 1, "join_time": 1772355600, "join_scene": 1},
        {
            "userid": "wm1", "type": 2, "unionid": "o1", "join_time": 1772355600, "join_scene": 3, "name": "小雨",
            "invitor": {"userid": "lan"}, "state": "counter", "group_nickname": "雨",
        },
    ]  # fmt: skip
    chat = {
        "chat_id": "wr1", "name": "老客群", "owner": "lan", "create_time": 1772355600, "notice": None,
        "member_list": members, "admin_list": [{"userid": "mei"}], "member_version": "v7",
    }  # fmt: skip
    wire.says("externalcontact/groupchat/get", {"errcode": 0, "group_chat": chat})

    group = gateway.group_chat("wr1")

    assert wire.asked[-1].json == {"chat_id": "wr1", "need_name": 1}
    assert (group.name, group.owner, group.notice, group.admin_list) == ("老客群", "lan", "", ("mei",))
    assert (group.created_at, group.member_version) == (datetime(2026, 3, 1, 9, 0, tzinfo=UTC), "v7")
    owner, rain = group.member_list
    assert (owner.type, owner.unionid, owner.invitor, owner.state) == (1, None, "", "")
    assert (rain.unionid, rain.join_scene, rain.invitor, rain.name, rain.state) == ("o1", 3, "lan", "小雨", "counter")
    assert rain.joined_at == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("errcode", [40050, 49008])
def test_a_dismissed_group_is_gone(gateway, wire, errcode):
    wire.says("externalcontact/groupchat/get", {"errcode": errcode, "group_chat": {}})

    with pytest.raises(GroupGone):
        gateway.group_chat("wr1")


def test_everybodys_mass_messages_are_listed(gateway, wire):
    by_app = {"msgid": "msg1", "create_time": "1772442000", "create_type": 0, "text": {"content": "周五见"}}
    by_hand = {"msgid": "msg2", "creator": "lan", "create_type": 1, "text": None, "attachments": [{"msgtype": "image"}]}
    wire.says("externalcontact/get_groupmsg_list_v2", {"group_msg_list": [by_app, by_hand], "next_cursor": "n"})

    page = gateway.mass_messages("single", SINCE, UNTIL, "c")

    assert wire.asked[-1].json == {
        "chat_type": "single",
        "start_time": 1772323200,
        "end_time": 1774915200,
        "filter_type": 2,
        "limit": 100,
        "cursor": "c",
    }
    first, second = page.messages
    assert (first.creator, first.create_type, first.text, first.attachments) == ("", 0, "周五见", ())
    assert first.created_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert (second.creator, second.create_type, second.text) == ("lan", 1, "")
    assert second.attachments == ({"msgtype": "image"},)
    assert page.next_cursor == "n"


def test_tasks_tell_who_has_confirmed(gateway, wire):
    tasks = [{"userid": "lan", "status": 2, "send_time": 1772442000}, {"userid": "mei", "status": 0}]
    wire.says("externalcontact/get_groupmsg_task", {"task_list": tasks, "next_cursor": ""})

    page = gateway.mass_tasks("msg1", "c")

    assert wire.asked[-1].json == {"msgid": "msg1", "limit": 1000, "cursor": "c"}
    assert [(each.userid, each.status, each.sent_at) for each in page.tasks] == [
        ("lan", 2, datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        ("mei", 0, None),
    ]


def test_results_tell_what_became_of_each_customer_or_group(gateway, wire):
    customers = [
        {"external_userid": "wm1", "userid": "lan", "status": 1, "send_time": 1772442000},
        {"external_userid": "wm2", "userid": "lan", "status": 3},
        {"external_userid": "wm3", "chat_id": "", "userid": "lan", "status": 2, "send_time": 0},
    ]
    groups = [{"chat_id": "wr1", "userid": "lan", "status": 1, "send_time": 1772442000}]
    endpoint = "externalcontact/get_groupmsg_send_result"
    wire.says(endpoint, {"send_list": customers, "next_cursor": "n"}, {"send_list": groups})

    first = gateway.mass_results("msg1", "lan")
    second = gateway.mass_results("msg2", "lan", first.next_cursor)

    assert [(each.target, each.status, each.sent_at is None) for each in first.results] == [
        ("wm1", 1, False),
        ("wm2", 3, True),
        ("wm3", 2, True),
    ]
    assert [each.target for each in second.results] == ["wr1"]
    assert wire.asked[-1].json == {"msgid": "msg2", "userid": "lan", "limit": 1000, "cursor": "n"}


def test_a_result_about_nobody_is_of_another_shape(gateway, wire):
    wire.says("externalcontact/get_groupmsg_send_result", {"send_list": [{"userid": "lan", "status": 1}]})

    with pytest.raises(Permanent):
        gateway.mass_results("msg1", "lan")


def test_a_message_being_handed_out_is_asked_again_later(gateway, wire):
    wire.says("externalcontact/get_groupmsg_task", {"errcode": 41063, "task_list": []})

    with pytest.raises(Dispatching) as caught:
        gateway.mass_tasks("msg1")

    assert isinstance(caught.value, Temporary)


@pytest.mark.parametrize(
    ("read", "endpoint", "arguments"),
    [
        ("group_chats", "externalcontact/groupchat/list", ([],)),
        ("mass_messages", "externalcontact/get_groupmsg_list_v2", ("single", SINCE, UNTIL)),
        ("mass_tasks", "externalcontact/get_groupmsg_task", ("m1",)),
        ("mass_results", "externalcontact/get_groupmsg_send_result", ("m1", "lan")),
    ],
)
def test_a_cursor_that_stands_still_ends_the_reading(gateway, wire, read, endpoint, arguments):
    """Whoever reads page after page would read for ever."""
    wire.says(endpoint, {"errcode": 0, "next_cursor": "n"}, {"errcode": 0, "next_cursor": "n"})

    assert getattr(gateway, read)(*arguments).next_cursor == "n"
    with pytest.raises(Temporary):
        getattr(gateway, read)(*arguments, "n")
