"""Mass messages: the API makes tasks, members send them, the quota counts what arrives."""

import pytest

BODY = {"text": {"content": "今晚 20:00 开抢"}}
DAY = 86400


@pytest.fixture
def frozen(wecom):
    """Noon of 10 November 2026 in Shanghai."""
    wecom.ask("PUT", "clock", frozen=True, now=1794283200.0)
    return wecom


@pytest.fixture
def make(frozen):
    """Makes a mass message that has been dispatched."""

    def make(**body):
        made = frozen.post("externalcontact/add_msg_template", **{**BODY, **body})
        assert made["errcode"] == 0, made
        frozen.advance(3)
        return made

    return make


def results(wecom, msgid, userid="Lan", **more):
    return wecom.post("externalcontact/get_groupmsg_send_result", msgid=msgid, userid=userid, **more)


def confirm(wecom, msgid, userid="Lan"):
    return wecom.ask("POST", "mass-messages/confirm", msgid=msgid, userid=userid)


def customers(wecom, count, userid="Lan"):
    return [wecom.add(userid)["external_userid"] for _ in range(count)]


def arrived(wecom, source="mass"):
    return [message for message in wecom.ask("GET", "messages")["messages"] if message["source"] == source]


def test_nothing_arrives_before_the_member_confirms(frozen, make):
    people = customers(frozen, 2)
    link = {"msgtype": "link", "link": {"title": "秋日花束", "url": "https://shop.example/d/1"}}

    made = make(sender="lan", external_userid=people, attachments=[link])

    assert made["fail_list"] == []
    assert arrived(frozen) == []
    assert [row["status"] for row in results(frozen, made["msgid"])["send_list"]] == [0, 0]
    assert confirm(frozen, made["msgid"], "LAN") == {"sent": 2, "not_friend": 0, "quota": 0}
    lines = arrived(frozen)
    assert [(line["kind"], line["external_userid"]) for line in lines[:2]] == [("text", people[0]), ("link", people[0])]
    assert {line["msgid"] for line in lines} == {made["msgid"]}
    rows = results(frozen, made["msgid"])["send_list"]
    assert [(row["external_userid"], row["status"], row["send_time"]) for row in rows] == [
        (people[0], 1, 1794283203),
        (people[1], 1, 1794283203),
    ]


def test_a_message_cannot_be_asked_about_while_it_is_dispatched(frozen):
    people = customers(frozen, 1)
    msgid = frozen.post("externalcontact/add_msg_template", **BODY, sender="Lan", external_userid=people)["msgid"]
    span = {"start_time": 1794280000, "end_time": 1794290000}
    calls = ["get_groupmsg_task", "remind_groupmsg_send", "cancel_groupmsg_send"]

    assert [frozen.post(f"externalcontact/{call}", msgid=msgid)["errcode"] for call in calls] == [41063] * 3
    assert results(frozen, msgid)["errcode"] == 41063
    assert frozen.post("externalcontact/get_groupmsg_list_v2", chat_type="single", **span)["group_msg_list"] == []
    frozen.ask("POST", "mass-messages/confirm", status=409, msgid=msgid, userid="Lan")
    frozen.advance(3)
    task = frozen.post("externalcontact/get_groupmsg_task", msgid=msgid)
    assert task["task_list"] == [{"userid": "Lan", "status": 0}]
    (listed,) = frozen.post("externalcontact/get_groupmsg_list_v2", chat_type="single", **span)["group_msg_list"]
    assert (listed["msgid"], listed["create_type"], "creator" in listed) == (msgid, 0, False)
    assert (listed["text"], listed["attachments"]) == (BODY["text"], [])


def test_who_cannot_be_reached_is_named_and_nobody_at_all_is_an_error(frozen, make):
    mine, theirs = customers(frozen, 1)[0], customers(frozen, 1, "zhou")[0]
    gone = customers(frozen, 1)[0]
    frozen.ask("POST", "follows/delete", userid="Lan", external_userid=gone, by="staff")
    unknown = "wm" + "x" * 30

    made = make(sender="Lan", external_userid=[mine, theirs, gone, unknown, mine])
    nobody = frozen.post("externalcontact/add_msg_template", **BODY, sender="Lan", external_userid=[theirs, unknown])

    assert made["fail_list"] == [theirs, gone, unknown]
    assert [row["external_userid"] for row in results(frozen, made["msgid"])["send_list"]] == [mine]
    assert (nobody["errcode"], nobody["fail_list"], nobody["msgid"]) == (41048, [], "")


def test_who_deleted_the_member_gets_nothing_and_is_no_friend(frozen, make):
    stays, leaves = customers(frozen, 2)
    msgid = make(sender="Lan", external_userid=[stays, leaves])["msgid"]
    frozen.ask("POST", "follows/delete", userid="Lan", external_userid=leaves, by="customer")

    assert confirm(frozen, msgid) == {"sent": 1, "not_friend": 1, "quota": 0}

    rows = results(frozen, msgid)["send_list"]
    assert [(row["status"], "send_time" in row) for row in rows] == [(1, True), (2, False)]
    assert [line["external_userid"] for line in arrived(frozen)] == [stays]


def test_a_message_with_only_a_sender_goes_to_all_of_their_customers_and_tags_narrow_it(frozen, make):
    both, one, none = customers(frozen, 3)
    tags = [frozen.ask("POST", "tags", status=201, group="喜好", name=name)["id"] for name in ("花", "零食", "婴儿")]
    frozen.ask("POST", "follows/edit", userid="Lan", external_userid=both, add_tags=[tags[0], tags[2]])
    frozen.ask("POST", "follows/edit", userid="Lan", external_userid=one, add_tags=[tags[1]])
    some = {"group_list": [{"tag_list": tags[:2]}]}
    all_of = {"group_list": [{"tag_list": tags[:2]}, {"tag_list": tags[2:]}]}

    found = [make(sender="Lan", **more) for more in ({}, {"tag_filter": some}, {"tag_filter": all_of})]

    targets = [[row["external_userid"] for row in results(frozen, made["msgid"])["send_list"]] for made in found]
    assert targets == [[both, one, none], [both, one], [both]]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"text": {"content": "字" * 1333 + "ab"}}, 45002),
        ({"text": {"content": ""}}, 40063),
        ({"text": None}, 40063),
        ({"text": "好"}, 40058),
        ({"sender": None, "external_userid": []}, 40058),
        ({"external_userid": ["wm" + "x" * 30] * 10_001}, 40032),
        ({"external_userid": "all"}, 40035),
        ({"chat_type": "everybody"}, 40058),
        ({"sender": "nobody"}, 60111),
        ({"sender": "boss"}, 84074),
        ({"sender": "new"}, 41054),
        ({"sender": "left"}, 60111),
        ({"attachments": [{"msgtype": "link", "link": {"title": "t", "url": "u"}}] * 10}, 41064),
        ({"attachments": [{"msgtype": "link", "link": {"title": "t"}}]}, 41065),
        ({"attachments": [{"msgtype": "link", "link": {"title": "字" * 43, "url": "u"}}]}, 41065),
        ({"attachments": [{"msgtype": "album", "album": {}}]}, 41065),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "made up"}}]}, 40007),
        ({"external_userid": [], "tag_filter": {"group_list": [{"tag_list": ["et-made-up"]}]}}, 40068),
        ({"external_userid": [], "tag_filter": {"group_list": [{"tag_list": "x"}]}}, 40035),
        ({"chat_type": "group", "sender": None, "chat_id_list": []}, 40058),
        ({"chat_type": "group", "chat_id_list": ["wr" + "x" * 30] * 2001}, 40032),
        ({"chat_type": "group", "chat_id_list": ["wr" + "x" * 30]}, 41048),
    ],
)
def test_a_message_that_cannot_be_is_refused(wecom, body, errcode):
    staff = [{"userid": "new", "name": "新人", "status": 4}, {"userid": "left", "name": "走了", "status": 5}]
    wecom.ask("POST", "load", staff=staff)
    people = customers(wecom, 1)

    answer = wecom.post(
        "externalcontact/add_msg_template", **{**BODY, "sender": "Lan", "external_userid": people, **body}
    )

    assert answer["errcode"] == errcode
    assert wecom.ask("GET", "mass-messages")["mass_messages"] == []


def test_a_text_of_4000_bytes_and_an_upload_of_the_right_kind_are_accepted_and_an_old_one_is_not(frozen, make):
    people = customers(frozen, 1)
    upload = frozen.http.post(
        f"{frozen.url}/cgi-bin/media/upload",
        params={"access_token": frozen.token, "type": "image"},
        files={"media": ("a.png", b"picture bytes")},
    ).json()
    image = {"msgtype": "image", "image": {"media_id": upload["media_id"]}}
    as_file = {"msgtype": "file", "file": {"media_id": upload["media_id"]}}
    ask = {"sender": "Lan", "external_userid": people, "text": {"content": "字" * 1333 + "a"}}

    make(**ask, attachments=[image])

    assert frozen.post("externalcontact/add_msg_template", **ask, attachments=[as_file])["errcode"] == 40007
    frozen.ask("PUT", "clock", advance=3 * DAY)
    frozen.sign_in()
    assert frozen.post("externalcontact/add_msg_template", **ask, attachments=[image])["errcode"] == 40007


def test_a_message_reminds_three_times_a_day_and_not_at_all_once_cancelled(frozen, make):
    msgid = {"msgid": make(sender="Lan", external_userid=customers(frozen, 1))["msgid"]}
    remind = "externalcontact/remind_groupmsg_send"

    assert [frozen.post(remind, **msgid)["errcode"] for _ in range(4)] == [0, 0, 0, 41094]
    frozen.advance(DAY)
    frozen.sign_in()
    assert frozen.post(remind, **msgid)["errcode"] == 0
    assert frozen.ask("GET", "mass-messages")["mass_messages"][0]["tasks"][0]["reminded"] == 4
    assert frozen.post("externalcontact/cancel_groupmsg_send", **msgid)["errcode"] == 0
    assert frozen.post(remind, **msgid)["errcode"] == 41093
    assert frozen.post("externalcontact/cancel_groupmsg_send", **msgid)["errcode"] == 41093
    frozen.ask("POST", "mass-messages/confirm", status=409, **msgid, userid="Lan")
    assert arrived(frozen) == []


def test_a_cancelled_message_stops_only_members_who_have_not_sent(frozen, make):
    frozen.ask("PUT", "mass-rules", routing="last_talker")
    first, second = customers(frozen, 1)[0], customers(frozen, 1, "zhou")[0]
    msgid = make(external_userid=[first, second])["msgid"]
    confirm(frozen, msgid, "Lan")

    frozen.post("externalcontact/cancel_groupmsg_send", msgid=msgid)

    frozen.ask("POST", "mass-messages/confirm", status=409, msgid=msgid, userid="zhou")
    assert [line["external_userid"] for line in arrived(frozen)] == [first]
    tasks = frozen.post("externalcontact/get_groupmsg_task", msgid=msgid)["task_list"]
    assert [(task["userid"], task["status"], "send_time" in task) for task in tasks] == [
        ("Lan", 2, True),
        ("zhou", 0, False),
    ]
    assert results(frozen, msgid, "zhou")["send_list"][0]["status"] == 0


def test_nobody_confirms_twice_nor_for_another(frozen, make):
    msgid = make(sender="Lan", external_userid=customers(frozen, 1))["msgid"]
    confirm(frozen, msgid)

    frozen.ask("POST", "mass-messages/confirm", status=409, msgid=msgid, userid="Lan")
    frozen.ask("POST", "mass-messages/confirm", status=409, msgid=msgid, userid="zhou")
    frozen.ask("POST", "mass-messages/confirm", status=404, msgid="msg-made-up", userid="Lan")
    assert len(arrived(frozen)) == 1


def test_a_message_goes_to_who_last_talked_when_the_switch_says_so(frozen, make):
    talked, silent = customers(frozen, 2)
    for person in (talked, silent):
        frozen.ask("POST", "scan", userid="zhou", external_userid=person)
    frozen.ask(
        "POST", "messages", status=201, userid="Lan", external_userid=talked, text="在吗", **{"from": "customer"}
    )
    frozen.advance(1)
    frozen.ask("POST", "messages", status=201, userid="zhou", external_userid=talked, text="在的", **{"from": "staff"})
    ask = {"sender": "Lan", "external_userid": [talked, silent]}
    chosen = make(**ask)["msgid"]

    frozen.ask("PUT", "mass-rules", routing="last_talker")
    routed = make(**ask)["msgid"]

    assert [row["external_userid"] for row in results(frozen, chosen)["send_list"]] == [talked, silent]
    assert [row["external_userid"] for row in results(frozen, routed, "zhou")["send_list"]] == [talked]
    assert [row["external_userid"] for row in results(frozen, routed)["send_list"]] == [silent]


def test_a_month_holds_as_many_messages_as_it_has_days(frozen, make):
    person = customers(frozen, 1)[0]
    for _ in range(29):
        frozen.ask("POST", "mass-messages", status=201, userid="Lan", external_userids=[person], text="早")
    last, over = [make(sender="Lan", external_userid=[person])["msgid"] for _ in range(2)]

    assert [confirm(frozen, msgid) for msgid in (last, over)] == [
        {"sent": 1, "not_friend": 0, "quota": 0},
        {"sent": 0, "not_friend": 0, "quota": 1},
    ]

    assert results(frozen, over)["send_list"][0]["status"] == 3
    used = frozen.http.get(f"{frozen.url}/sandbox/quota?target={person}").json()
    assert used == {"target": person, "this_month": 30, "limit": 30, "today": 30, "this_week": 30}
    refused = frozen.post("externalcontact/add_msg_template", **BODY, sender="Lan", external_userid=[person])
    assert refused["errcode"] == 41048
    frozen.ask("PUT", "clock", now=1796054399.0)  # 30 November, 23:59:59 in Shanghai
    frozen.sign_in()
    assert (
        frozen.post("externalcontact/add_msg_template", **BODY, sender="Lan", external_userid=[person])["errcode"]
        == 41048
    )
    frozen.advance(1)
    assert confirm(frozen, make(sender="Lan", external_userid=[person])["msgid"])["sent"] == 1


def sends(wecom, person, times):
    """How many of so many attempts arrive."""
    ask = {"userid": "Lan", "external_userids": [person], "text": "早"}
    return sum(wecom.ask("POST", "mass-messages", status=201, **ask)["sent"] for _ in range(times))


def test_a_corp_may_allow_seven_from_monday_to_sunday(frozen):
    """10 November 2026 is a Tuesday."""
    frozen.ask("PUT", "mass-rules", quota="week")
    person = customers(frozen, 1)[0]

    assert sends(frozen, person, 6) == 6
    frozen.advance(5 * DAY)
    assert sends(frozen, person, 2) == 1
    frozen.advance(DAY)
    assert sends(frozen, person, 8) == 7


def test_a_corp_may_allow_one_a_day(frozen):
    frozen.ask("PUT", "mass-rules", quota="day")
    person = customers(frozen, 1)[0]

    assert sends(frozen, person, 2) == 1
    frozen.advance(DAY / 2 - 1)  # 23:59:59
    assert sends(frozen, person, 1) == 0
    frozen.advance(1)
    assert sends(frozen, person, 2) == 1


def test_what_a_member_sends_shows_in_the_list_with_its_creator(frozen, make):
    person = customers(frozen, 1)[0]
    made = make(sender="Lan", external_userid=[person])["msgid"]
    own = frozen.ask("POST", "mass-messages", status=201, userid="lan", external_userids=[person], text="早")["msgid"]
    span = {"chat_type": "single", "start_time": 1794280000, "end_time": 1794290000}

    def listed(**more):
        found = frozen.post("externalcontact/get_groupmsg_list_v2", **span, **more)
        return [(one["msgid"], one.get("creator"), one["create_type"]) for one in found["group_msg_list"]]

    assert listed() == [(made, None, 0), (own, "Lan", 1)]
    assert listed(filter_type=0) == [(made, None, 0)]
    assert listed(filter_type=1) == listed(creator="lan") == [(own, "Lan", 1)]
    assert results(frozen, own)["send_list"][0]["status"] == 1


def test_what_an_admin_makes_in_the_console_waits_for_the_member_and_names_the_admin(frozen):
    person = customers(frozen, 1)[0]
    ask = {"userid": "Lan", "creator": "boss", "external_userids": [person], "text": "周五见"}
    msgid = frozen.ask("POST", "mass-messages", status=201, **ask)["msgid"]
    span = {"chat_type": "single", "start_time": 1794280000, "end_time": 1794290000}

    (listed,) = frozen.post("externalcontact/get_groupmsg_list_v2", **span)["group_msg_list"]

    assert (listed["creator"], listed["create_type"]) == ("boss", 0)
    assert arrived(frozen) == []
    assert confirm(frozen, msgid)["sent"] == 1


def test_lists_and_results_come_in_pages(frozen, make):
    people = customers(frozen, 5)
    msgids = [make(sender="Lan", external_userid=people)["msgid"] for _ in range(3)]
    span = {"chat_type": "single", "start_time": 1794280000, "end_time": 1794290000}

    def pages(path, rows, **body):
        cursor, seen = "", []
        while True:
            page = frozen.post(f"externalcontact/{path}", **body, cursor=cursor)
            seen.append(page[rows])
            cursor = page["next_cursor"]
            if not cursor:
                return seen

    listed = pages("get_groupmsg_list_v2", "group_msg_list", **span, limit=2)
    rows = pages("get_groupmsg_send_result", "send_list", msgid=msgids[0], userid="Lan", limit=2)

    assert [[one["msgid"] for one in page] for page in listed] == [msgids[:2], msgids[2:]]
    assert [len(page) for page in rows] == [2, 2, 1]
    assert [row["external_userid"] for page in rows for row in page] == people


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("get_groupmsg_list_v2", {"chat_type": "single"}, 40058),
        ("get_groupmsg_list_v2", {"start_time": 0, "end_time": 31 * DAY + 1}, 40058),
        ("get_groupmsg_list_v2", {"start_time": 0, "end_time": 1, "limit": 101}, 40058),
        ("get_groupmsg_list_v2", {"start_time": 2, "end_time": 1}, 40058),
        ("get_groupmsg_task", {}, 41046),
        ("get_groupmsg_task", {"msgid": "msg-made-up"}, 41047),
        ("get_groupmsg_send_result", {"msgid": "msg-made-up", "userid": "Lan"}, 41047),
        ("remind_groupmsg_send", {"msgid": "msg-made-up"}, 41047),
        ("cancel_groupmsg_send", {}, 41046),
    ],
)
def test_a_question_about_messages_that_cannot_be_is_refused(wecom, path, body, errcode):
    assert wecom.post(f"externalcontact/{path}", **body)["errcode"] == errcode


def test_a_message_reaches_the_groups_of_its_sender_only_and_results_list_what_arrived(frozen, make):
    groups = [
        frozen.ask("POST", "groups", status=201, name=f"群{n}", owner=owner)["chat_id"]
        for n, owner in enumerate(["Lan", "Lan", "zhou"])
    ]
    seats = [{"userid": "zhou"}]
    handed_over = frozen.ask("POST", "groups", status=201, name="群", owner="Lan", members=seats)["chat_id"]

    made = make(chat_type="group", sender="Lan", chat_id_list=[*groups, handed_over])

    assert made["fail_list"] == groups[2:]
    assert results(frozen, made["msgid"])["send_list"] == []
    frozen.ask("POST", f"groups/{groups[1]}/dismiss")
    frozen.ask("POST", f"groups/{handed_over}/change", owner="zhou")
    assert confirm(frozen, made["msgid"]) == {"sent": 1, "not_friend": 2, "quota": 0}
    (row,) = results(frozen, made["msgid"])["send_list"]
    assert (row["chat_id"], row["userid"], row["status"]) == (groups[0], "Lan", 1)
    (line,) = frozen.ask("GET", "group-messages")["messages"]
    assert (line["chat_id"], line["source"], line["msgid"]) == (groups[0], "mass", made["msgid"])
    everywhere = make(chat_type="group", sender="Lan")["msgid"]
    assert confirm(frozen, everywhere)["sent"] == 1


def test_a_member_who_left_sends_nothing(frozen, make):
    msgid = make(sender="Lan", external_userid=customers(frozen, 1))["msgid"]
    frozen.change_staff("Lan", status=5)

    frozen.ask("POST", "mass-messages/confirm", status=409, msgid=msgid, userid="Lan")

    assert frozen.post("externalcontact/add_msg_template", **BODY, sender="Lan")["errcode"] == 60111


def test_the_page_sees_each_task_and_each_recipient(frozen, make):
    people = customers(frozen, 2)
    msgid = make(sender="Lan", external_userid=people)["msgid"]
    confirm(frozen, msgid)

    (listed,) = frozen.http.get(f"{frozen.url}/sandbox/mass-messages?userid=lan&chat_type=single").json()[
        "mass_messages"
    ]
    (task,) = frozen.ask("GET", f"mass-messages/{msgid}")["tasks"]

    assert (listed["creator"], listed["create_type"], listed["cancelled"]) == (None, 0, False)
    assert listed["tasks"][0]["sent"] == listed["tasks"][0]["recipients"] == 2
    assert [(row["target"], row["status"]) for row in task["recipients"]] == [(people[0], 1), (people[1], 1)]
    assert frozen.http.get(f"{frozen.url}/sandbox/mass-messages?userid=zhou").json()["mass_messages"] == []
