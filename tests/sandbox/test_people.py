"""Client actions as the page and the tests make them."""


def test_a_scan_makes_a_customer_who_has_a_conversation(wecom):
    made = wecom.ask("POST", "scan", userid="lan")

    chats = wecom.ask("GET", "conversations?userid=LAN")["conversations"]
    assert [chat["external_userid"] for chat in chats] == [made["external_userid"]]
    assert made["userid"] == "Lan"
    assert made["welcome_code"]


def test_two_who_are_contacts_already_are_not_added_again(wecom):
    made = wecom.add()

    again = wecom.ask("POST", "scan", userid="Lan", external_userid=made["external_userid"])

    assert again["already"]
    assert again["welcome_code"] is None
    assert len(wecom.ask("GET", "events")["events"]) == 1


def test_the_state_of_the_code_comes_back_with_the_add(wecom):
    wecom.ask("POST", "load", contact_ways=[{"user": ["lan"], "state": "door"}])

    made = wecom.ask("POST", "scan", state="door")

    found = wecom.get("externalcontact/get", external_userid=made["external_userid"])
    assert made["state"] == "door"
    assert found["follow_user"][0]["state"] == "door"


def test_a_member_without_customer_contact_cannot_be_added(wecom):
    wecom.ask("POST", "scan", status=409, userid="boss")


def test_unread_counts_what_the_customer_said_since_the_member_last_did(wecom):
    pair = {"userid": "Lan", "external_userid": wecom.add()["external_userid"]}
    for sender in ("customer", "staff", "customer", "customer"):
        wecom.ask("POST", "messages", status=201, **pair, **{"from": sender, "text": "在吗"})

    chat = wecom.ask("GET", "conversations?userid=Lan")["conversations"][0]

    assert chat["unread"] == 2
    assert chat["last"]["content"] == {"content": "在吗"}


def test_the_messages_of_one_person_come_from_all_their_chats(wecom):
    friend, stranger = wecom.add()["external_userid"], wecom.add()["external_userid"]
    wecom.ask("POST", "scan", userid="zhou", external_userid=friend)
    for userid, customer, text in (("Lan", friend, "早"), ("zhou", friend, "好"), ("Lan", stranger, "哪位")):
        pair = {"userid": userid, "external_userid": customer, "from": "staff", "text": text}
        wecom.ask("POST", "messages", status=201, **pair)

    def texts(who):
        return [one["content"]["content"] for one in wecom.ask("GET", f"messages?{who}")["messages"]]

    assert texts(f"external_userid={friend}") == ["早", "好"]
    assert texts("userid=lan") == ["早", "哪位"]
    assert texts("") == ["早", "好", "哪位"]


def test_a_conversation_shows_the_tags_and_remark_of_that_member_only(wecom):
    friend = wecom.add()["external_userid"]
    wecom.ask("POST", "scan", userid="zhou", external_userid=friend)
    tag = wecom.ask("POST", "tags", status=201, group="喜好", name="爱买鲜花")

    edit = {"userid": "Lan", "external_userid": friend, "remark": "王姐", "add_tags": ["爱买鲜花"]}
    wecom.ask("POST", "follows/edit", **edit)

    [hers] = wecom.ask("GET", "conversations?userid=Lan")["conversations"]
    [other] = wecom.ask("GET", "conversations?userid=zhou")["conversations"]
    assert (hers["remark"], hers["tag_ids"]) == ("王姐", [tag["id"]])
    assert (other["remark"], other["tag_ids"]) == ("", [])


def test_nobody_chats_after_a_deletion(wecom):
    pair = {"userid": "Lan", "external_userid": wecom.add()["external_userid"]}
    wecom.ask("POST", "follows/delete", **pair, by="customer")

    wecom.ask("POST", "messages", status=409, **pair, **{"from": "staff", "text": "在吗"})


def test_a_load_with_a_loose_end_loads_nothing(wecom):
    stranger = {"userid": "nobody", "external_userid": "wm" + "a" * 30, "createtime": 1}

    refused = wecom.ask("POST", "load", status=400, customers=[{"name": "苏婉清"}], follows=[stranger])

    assert refused["error"] == "unknown_reference"
    assert wecom.ask("GET", "customers")["customers"] == []


def test_a_load_pushes_nothing_and_keeps_tags_remarks_and_messages(wecom):
    pair = {"userid": "lan", "external_userid": "wm" + "a" * 30}
    follow = {**pair, "createtime": 1700000000, "remark": "常客", "tags": [{"group": "喜好", "name": "鲜花"}]}
    message = {**pair, "from": "customer", "text": "在吗", "at": 1700000100}

    wecom.ask(
        "POST", "load", customers=[{"external_userid": pair["external_userid"]}], follows=[follow], messages=[message]
    )

    seen = wecom.get("externalcontact/get", external_userid=pair["external_userid"])["follow_user"][0]
    assert (seen["userid"], seen["remark"], seen["tags"][0]["tag_name"]) == ("Lan", "常客", "鲜花")
    assert wecom.ask("GET", "events")["events"] == []
    assert len(wecom.ask("GET", "messages")["messages"]) == 1


def test_unknown_keys_wrong_types_and_nul_are_refused(wecom):
    assert wecom.ask("POST", "customers", status=400, nickname="苏")["error"] == "bad_request"
    assert wecom.ask("POST", "customers", status=400, name=7)["error"] == "bad_request"
    assert wecom.ask("POST", "customers", status=400, name="a\x00b")["error"] == "bad_request"


def test_the_same_seed_makes_the_same_people_again(wecom):
    first = wecom.add()["external_userid"]
    wecom.ask("POST", "reset", seed=7)
    wecom.ask("POST", "load", staff=[{"userid": "Lan", "name": "林晓雯"}])

    again = wecom.add()["external_userid"]

    assert again == first


def test_a_member_who_leaves_is_pushed_once_and_serves_nobody(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)

    for change in ({"customer_contact": False}, {"status": 2}, {"status": 5}, {"status": 5}):
        member = wecom.change_staff("zhou", **change)

    (pushed,) = receiver.wait_for(1)
    assert (pushed.fields["Event"], pushed.fields["ChangeType"]) == ("change_contact", "delete_user")
    assert pushed.fields["UserID"] == "zhou"
    assert receiver.stays_at(1)
    assert (member["status"], member["customer_contact"]) == (5, False)
    assert wecom.get("externalcontact/get_follow_user_list")["follow_user"] == ["Lan"]
    wecom.change_staff("zhou", customer_contact=True)
    assert wecom.get("externalcontact/get_follow_user_list")["follow_user"] == ["Lan"]
