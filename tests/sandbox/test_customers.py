"""Customers, remarks, tags and contact ways as an app sees them."""

import pytest


@pytest.fixture
def pair(wecom):
    return {"userid": "lan", "external_userid": wecom.add(name="苏婉清")["external_userid"]}


@pytest.mark.parametrize(
    ("customer", "shown"),
    [({"unionid": "o6_su"}, "o6_su"), ({"unionid": "o6_su", "bound": False}, None), ({"unionid": None}, None)],
)
def test_the_unionid_shows_only_when_bound(wecom, customer, shown):
    made = wecom.add(**customer)

    found = wecom.get("externalcontact/get", external_userid=made["external_userid"])

    assert found["external_contact"].get("unionid") == shown


def test_a_wecom_user_has_no_unionid_and_no_welcome_code(wecom):
    made = wecom.add(type=2, unionid="o6_su")

    found = wecom.get("externalcontact/get", external_userid=made["external_userid"])["external_contact"]

    assert made["external_userid"].startswith("wo")
    assert made["welcome_code"] is None
    assert "unionid" not in found


def test_a_unionid_that_becomes_known_later_shows_then(wecom):
    made = wecom.add(unionid=None)

    wecom.ask("PATCH", f"customers/{made['external_userid']}", unionid="o6_late")

    found = wecom.get("externalcontact/get", external_userid=made["external_userid"])
    assert found["external_contact"]["unionid"] == "o6_late"


def test_a_member_without_customers_answers_84061(wecom):
    answer = wecom.get("externalcontact/list", userid="zhou")

    assert (answer["errcode"], answer["external_userid"]) == (84061, [])


@pytest.mark.parametrize(("given", "errcode"), [("", 41035), ("wm" + "x" * 30, 40096)])
def test_nobody_is_found_under_a_wrong_id(wecom, given, errcode):
    assert wecom.get("externalcontact/get", external_userid=given)["errcode"] == errcode


def test_a_half_add_is_no_contact_until_it_is_mutual(wecom):
    half = wecom.ask("POST", "scan", userid="Lan", half=True)
    person = {"external_userid": half["external_userid"]}
    assert wecom.get("externalcontact/get", **person)["errcode"] == 84061
    assert (
        wecom.post("externalcontact/send_welcome_msg", welcome_code=half["welcome_code"], text={"content": "好"})[
            "errcode"
        ]
        == 0
    )

    full = wecom.ask("POST", "scan", userid="Lan", **person)

    assert full["welcome_code"] is None
    assert wecom.get("externalcontact/get", **person)["errcode"] == 0


def test_a_customer_who_deletes_stays_one_and_a_member_who_deletes_loses_them(wecom, pair):
    wecom.ask("POST", "follows/delete", **pair, by="customer")
    assert wecom.get("externalcontact/get", external_userid=pair["external_userid"])["errcode"] == 0

    wecom.ask("POST", "follows/delete", **pair, by="staff")

    assert wecom.get("externalcontact/get", external_userid=pair["external_userid"])["errcode"] == 84061
    assert wecom.post("externalcontact/remark", **pair, remark="x")["errcode"] == 84061


def test_batches_page_through_members_and_shift_nothing_when_someone_is_added(wecom):
    expected = [wecom.add("Lan")["external_userid"] for _ in range(3)]
    expected += [wecom.add("zhou")["external_userid"] for _ in range(2)]
    ask = {"userid_list": ["lan", "ZHOU"], "limit": 2}
    seen, cursor = [], ""
    while True:
        page = wecom.post("externalcontact/batch/get_by_user", **ask, cursor=cursor)
        seen += [row["external_contact"]["external_userid"] for row in page["external_contact_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
        if len(seen) == 2:
            expected.insert(3, wecom.add("Lan")["external_userid"])

    assert seen == expected


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"userid_list": []}, 40031),
        ({"userid_list": ["Lan"] * 101}, 40032),
        ({"userid_list": "Lan"}, 40035),
        ({"userid_list": ["Lan"], "limit": 101}, 40058),
        ({"userid_list": ["Lan"], "cursor": "made up"}, 40058),
        ({"userid_list": ["nobody"]}, 60111),
    ],
)
def test_a_batch_refuses_what_it_cannot_read(wecom, body, errcode):
    answer = wecom.post("externalcontact/batch/get_by_user", **body)

    assert (answer["errcode"], answer["external_contact_list"]) == (errcode, [])


def test_unlicensed_members_are_named_and_none_licensed_is_an_error(wecom):
    wecom.ask("POST", "load", staff=[{"userid": "new", "name": "新人", "licensed": False}])
    wecom.add("Lan")

    some = wecom.post("externalcontact/batch/get_by_user", userid_list=["Lan", "new"])

    assert some["fail_info"] == {"unlicensed_userid_list": ["new"]}
    assert wecom.post("externalcontact/batch/get_by_user", userid_list=["new"])["errcode"] == 701008


def test_a_remark_overwrites_and_clears(wecom, pair):
    wecom.post("externalcontact/remark", **pair, remark="常客", remark_mobiles=["13800000000"], remark_company="花店")

    wecom.post("externalcontact/remark", **pair, remark_mobiles=[""], description="爱花")

    seen = wecom.get("externalcontact/get", external_userid=pair["external_userid"])["follow_user"][0]
    assert (seen["remark"], seen["remark_mobiles"], seen["description"]) == ("常客", [], "爱花")
    assert seen["remark_corp_name"] == "花店"
    assert wecom.post("externalcontact/remark", **pair)["errcode"] == 40058
    assert wecom.post("externalcontact/remark", **pair, remark="字" * 21)["errcode"] == 40058


def test_tags_belong_to_the_pair(wecom, pair):
    other = {"userid": "zhou", "external_userid": pair["external_userid"]}
    wecom.ask("POST", "scan", **other)
    group = wecom.post("externalcontact/add_corp_tag", group_name="喜好", tag=[{"name": "鲜花"}, {"name": "鲜花"}])
    (tag,) = group["tag_group"]["tag"]

    assert wecom.post("externalcontact/mark_tag", **pair, add_tag=[tag["id"]])["errcode"] == 0

    seen = wecom.get("externalcontact/get", external_userid=pair["external_userid"])["follow_user"]
    assert [len(one["tags"]) for one in seen] == [1, 0]
    assert wecom.post("externalcontact/mark_tag", **pair)["errcode"] == 40063
    assert wecom.post("externalcontact/mark_tag", **pair, add_tag=["et-made-up"])["errcode"] == 40068
    assert wecom.post("externalcontact/mark_tag", **{**pair, "userid": "boss"}, add_tag=[tag["id"]])["errcode"] == 84061


def test_an_app_changes_only_the_tags_it_made(wecom):
    theirs = wecom.ask("POST", "tags", status=201, group="喜好", name="鲜花")
    mine = wecom.post("externalcontact/add_corp_tag", group_id=theirs["group_id"], tag=[{"name": "多肉", "order": 5}])
    (tag,) = mine["tag_group"]["tag"]

    assert wecom.post("externalcontact/edit_corp_tag", id=theirs["id"], name="花")["errcode"] == 81011
    assert wecom.post("externalcontact/del_corp_tag", group_id=[theirs["group_id"]])["errcode"] == 81011
    assert wecom.post("externalcontact/edit_corp_tag", id=tag["id"], name="鲜花")["errcode"] == 40071
    assert wecom.post("externalcontact/edit_corp_tag", id=tag["id"], name="绿植")["errcode"] == 0
    names = [one["name"] for one in wecom.post("externalcontact/get_corp_tag_list")["tag_group"][0]["tag"]]
    assert sorted(names) == sorted(["鲜花", "绿植"])


def test_the_last_tag_takes_its_group_along_and_shows_only_by_id(wecom, pair):
    made = wecom.post("externalcontact/add_corp_tag", group_name="临时", tag=[{"name": "一"}])["tag_group"]
    tag_id = made["tag"][0]["id"]
    wecom.post("externalcontact/mark_tag", **pair, add_tag=[tag_id])

    assert wecom.post("externalcontact/del_corp_tag", tag_id=[tag_id])["errcode"] == 0

    assert wecom.post("externalcontact/get_corp_tag_list")["tag_group"] == []
    (gone,) = wecom.post("externalcontact/get_corp_tag_list", tag_id=[tag_id])["tag_group"]
    assert gone["deleted"]
    assert gone["tag"][0]["deleted"]
    seen = wecom.get("externalcontact/get", external_userid=pair["external_userid"])["follow_user"][0]
    assert seen["tags"] == []


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"type": 1, "scene": 2, "user": ["Lan", "zhou"]}, 40058),
        ({"type": 1, "scene": 2, "user": []}, 40058),
        ({"type": 3, "scene": 2, "user": ["Lan"]}, 40058),
        ({"type": 1, "scene": 2, "user": ["nobody"]}, 40003),
        ({"type": 1, "scene": 2, "user": ["boss"]}, 41054),
        ({"type": 1, "scene": 2, "user": ["Lan"], "state": "x" * 31}, 40058),
        ({"type": 1, "scene": 2, "user": "Lan"}, 40035),
        ({"type": 2, "scene": 2, "party": [99]}, 60003),
    ],
)
def test_a_contact_way_that_cannot_be_is_refused(wecom, body, errcode):
    assert wecom.post("externalcontact/add_contact_way", **body)["errcode"] == errcode


def test_a_contact_way_is_made_changed_listed_scanned_and_deleted(wecom):
    made = wecom.post("externalcontact/add_contact_way", type=2, scene=2, user=["Lan", "zhou"], state="door")
    config = {"config_id": made["config_id"]}

    assert wecom.post("externalcontact/update_contact_way", **config, remark="门口", state="gate")["errcode"] == 0
    scans = [wecom.ask("POST", "scan", state="gate") for _ in range(4)]

    way = wecom.post("externalcontact/get_contact_way", **config)["contact_way"]
    assert (way["remark"], way["user"]) == ("门口", ["Lan", "zhou"])
    assert [one["userid"] for one in scans] == ["Lan", "zhou", "Lan", "zhou"]
    assert wecom.http.get(made["qr_code"]).headers["Content-Type"].startswith("image/svg")
    assert wecom.post("externalcontact/list_contact_way")["contact_way"] == [config]
    assert wecom.post("externalcontact/del_contact_way", **config)["errcode"] == 0
    assert wecom.post("externalcontact/get_contact_way", **config)["errcode"] == 41044


def test_contact_ways_are_listed_in_pages(wecom):
    made = [wecom.post("externalcontact/add_contact_way", type=1, scene=1, user=["Lan"])["config_id"] for _ in range(3)]

    first = wecom.post("externalcontact/list_contact_way", limit=2)
    second = wecom.post("externalcontact/list_contact_way", limit=2, cursor=first["next_cursor"])

    assert [one["config_id"] for one in first["contact_way"] + second["contact_way"]] == made
    assert "next_cursor" not in second


def test_members_of_departments_are_listed_with_and_without_those_below(wecom):
    assert [m["userid"] for m in wecom.get("user/simplelist", department_id=1)["userlist"]] == ["zhou", "boss"]
    assert len(wecom.get("user/list", department_id=1, fetch_child=1)["userlist"]) == 3
    assert wecom.get("user/list", department_id=9)["errcode"] == 60003
    assert wecom.get("user/list", department_id="x")["errcode"] == 40066
    assert wecom.get("user/get", userid="nobody")["errcode"] == 60111
    assert wecom.get("user/get", userid="LAN")["userid"] == "Lan"
