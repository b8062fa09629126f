"""Customers and groups that are handed over to another member."""

from typing import Any

import pytest

DAY = 86400


@pytest.fixture
def customer(wecom):
    """A customer of Lan's, on a clock that stands still."""
    wecom.ask("PUT", "clock", frozen=True)
    return wecom.add("Lan")["external_userid"]


def hand_over(wecom, customer, path="externalcontact/transfer_customer", **more):
    pair = {"handover_userid": "Lan", "takeover_userid": "zhou", "external_userid": [customer]}
    answer = wecom.post(path, **{**pair, **more})
    return answer["customer"][0]["errcode"] if answer["errcode"] == 0 else answer["errcode"]


def days_pass(wecom, days):
    wecom.advance(days * DAY)
    wecom.sign_in()


def status(wecom, path="externalcontact/transfer_result"):
    (row,) = wecom.post(path, handover_userid="Lan", takeover_userid="zhou")["customer"]
    return row["status"]


def test_a_customer_nobody_asks_is_handed_over_after_a_day(wecom, customer, receiver):
    wecom.ask("POST", "follows/edit", userid="Lan", external_userid=customer, remark="常客")
    wecom.ask("PUT", "callback", url=receiver.url)

    assert hand_over(wecom, customer) == 0
    assert (hand_over(wecom, customer), status(wecom)) == (40129, 2)
    days_pass(wecom, 1)

    assert status(wecom) == 1
    gone, new = sorted((one.fields for one in receiver.wait_for(2)), key=lambda fields: fields["UserID"])
    assert (gone["ChangeType"], gone["UserID"], gone["Source"]) == (
        "del_external_contact",
        "Lan",
        "DELETE_BY_TRANSFER",
    )
    assert (new["ChangeType"], new["UserID"]) == ("add_external_contact", "zhou")
    assert "WelcomeCode" not in new
    (follow,) = wecom.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert (follow["userid"], follow["add_way"], follow["remark"]) == ("zhou", 202, "常客")


def test_a_customer_who_refuses_stays(wecom, customer, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    hand_over(wecom, customer)

    wecom.ask("POST", "transfers/refuse", external_userid=customer)
    days_pass(wecom, 2)

    (failed,) = receiver.wait_for(1)
    assert (failed.fields["ChangeType"], failed.fields["FailReason"]) == ("transfer_fail", "customer_refused")
    assert status(wecom) == 3
    assert wecom.get("externalcontact/list", userid="Lan")["external_userid"] == [customer]
    wecom.ask("POST", "transfers/refuse", status=409, external_userid=customer)


def test_a_member_who_is_full_by_then_takes_nobody_over(wecom, customer, receiver):
    hand_over(wecom, customer)
    wecom.ask("PUT", "rules", customers_per_member=0)
    wecom.ask("PUT", "callback", url=receiver.url)

    days_pass(wecom, 1)

    (failed,) = receiver.wait_for(1)
    assert failed.fields["FailReason"] == "customer_limit_exceed"
    assert status(wecom) == 4
    assert hand_over(wecom, customer) == 40099


def test_a_customer_is_handed_over_twice_in_ninety_days(wecom, customer):
    pair = ("Lan", "zhou")
    for giver, taker in (pair, pair[::-1]):
        assert hand_over(wecom, customer, handover_userid=giver, takeover_userid=taker) == 0
        days_pass(wecom, 1)

    assert hand_over(wecom, customer) == 40128
    days_pass(wecom, 90)
    assert hand_over(wecom, customer) == 0


def test_the_customers_of_who_left_wait_to_be_assigned(wecom, customer, receiver):
    resigned = "externalcontact/resigned/transfer_customer"
    assert hand_over(wecom, customer, resigned) == 40097
    wecom.change_staff("Lan", status=5)
    (waiting,) = wecom.post("externalcontact/get_unassigned_list")["info"]
    wecom.ask("PUT", "callback", url=receiver.url)

    assert hand_over(wecom, customer) == 40003
    assert hand_over(wecom, customer, resigned) == 0
    assert wecom.post("externalcontact/get_unassigned_list")["info"] == []
    days_pass(wecom, 1)

    assert (waiting["handover_userid"], waiting["external_userid"]) == ("Lan", customer)
    assert status(wecom, "externalcontact/resigned/transfer_result") == 1
    (new,) = receiver.wait_for(1)
    assert (new.fields["ChangeType"], new.fields["UserID"]) == ("add_external_contact", "zhou")
    assert receiver.stays_at(1)


def test_what_cannot_be_handed_over_has_its_code(wecom, customer):
    assert hand_over(wecom, customer, takeover_userid="lan") == 40130
    assert hand_over(wecom, customer, takeover_userid="boss") == 84074
    assert hand_over(wecom, customer, handover_userid="zhou", takeover_userid="Lan") == 40131
    assert hand_over(wecom, "wm" + "x" * 30) == 40096
    assert hand_over(wecom, customer, external_userid=["x"] * 101) == 40032
    assert hand_over(wecom, customer, external_userid=[]) == 41035


def test_groups_are_handed_over_in_service_and_after_leaving(wecom):
    def give(path, owner, chat_id):
        answer = wecom.post(f"externalcontact/groupchat/{path}", chat_id_list=[chat_id], new_owner=owner)
        return [failed["errcode"] for failed in answer["failed_chat_list"]]

    mine = wecom.ask("POST", "groups", status=201, name="群", owner="Lan")["chat_id"]

    assert give("transfer", "zhou", mine) == [90500]
    assert give("onjob_transfer", "lan", mine) == [90504]
    assert give("onjob_transfer", "zhou", "wr" + "x" * 30) == [90501]
    assert give("onjob_transfer", "zhou", mine) == give("onjob_transfer", "Lan", mine) == []
    assert give("onjob_transfer", "zhou", mine) == [40128]
    wecom.change_staff("Lan", status=5)
    assert give("onjob_transfer", "zhou", mine) == [90502]
    assert give("transfer", "zhou", mine) == []
    assert wecom.post("externalcontact/groupchat/list", limit=9)["group_chat_list"] == [{"chat_id": mine, "status": 3}]
    assert wecom.post("externalcontact/groupchat/get", chat_id=mine)["group_chat"]["owner"] == "zhou"


def test_everybody_who_counts_is_listed_friends_first(wecom):
    friend = wecom.add("Lan", name="苏婉清")["external_userid"]
    wecom.ask("POST", "scan", userid="zhou", external_userid=friend)
    stranger = wecom.ask("POST", "customers", status=201, name="陈明月")["external_userid"]
    seats = [{"external_userid": friend}, {"external_userid": stranger}]
    chats = [wecom.ask("POST", "groups", status=201, name=f"群{n}", owner="zhou", members=seats) for n in (1, 2)]

    rows: list[dict[str, Any]] = []
    cursor = None
    while cursor != "":
        answer = wecom.post("externalcontact/contact_list", limit=1, cursor=cursor or "")
        rows, cursor = rows + answer["info_list"], answer["next_cursor"]

    assert [(row["is_customer"], row["follow_userid"], row.get("chat_id")) for row in rows] == [
        (True, "Lan", None),
        (True, "zhou", None),
        (False, "zhou", chats[0]["chat_id"]),
        (False, "zhou", chats[1]["chat_id"]),
    ]
    assert [len({row["tmp_openid"] for row in rows[:2]}), len({row["tmp_openid"] for row in rows})] == [1, 2]
    assert (rows[0]["external_userid"], rows[2]["name"]) == (friend, "陈**")
    assert "external_userid" not in rows[2]
    assert wecom.post("externalcontact/contact_list", limit=1001)["errcode"] == 40058
