"""What a whole synchronisation meets: the visible range, the limits, and the truth to compare it with."""


def test_members_out_of_sight_refuse_and_are_not_listed(wecom, receiver):
    hers = wecom.add("Lan")["external_userid"]
    group = wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan")["chat_id"]
    wecom.ask("PUT", "callback", url=receiver.url)

    wecom.change_staff("Lan", visible=False)
    wecom.add("Lan")

    (pushed,) = receiver.wait_for(1)
    assert (pushed.fields["Event"], pushed.fields["FromUserName"]) == ("unsubscribe", "Lan")
    assert receiver.stays_at(1)
    assert wecom.get("externalcontact/get_follow_user_list")["follow_user"] == ["zhou"]
    for answer in (
        wecom.post("externalcontact/batch/get_by_user", userid_list=["zhou", "Lan"]),
        wecom.get("externalcontact/list", userid="Lan"),
        wecom.post("externalcontact/remark", userid="Lan", external_userid=hers, remark="常客"),
        wecom.post("externalcontact/groupchat/get", chat_id=group),
        wecom.get("user/get", userid="Lan"),
    ):
        assert answer["errcode"] == 60011
    assert wecom.get("externalcontact/get", external_userid=hers)["errcode"] == 84061
    assert wecom.post("externalcontact/groupchat/list", limit=9)["group_chat_list"] == []
    assert wecom.get("user/list", department_id=2)["userlist"] == []


def test_members_without_customers_have_no_contacts_to_list(wecom):
    assert wecom.post("externalcontact/batch/get_by_user", userid_list=["Lan", "zhou"])["errcode"] == 84061
    wecom.add("zhou")
    assert (
        len(wecom.post("externalcontact/batch/get_by_user", userid_list=["Lan", "zhou"])["external_contact_list"]) == 1
    )


def test_a_customer_added_again_stands_at_the_end_of_the_pages(wecom):
    first, second = (wecom.add("Lan")["external_userid"] for _ in range(2))
    wecom.ask("POST", "follows/delete", userid="Lan", external_userid=first, by="staff")
    assert wecom.get("externalcontact/list", userid="Lan")["external_userid"] == [second]

    wecom.ask("POST", "scan", userid="Lan", external_userid=first)

    assert wecom.get("externalcontact/list", userid="Lan")["external_userid"] == [second, first]


def test_a_full_member_and_an_unpaid_corp_take_nobody_more(wecom):
    friend = wecom.add("Lan")["external_userid"]
    stranger = wecom.ask("POST", "customers", status=201)["external_userid"]
    wecom.ask("PUT", "rules", customers_per_member=1)

    full = wecom.ask("POST", "scan", status=409, userid="Lan", external_userid=stranger)
    wecom.ask("PUT", "rules", customers_per_member=5000, paid_scale=1)
    unpaid = wecom.ask("POST", "scan", status=409, userid="zhou", external_userid=stranger)
    wecom.ask("POST", "scan", userid="zhou", external_userid=friend)
    wecom.ask("POST", "groups", status=201, name="群", owner="Lan", members=[{"external_userid": friend}])
    seats = [{"external_userid": stranger}]
    outside = wecom.ask("POST", "groups", status=409, name="群", owner="Lan", members=seats)

    assert [full["error"], unpaid["error"], outside["error"]] == ["customer_limit", "paid_scale", "paid_scale"]
    assert wecom.ask("GET", "truth")["paid_scale"] == 1


def test_the_truth_tells_who_follows_whom_and_who_is_in_which_group(wecom):
    wecom.ask("POST", "tags", status=201, group="喜好", name="鲜花")
    hers = wecom.add("Lan", name="苏婉清", unionid="o6_su", bound=False)["external_userid"]
    wecom.ask("POST", "follows/edit", userid="Lan", external_userid=hers, remark="王姐", add_tags=["鲜花"])
    gone = wecom.add("Lan")["external_userid"]
    wecom.ask("POST", "follows/delete", userid="Lan", external_userid=gone, by="staff")
    seats = [{"external_userid": gone}]
    wecom.ask("POST", "groups", status=201, name="群", owner="Lan", members=seats)

    truth = wecom.ask("GET", "truth")

    (follow,), (tag,), (group,) = truth["follows"], truth["tags"], truth["groups"]
    assert (follow["external_userid"], follow["remark"], follow["tag_ids"]) == (hers, "王姐", [tag["tag_id"]])
    assert next((one["name"], one["unionid"]) for one in truth["customers"]) == ("苏婉清", None)
    assert group["members"] == ["Lan", gone]
    assert truth["paid_scale"] == 2
    page = wecom.ask("GET", "truth/customers?limit=1")
    assert page["customers"] + wecom.ask("GET", "truth/customers?limit=1&cursor=1")["customers"] == truth["customers"]


def test_callbacks_are_dropped_doubled_and_reordered_together(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    wecom.faults(
        {"on": "callback", "do": "drop", "probability": 0.2},
        {"on": "callback", "do": "duplicate", "probability": 0.2},
        {"on": "callback", "do": "reorder", "window": 4, "probability": 0.3},
    )

    for _ in range(60):
        wecom.add("Lan")

    dropped, doubled, reordered = (fault["fired"] for fault in wecom.ask("GET", "faults")["faults"])
    pushed = receiver.wait_for(60 - dropped + doubled)
    assert min(dropped, doubled, reordered) > 0
    assert len({one.fields["ExternalUserID"] for one in pushed}) == 60 - dropped
    assert wecom.ask("GET", "callback")["dropped"] == dropped


def test_many_calls_go_in_one_and_a_refused_one_stops_nobody(wecom):
    adds = [{"path": "scan", "body": {"userid": userid}} for userid in ("Lan", "boss", "zhou")]

    answers = wecom.ask("POST", "many", calls=[*adds, {"path": "staff/zhou", "method": "PATCH", "body": {"status": 5}}])

    assert [one["status"] for one in answers["answers"]] == [200, 409, 200, 200]
    assert len(wecom.ask("GET", "truth")["follows"]) == 2
    wecom.ask("POST", "many", status=400, calls=[{"path": "many", "body": {"calls": []}}])
