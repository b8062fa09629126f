"""The gateway's methods: what they ask, what they answer, and the gate before every effect."""

import inspect
from datetime import UTC, datetime

import pytest

from tests.wecom.methods import EFFECTS, PUBLIC, call
from wecom import endpoints
from wecom.client import READS, TAKES_BACK, WeCom
from wecom.errors import CodeSpent, NotAContact, Permanent, Rehearsed, Stopped
from wecom.gates import GateNow, Verdict
from wecom.types import ContactWay, Member, Visitor

FOR_NOBODY = {"upload_media", "send_robot"}


def test_what_does_not_ask_the_gate_is_a_method():
    assert READS | TAKES_BACK <= PUBLIC


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_whatever_is_not_a_read_is_held_back_when_stopped(connect, wire, name):
    gateway = connect(gate=lambda pairs: Verdict.STOPPED)

    with pytest.raises(Stopped):
        call(gateway, name)

    assert wire.asked == []


@pytest.mark.parametrize("name", sorted(EFFECTS - {"upload_media"}))
def test_whatever_reaches_somebody_is_held_back_in_rehearsal(connect, wire, name):
    gateway = connect(gate=lambda pairs: Verdict.REHEARSAL)

    with pytest.raises(Rehearsed):
        call(gateway, name)

    assert wire.asked == []


def test_a_picture_for_those_who_do_receive_goes_up_in_rehearsal(connect, wire):
    wire.says("media/upload", {"errcode": 0, "type": "image", "media_id": "m1", "created_at": "1772442000"})
    gateway = connect(gate=GateNow(Verdict.REHEARSAL).verdict)

    assert gateway.upload_media("image", "tea.png", b"a picture").media_id == "m1"


@pytest.mark.parametrize("name", sorted(TAKES_BACK))
def test_taking_back_asks_no_gate(connect, wire, name):
    wire.says("externalcontact/cancel_groupmsg_send", {"errcode": 0})
    gateway = connect(gate=lambda pairs: Verdict.STOPPED)

    call(gateway, name)

    assert wire.asked[-1].endpoint == "externalcontact/cancel_groupmsg_send"


@pytest.mark.parametrize("name", sorted(EFFECTS - {"send_robot"}))
def test_a_stop_while_a_cold_token_is_fetched_still_holds_the_effect_back(connect, wire, name):
    verdicts = [Verdict.LIVE]

    def stop_meanwhile():
        verdicts[0] = Verdict.STOPPED
        return wire.new_token()

    wire.says("gettoken", stop_meanwhile)
    gateway = connect(gate=lambda pairs: verdicts[0])

    with pytest.raises(Stopped):
        call(gateway, name)

    assert {asked.endpoint for asked in wire.asked} == {"gettoken"}


@pytest.mark.parametrize("name", sorted(EFFECTS - {"send_robot"}))
def test_a_stop_while_a_refused_token_is_renewed_still_holds_the_effect_back(connect, wire, name):
    verdicts = [Verdict.LIVE]

    def stop_meanwhile():
        verdicts[0] = Verdict.STOPPED
        return wire.new_token()

    wire.says("gettoken", wire.new_token, stop_meanwhile)
    for endpoint in endpoints.EFFECTS:
        wire.says(endpoint, {"errcode": 40014}, {"errcode": 0})
    gateway = connect(gate=lambda pairs: verdicts[0])

    with pytest.raises(Stopped):
        call(gateway, name)

    assert [asked.endpoint for asked in wire.asked if asked.endpoint != "gettoken"] == [wire.asked[1].endpoint]


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_the_gate_is_asked_about_the_people_concerned(connect, wire, name):
    asked = []

    def gate(pairs):
        asked.append(list(pairs))
        return Verdict.STOPPED

    gateway = connect(gate=gate)

    with pytest.raises(Stopped):
        call(gateway, name)

    assert asked == [[("", "")]] if name in FOR_NOBODY else asked in ([[("lan", "wm1")]], [[("lan", "")]])


def test_one_member_outside_the_allow_list_holds_a_contact_way_back(connect, wire):
    gateway = connect(gate=GateNow(Verdict.REHEARSAL, frozenset({"lan"})).verdict)

    with pytest.raises(Rehearsed):
        gateway.add_contact_way(["lan", "mei"], state="counter")

    assert wire.asked == []


def test_a_welcome_is_posted_as_wecom_wants_it(gateway, wire):
    wire.says("externalcontact/send_welcome_msg", {"errcode": 0})

    gateway.send_welcome("CODE", "欢迎回头 😊", userid="lan", external_userid="wm1")

    assert wire.asked[-1].method == "POST"
    assert wire.asked[-1].json == {"welcome_code": "CODE", "text": {"content": "欢迎回头 😊"}}


def test_a_remark_sends_only_what_is_given(gateway, wire):
    wire.says("externalcontact/remark", {"errcode": 0})

    gateway.remark(userid="lan", external_userid="wm1", remark="", remark_mobiles=[])

    assert wire.asked[-1].json == {"userid": "lan", "external_userid": "wm1", "remark": "", "remark_mobiles": []}


def test_tags_are_marked_on_one_pair(gateway, wire):
    wire.says("externalcontact/mark_tag", {"errcode": 0})

    gateway.mark_tags(userid="lan", external_userid="wm1", add=["et1"], remove=iter(["et2"]))

    assert wire.asked[-1].json == {
        "userid": "lan",
        "external_userid": "wm1",
        "add_tag": ["et1"],
        "remove_tag": ["et2"],
    }


@pytest.mark.parametrize(("userids", "kind"), [(["lan"], 1), (["lan", "mei"], 2)])
def test_a_contact_way_is_made_changed_read_and_deleted(gateway, wire, userids, kind):
    wire.says("externalcontact/add_contact_way", {"errcode": 0, "config_id": "c1", "qr_code": "http://qr"})
    wire.says("externalcontact/update_contact_way", {"errcode": 0})
    wire.says("externalcontact/get_contact_way", {"contact_way": {"config_id": "c1", "user": userids, "party": None}})
    wire.says("externalcontact/del_contact_way", {"errcode": 0})

    made = gateway.add_contact_way(userids, state="counter", remark="柜台")
    gateway.update_contact_way("c1", userids, state="parcel")

    assert (made.config_id, made.qr_code, made.type) == ("c1", "http://qr", kind)
    assert wire.asked[1].json["type"] == kind
    assert wire.asked[2].json["state"] == "parcel"
    assert gateway.contact_way("c1") == ContactWay(config_id="c1", user=tuple(userids))
    gateway.delete_contact_way("c1", userids)
    assert wire.asked[-1].json == {"config_id": "c1"}


def test_contact_ways_are_listed_by_page(gateway, wire):
    page = {"contact_way": [{"config_id": "c1"}], "next_cursor": "more"}
    wire.says("externalcontact/list_contact_way", page, {"contact_way": []})

    first = gateway.contact_ways()
    last = gateway.contact_ways(first.next_cursor)

    assert (first.config_ids, first.next_cursor, last.config_ids, last.next_cursor) == (("c1",), "more", (), "")
    assert wire.asked[-1].json["cursor"] == "more"


def test_staff_in_two_departments_are_listed_once(gateway, wire):
    wire.says("department/list", {"department": [{"id": 1, "name": "总部"}, {"id": 2, "parentid": 1, "new": "field"}]})
    lan = {"userid": "lan", "name": "兰", "department": [1, 2], "status": 1, "avatar": None}
    wire.says("user/list", {"userlist": [lan]}, {"userlist": [lan, {"userid": "mei"}]})

    staff = gateway.staff_list()

    assert [(each.userid, each.name, each.department) for each in staff] == [("lan", "兰", (1, 2)), ("mei", "", ())]


def test_customers_come_by_page_of_a_hundred(gateway, wire):
    item = {
        "external_contact": {"external_userid": "wm1", "name": "小雨", "unionid": None, "gender": 0},
        "follow_info": {"userid": "lan", "tag_id": ["et1"], "createtime": 1767225600, "state": "counter"},
    }
    page = {"external_contact_list": [item], "next_cursor": "n", "fail_info": {"unlicensed_userid_list": ["old"]}}
    wire.says("externalcontact/batch/get_by_user", page)

    found = gateway.customers_of(["lan", "old"], "c")

    assert wire.asked[-1].json == {"userid_list": ["lan", "old"], "cursor": "c", "limit": 100}
    (followed,) = found.customers
    assert followed.external_contact.unionid is None
    assert followed.follow_info.tag_ids == ("et1",)
    assert followed.follow_info.followed_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (found.next_cursor, found.unlicensed) == ("n", ("old",))


def test_members_without_customers_give_an_empty_page(gateway, wire):
    wire.says("externalcontact/batch/get_by_user", {"errcode": 84061, "external_contact_list": []})

    assert gateway.customers_of(["lan"]).customers == ()


def test_a_customers_followers_are_read_to_the_last_page(gateway, wire):
    contact = {"external_userid": "wm1", "name": "小雨", "type": 1, "unionid": "o1"}
    tagged = {"userid": "lan", "tags": [{"tag_id": "et1", "tag_name": "茶", "type": 1}, {"tag_name": "own", "type": 2}]}
    wire.says(
        "externalcontact/get",
        {"external_contact": contact, "follow_user": [tagged], "next_cursor": "2"},
        {"external_contact": contact, "follow_user": [{"userid": "mei"}], "next_cursor": ""},
    )

    detail = gateway.customer("wm1")

    assert [each.userid for each in detail.follow_user] == ["lan", "mei"]
    assert detail.follow_user[0].tag_ids == ("et1",)
    assert detail.external_contact.unionid == "o1"
    assert [asked.query.get("cursor") for asked in wire.asked] == [None, None, "2"]


def test_nobodys_customer_is_no_contact(gateway, wire):
    wire.says("externalcontact/get", {"errcode": 84061, "external_contact": {}, "follow_user": []})

    with pytest.raises(NotAContact):
        gateway.customer("wm1")


def test_an_answer_of_another_shape_is_permanent_and_not_quoted(gateway, wire):
    wire.says("externalcontact/get", {"external_contact": {"name": "小雨", "external_userid": ["13800138000"]}})

    with pytest.raises(Permanent) as caught:
        gateway.customer("wm1")

    assert "external_contact.external_userid" in str(caught.value)
    assert "13800138000" not in str(caught.value)
    assert caught.value.__context__ is None


def test_tags_come_in_groups(gateway, wire):
    group = {"group_id": "et0", "group_name": "口味", "tag": [{"id": "et1", "name": "茶", "order": 4294967295}]}
    wire.says("externalcontact/get_corp_tag_list", {"tag_group": [group]}, {"errcode": 0})

    assert gateway.corp_tags()[0].tag[0].name == "茶"
    assert gateway.corp_tags() == []


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        ({"errcode": 0, "userid": "lan", "user_ticket": "u"}, Member(userid="lan")),
        ({"errcode": 0, "UserId": "lan", "DeviceId": ""}, Member(userid="lan")),
        ({"errcode": 0, "openid": "o", "external_userid": "wm1"}, Visitor(openid="o", external_userid="wm1")),
        ({"errcode": 0, "OpenId": "o"}, Visitor(openid="o")),
    ],
)
def test_a_code_says_who_signed_in(gateway, wire, answer, who):
    wire.says("auth/getuserinfo", answer)

    assert gateway.staff_by_code("CODE") == who

    assert wire.asked[-1].query["code"] == "CODE"


@pytest.mark.parametrize("errcode", [40029, 42003, 42022])
def test_a_spent_code_is_told_from_a_fault(gateway, wire, errcode):
    wire.says("auth/getuserinfo", {"errcode": errcode})

    with pytest.raises(CodeSpent):
        gateway.staff_by_code("CODE")


def test_callback_addresses_are_listed(gateway, wire):
    wire.says("getcallbackip", {"ip_list": ["203.0.113.0/24", "198.51.100.*"]})

    assert gateway.callback_ips() == ["203.0.113.0/24", "198.51.100.*"]


@pytest.mark.parametrize("name", sorted(READS - {"cached_ticket"}))
def test_a_failure_body_with_empty_fields_is_no_success(gateway, wire, name):
    empty = {"errcode": 48002, "department": [], "userlist": [], "follow_user": [], "ip_list": [], "tag_group": []}
    for endpoint in (
        "department/list",
        "user/list",
        "externalcontact/get_follow_user_list",
        "externalcontact/batch/get_by_user",
        "externalcontact/get",
        "externalcontact/get_corp_tag_list",
        "externalcontact/get_contact_way",
        "externalcontact/list_contact_way",
        "auth/getuserinfo",
        "getcallbackip",
        "get_jsapi_ticket",
        "ticket/get",
        "externalcontact/groupchat/list",
        "externalcontact/groupchat/get",
        "externalcontact/get_groupmsg_list_v2",
        "externalcontact/get_groupmsg_task",
        "externalcontact/get_groupmsg_send_result",
        "gettoken",
    ):
        if name in ("access_token", "warm") or endpoint != "gettoken":
            wire.says(endpoint, empty)

    with pytest.raises(Permanent):
        call(gateway, name)


def test_every_method_names_its_section():
    for name in PUBLIC - {"cached_ticket", "warm"}:
        doc = inspect.getdoc(getattr(WeCom, name)) or ""
        assert "(" in doc, name
        assert any(f"({section}" in doc for section in ("1.", "3.", "4", "5", "6.", "7.", "8", "9", "10.", "13")), name
