"""Acquisition links: made by the app, opened by customers, told of by events."""

import pytest

PLACE = "externalcontact/customer_acquisition"


@pytest.fixture
def link(wecom):
    made = wecom.post(f"{PLACE}/create_link", link_name="直播间", range={"user_list": ["lan", "zhou"]})
    return made["link"]["link_id"]


def test_a_customer_who_comes_by_a_link_is_told_of_step_by_step(wecom, link, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    wecom.ask("PUT", "acquisition/quota", total=10, quota_list=[{"expire_date": 1900000000, "balance": 1}])
    step = f"acquisition/{link}"

    wecom.ask("POST", f"{step}/open", customer_channel="live-1")
    wecom.ask("POST", f"{step}/ask", customer_channel="live-1")
    came = wecom.ask("POST", f"{step}/add", customer_channel="字" * 30)
    hers = {"external_userid": came["external_userid"]}
    first = wecom.ask("POST", f"{step}/chat", **hers)
    second = wecom.ask("POST", f"{step}/chat", **hers, text="还有货吗")

    events = {one.fields["ChangeType"]: one.fields for one in receiver.wait_for(6)}
    assert events["open_profile"]["State"] == events["friend_request"]["State"] == "live-1"
    assert (events["add_external_contact"]["UserID"], events["add_external_contact"]["State"]) == ("Lan", "字" * 21)
    assert events["customer_start_chat"]["ExternalUserID"] == hers["external_userid"]
    assert events["message_from_customer"]["ChatKey"] == second["chat_key"]
    assert "balance_exhausted" in events
    assert first["chat_key"] is None
    assert wecom.get("externalcontact/customer_acquisition_quota")["balance"] == 0
    (row,) = wecom.post(f"{PLACE}/customer", link_id=link)["customer_list"]
    assert row == {**hers, "userid": "Lan", "state": "字" * 21, "chat_status": 1}
    told = wecom.post(f"{PLACE}/get_chat_info", chat_key=second["chat_key"])
    assert (told["userid"], told["chat_info"]["recv_msg_cnt"]) == ("Lan", 2)
    wecom.advance(1801)
    assert wecom.post(f"{PLACE}/get_chat_info", chat_key=second["chat_key"])["errcode"] == 40058
    (follow,) = wecom.get("externalcontact/get", **hers)["follow_user"]
    assert follow["add_way"] == 16


def test_links_are_changed_listed_counted_and_deleted(wecom, link, receiver):
    other = wecom.post(f"{PLACE}/create_link", link_name="包裹卡", range={"department_list": [2]})["link"]["link_id"]
    wecom.ask("POST", f"acquisition/{other}/open")
    wecom.ask("POST", f"acquisition/{other}/add")

    assert wecom.post(f"{PLACE}/update_link", link_id=link, link_name="新名", skip_verify=False)["errcode"] == 0
    shown = wecom.post(f"{PLACE}/get", link_id=link)
    first = wecom.post(f"{PLACE}/list_link", limit=1)
    second = wecom.post(f"{PLACE}/list_link", limit=1, cursor=first["next_cursor"])
    counted = wecom.post(f"{PLACE}/statistic", link_id=other, start_time=0, end_time=2**32 - 1)

    assert (shown["link"]["link_name"], shown["skip_verify"]) == ("新名", False)
    assert shown["range"]["user_list"] == ["Lan", "zhou"]
    assert first["link_id_list"] + second["link_id_list"] == [link, other]
    assert (counted["click_link_customer_cnt"], counted["new_customer_cnt"]) == (1, 1)
    assert wecom.post(f"{PLACE}/delete_link", link_id=link)["errcode"] == 0
    assert wecom.post(f"{PLACE}/get", link_id=link)["errcode"] == 40058
    wecom.ask("PUT", "callback", url=receiver.url)
    wecom.ask("DELETE", f"acquisition/{other}")
    wecom.ask("POST", "acquisition/alarm", change="quota_expire_soon", expire_time=1900000000, expire_quota_num=9)
    told = {one.fields["ChangeType"]: one.fields for one in receiver.wait_for(2)}
    assert told["delete_link"]["LinkId"] == other
    assert told["quota_expire_soon"]["ExpireQuotaNum"] == "9"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40058),
        ({"range": {}}, 40058),
        ({"range": {"user_list": ["nobody"]}}, 40003),
        ({"range": {"user_list": ["boss"]}}, 41054),
        ({"range": {"user_list": [7]}}, 40035),
        ({"range": {"department_list": [99]}}, 60003),
    ],
)
def test_a_link_that_leads_to_nobody_is_refused(wecom, body, errcode):
    assert wecom.post(f"{PLACE}/create_link", link_name="链接", **body)["errcode"] == errcode


def test_there_are_only_so_many_links(wecom, link):
    wecom.ask("PUT", "rules", acquisition_links=1)

    answer = wecom.post(f"{PLACE}/create_link", link_name="链接", range={"user_list": ["Lan"]})

    assert (answer["errcode"], answer["link"]) == (41095, {})
