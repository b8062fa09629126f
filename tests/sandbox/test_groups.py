"""Customer groups: what people do with them is pushed, and shows in the API a little later."""

import pytest


@pytest.fixture
def group(wecom):
    """A group of Lan's with one customer."""
    customer = wecom.add(name="苏婉清", unionid="o6_su")
    return wecom.ask(
        "POST",
        "groups",
        status=201,
        name="鲜花群",
        owner="Lan",
        members=[{"external_userid": customer["external_userid"]}],
    )


def shown(wecom, group, **more):
    return wecom.post("externalcontact/groupchat/get", chat_id=group["chat_id"], **more)["group_chat"]


def test_a_group_shows_its_people_and_names_only_when_asked(wecom, group):
    detail = shown(wecom, group, need_name=1)

    owner, customer = detail["member_list"]
    assert (detail["name"], detail["owner"], detail["admin_list"]) == ("鲜花群", "Lan", [])
    assert (owner["userid"], owner["type"], owner["name"]) == ("Lan", 1, "林晓雯")
    assert (customer["type"], customer["unionid"], customer["invitor"]) == (2, "o6_su", {"userid": "Lan"})
    assert "name" not in shown(wecom, group)["member_list"][0]
    assert detail["member_version"] == group["member_version"]


def test_groups_are_listed_in_pages_by_owner_and_by_state(wecom):
    made = [
        wecom.ask("POST", "groups", status=201, name=f"群{n}", owner=owner)["chat_id"]
        for n, owner in enumerate(["Lan", "zhou", "Lan"])
    ]

    first = wecom.post("externalcontact/groupchat/list", limit=2)
    second = wecom.post("externalcontact/groupchat/list", limit=2, cursor=first["next_cursor"])
    of_lan = wecom.post("externalcontact/groupchat/list", limit=9, owner_filter={"userid_list": ["lan"]})

    assert [one["chat_id"] for one in first["group_chat_list"] + second["group_chat_list"]] == made
    assert "next_cursor" not in second
    assert of_lan["group_chat_list"] == [{"chat_id": made[0], "status": 0}, {"chat_id": made[2], "status": 0}]


def test_the_groups_of_one_person_are_listed(wecom, group):
    hers = group["member_list"][1]["id"]
    other = wecom.ask("POST", "groups", status=201, name="零食群", owner="zhou")["chat_id"]

    def listed(who):
        return [one["chat_id"] for one in wecom.ask("GET", f"groups?{who}")["groups"]]

    assert listed(f"external_userid={hers}") == [group["chat_id"]]
    assert listed("userid=ZHOU") == [other]
    assert listed("") == [group["chat_id"], other]


def test_groups_of_somebody_who_left_need_the_owner_named(wecom, group):
    wecom.change_staff("Lan", status=5)

    everybody = wecom.post("externalcontact/groupchat/list", limit=9)
    named = wecom.post("externalcontact/groupchat/list", limit=9, owner_filter={"userid_list": ["Lan"]})

    assert everybody["group_chat_list"] == []
    assert named["group_chat_list"] == [{"chat_id": group["chat_id"], "status": 1}]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40058),
        ({"limit": 0}, 40058),
        ({"limit": 1001}, 40058),
        ({"limit": 9, "status_filter": 4}, 40058),
        ({"limit": 9, "owner_filter": {"userid_list": ["Lan"] * 101}}, 40032),
        ({"limit": 9, "owner_filter": {"userid_list": "Lan"}}, 40035),
        ({"limit": 9, "owner_filter": {"userid_list": ["nobody"]}}, 60111),
        ({"limit": 9, "cursor": "made up"}, 40058),
    ],
)
def test_a_list_of_groups_refuses_what_it_cannot_read(wecom, body, errcode):
    answer = wecom.post("externalcontact/groupchat/list", **body)

    assert (answer["errcode"], answer["group_chat_list"]) == (errcode, [])


def test_more_than_a_thousand_people_need_the_owners_named(wecom, group):
    crowd = [{"userid": f"m{n}", "name": f"店员{n}"} for n in range(998)]
    wecom.ask("POST", "load", staff=crowd)

    assert wecom.post("externalcontact/groupchat/list", limit=9)["errcode"] == 81017
    named = wecom.post("externalcontact/groupchat/list", limit=9, owner_filter={"userid_list": ["Lan"]})
    assert len(named["group_chat_list"]) == 1


def test_a_dismissed_group_and_one_that_never_was_answer_with_their_codes(wecom, group):
    wecom.ask("POST", f"groups/{group['chat_id']}/dismiss")

    gone = wecom.post("externalcontact/groupchat/get", chat_id=group["chat_id"])
    assert (gone["errcode"], gone["group_chat"]) == (49008, {})
    assert wecom.post("externalcontact/groupchat/get", chat_id="wr" + "x" * 30)["errcode"] == 40050
    assert wecom.post("externalcontact/groupchat/list", limit=9)["group_chat_list"] == []
    wecom.ask("POST", f"groups/{group['chat_id']}/change", status=409, name="新名")


def test_the_detail_of_a_group_lags_behind_what_was_pushed(wecom, group, receiver):
    wecom.ask("PUT", "clock", frozen=True)
    wecom.ask("PUT", "mass-rules", group_lag_seconds=30)
    wecom.ask("PUT", "callback", url=receiver.url)
    newcomer = wecom.add("zhou")["external_userid"]

    wecom.ask("POST", f"groups/{group['chat_id']}/join", external_userid=newcomer)

    pushed = [one.fields for one in receiver.wait_for(2)]
    (joined,) = [fields for fields in pushed if fields["Event"] == "change_external_chat"]
    assert (joined["ChangeType"], joined["UpdateDetail"]) == ("update", "add_member")
    assert (joined["JoinScene"], joined["MemChangeCnt"], joined["ChatId"]) == ("3", "1", group["chat_id"])
    assert joined["MemChangeList"] == newcomer
    assert joined["LastMemVer"] == group["member_version"]
    assert shown(wecom, group)["member_version"] == group["member_version"]
    wecom.advance(30)
    late = shown(wecom, group)
    assert late["member_version"] == joined["CurMemVer"]
    assert [member["userid"] for member in late["member_list"]][-1] == newcomer


def test_what_people_do_in_a_group_is_pushed(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    made = wecom.ask("POST", "groups", status=201, name="群", owner="Lan", members=[{"userid": "zhou"}])
    place = f"groups/{made['chat_id']}"

    wecom.ask("POST", f"{place}/change", name="新群", owner="zhou", notice="周五 20:00 开抢")
    wecom.ask("POST", f"{place}/leave", userid="Lan", quit_scene=1)
    wecom.ask("POST", f"{place}/dismiss")

    pushed = [one.fields for one in receiver.wait_for(6)]
    assert {fields["Event"] for fields in pushed} == {"change_external_chat"}
    assert sorted(fields.get("UpdateDetail", fields["ChangeType"]) for fields in pushed) == [
        "change_name",
        "change_notice",
        "change_owner",
        "create",
        "del_member",
        "dismiss",
    ]


def test_an_owner_cannot_leave_and_nobody_joins_twice(wecom, group):
    place, customer = f"groups/{group['chat_id']}", group["member_list"][1]["id"]

    wecom.ask("POST", f"{place}/leave", status=409, userid="Lan")
    wecom.ask("POST", f"{place}/join", status=409, external_userid=customer)
    wecom.ask("POST", f"{place}/leave", status=404, userid="zhou")
    wecom.ask("POST", f"{place}/join", status=400, userid="zhou", external_userid=customer)


def test_people_talk_in_a_group_they_are_in(wecom, group):
    customer = group["member_list"][1]["id"]
    line = {"chat_id": group["chat_id"], "text": "多少钱"}

    wecom.ask("POST", "group-messages", status=201, **line, external_userid=customer)
    wecom.ask("POST", "group-messages", status=409, **line, userid="zhou")

    (said,) = wecom.http.get(f"{wecom.url}/sandbox/group-messages?chat_id={group['chat_id']}").json()["messages"]
    assert (said["userid"], said["source"], said["content"]) == (customer, "chat", {"content": "多少钱"})
    assert wecom.ask("GET", "groups")["groups"][0]["last"]["id"] == said["id"]


def test_loaded_groups_have_their_owner_and_refer_to_somebody(wecom):
    customer = wecom.ask("POST", "customers", status=201)["external_userid"]
    chat_id, seats = "wr" + "a" * 30, [{"external_userid": customer, "join_time": 1790000000, "invitor": "zhou"}]
    made = {"name": "群", "owner": "lan", "admins": ["Zhou"], "members": [*seats, {"userid": "zhou"}]}
    line = {"chat_id": chat_id, "external_userid": customer, "text": "早", "at": 1790000001.0}

    wecom.ask("POST", "load", groups=[{**made, "chat_id": chat_id}], group_messages=[line])

    (group,) = wecom.ask("GET", "groups")["groups"]
    detail = shown(wecom, group)
    assert (group["owner"], group["admins"], group["members"], group["customers"]) == ("Lan", ["zhou"], 3, 1)
    assert group["last"]["content"] == {"content": "早"}
    assert detail["member_list"][1]["join_time"] == 1790000000
    assert wecom.ask("GET", "events")["events"] == []
    wecom.ask("POST", "load", status=400, groups=[{"name": "群", "owner": "nobody"}])
    wecom.ask("POST", "load", status=400, group_messages=[{**line, "chat_id": "wr" + "b" * 30}])
    wecom.ask("POST", "load", status=409, groups=[{"name": "群", "owner": "Lan", "chat_id": group["chat_id"]}])
    wecom.ask("POST", "load", status=409, groups=[{"name": "群", "owner": "Lan", "members": [{"userid": "zhou"}] * 2}])
