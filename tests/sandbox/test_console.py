"""What admins change in the console and members do by themselves; the app hears of it by callbacks only."""


def told(receiver, count):
    """The fields of what was pushed, in the order in which it happened."""
    pushed = [one.fields for one in receiver.wait_for(count)]
    return sorted(pushed, key=lambda fields: (fields["CreateTime"], fields.get("Event", ""), fields.get("ChangeType")))


def test_tags_are_renamed_shuffled_and_deleted_in_the_console(wecom, receiver):
    first = wecom.ask("POST", "tags", status=201, group="喜好", name="鲜花")
    second = wecom.ask("POST", "tags", status=201, group="喜好", name="多肉")
    wecom.ask("PUT", "clock", frozen=True)
    wecom.ask("PUT", "callback", url=receiver.url)

    wecom.ask("PATCH", f"tags/{first['id']}", name="花")
    wecom.ask("PATCH", f"tags/{first['id']}", status=409, name="多肉")
    wecom.ask("POST", "tags/shuffle", group_id=first["group_id"], ids=[second["id"], first["id"]])
    (shown,) = wecom.post("externalcontact/get_corp_tag_list")["tag_group"]
    wecom.ask("DELETE", f"tags/{first['id']}")
    wecom.ask("DELETE", f"tags/{second['id']}")

    assert {tag["name"]: tag["order"] for tag in shown["tag"]} == {"花": 1, "多肉": 2}
    events = told(receiver, 5)
    assert [(one["ChangeType"], one.get("TagType")) for one in events[-2:]] == [("shuffle", None), ("update", "tag")]
    gone = sorted((one["Id"], one["TagType"]) for one in events[:3])
    assert gone == sorted([(first["id"], "tag"), (second["id"], "tag"), (first["group_id"], "tag_group")])


def test_a_renamed_member_keeps_customers_and_groups(wecom, receiver):
    hers = wecom.add("Lan")["external_userid"]
    group = wecom.ask("POST", "groups", status=201, name="群", owner="Lan")["chat_id"]
    wecom.ask("POST", "messages", status=201, userid="Lan", external_userid=hers, **{"from": "staff", "text": "您好"})
    wecom.ask("PUT", "callback", url=receiver.url)

    wecom.change_staff("Lan", new_userid="xiaowen")

    (pushed,) = told(receiver, 1)
    assert (pushed["ChangeType"], pushed["UserID"], pushed["NewUserID"]) == ("update_user", "Lan", "xiaowen")
    assert wecom.get("externalcontact/list", userid="xiaowen")["external_userid"] == [hers]
    assert wecom.get("externalcontact/list", userid="Lan")["errcode"] == 60111
    assert wecom.ask("GET", "truth")["follows"][0]["userid"] == "xiaowen"
    shown = wecom.post("externalcontact/groupchat/get", chat_id=group)["group_chat"]
    assert (shown["owner"], shown["member_list"][0]["userid"]) == ("xiaowen", "xiaowen")
    assert len(wecom.ask("GET", f"messages?userid=xiaowen&external_userid={hers}")["messages"]) == 1


def test_members_and_departments_come_change_and_go(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)

    wecom.ask("POST", "departments", status=201, id=3, name="新店", parentid=1)
    wecom.ask("POST", "staff", status=201, userid="mei", name="美", department=[3, 2])
    wecom.change_staff("mei", department=[2])
    wecom.change_staff("mei", name="小美")  # nobody is told of a name
    wecom.ask("PATCH", "departments/3", parentid=2)
    wecom.ask("DELETE", "departments/2", status=409)
    wecom.ask("DELETE", "departments/3")
    wecom.ask("DELETE", "staff/mei")
    wecom.ask("POST", "contact-tags", tag_id=5, add_users=["Lan", "zhou"])

    events = {one["ChangeType"]: one for one in told(receiver, 7)}
    assert receiver.stays_at(7)
    assert (events["create_user"]["Department"], events["update_user"]["Department"]) == ("3,2", "2")
    assert "NewUserID" not in events["update_user"]
    assert (events["create_party"]["ParentId"], events["update_party"]["ParentId"]) == ("1", "2")
    assert (events["delete_party"]["Id"], events["delete_user"]["UserID"]) == ("3", "mei")
    assert events["update_tag"]["AddUserItems"] == "Lan,zhou"


def test_a_member_writes_to_the_app_and_uses_its_menu(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)

    wecom.ask("POST", "app-events", status=201, userid="lan", do="text", text="今天的任务")
    wecom.ask("POST", "app-events", status=201, userid="lan", do="enter")
    wecom.ask("POST", "app-events", status=201, userid="lan", do="click", key="tasks")
    wecom.ask("POST", "app-events", status=400, userid="lan", do="text")

    pushed = {one.get("Event", one["MsgType"]): one for one in told(receiver, 3)}
    assert (pushed["text"]["FromUserName"], pushed["text"]["Content"]) == ("Lan", "今天的任务")
    assert {"Event", "ChangeType"}.isdisjoint(pushed["text"])
    assert pushed["enter_agent"]["EventKey"] == ""
    assert pushed["click"]["EventKey"] == "tasks"


def test_tagging_many_at_once_is_a_storm_of_edits(wecom, receiver):
    customers = {wecom.add("Lan")["external_userid"] for _ in range(5)}
    wecom.ask("POST", "tags", status=201, group="喜好", name="鲜花")
    wecom.ask("PUT", "callback", url=receiver.url)

    assert wecom.ask("POST", "follows/tag", userid="lan", add_tags=["鲜花"]) == {"edited": 5}

    events = told(receiver, 5)
    assert {one["ExternalUserID"] for one in events} == customers
    assert {one["ChangeType"] for one in events} == {"edit_external_contact"}
