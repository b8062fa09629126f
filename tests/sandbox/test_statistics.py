"""What members did with their customers, by day."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def noon(wecom):
    """Noon of a day in the shop's zone, where the sandbox's clock stands."""
    at = datetime(2026, 11, 20, 12, tzinfo=ZONE)
    wecom.ask("PUT", "clock", now=at.timestamp(), frozen=True)
    return at


def ask(wecom, noon, **more):
    start = int(noon.replace(hour=0).timestamp())
    asked = {"userid": ["lan"], "start_time": start, "end_time": start, **more}
    return wecom.post("externalcontact/get_user_behavior_data", **asked)


def say(wecom, who, sender, text):
    said = {"userid": "lan", "external_userid": who, "from": sender, "text": text}
    wecom.ask("POST", "messages", status=201, **said)


def test_a_day_is_counted_once_it_is_over(wecom, noon):
    customers = [wecom.add()["external_userid"] for _ in range(3)]
    for who in customers[:2]:
        wecom.ask(
            "POST", "messages", status=201, userid="lan", external_userid=who, **{"from": "customer"}, text="在吗"
        )
    wecom.advance(600)
    for who in (customers[0], customers[2]):
        say(wecom, who, "staff", "在的")
    wecom.ask("POST", "follows/delete", userid="lan", external_userid=customers[2], by="customer")
    before = ask(wecom, noon)["behavior_data"]

    wecom.advance(86400)
    [day] = ask(wecom, noon)["behavior_data"]

    assert before == []
    assert day == {
        "stat_time": int(noon.replace(hour=0).timestamp()), "chat_cnt": 2, "message_cnt": 2, "reply_percentage": 50.0,
        "avg_reply_time": 10, "negative_feedback_cnt": 1, "new_apply_cnt": 0, "new_contact_cnt": 3,
    }  # fmt: skip


def test_several_members_are_summed_and_departments_count_with_those_below(wecom, noon):
    wecom.add("Lan"), wecom.add("zhou")
    wecom.advance(86400)

    by_name, by_party = ask(wecom, noon, userid=["lan", "zhou"]), ask(wecom, noon, userid=[], partyid=[1])

    assert [row["new_contact_cnt"] for row in by_name["behavior_data"] + by_party["behavior_data"]] == [2, 2]


def test_what_is_asked_wrongly_is_refused(wecom, noon):
    day = timedelta(days=1)
    start = int(noon.timestamp())
    wrong: dict[int, list[dict[str, Any]]] = {
        40058: [{"userid": []}, {"end_time": start - 86400 * 2}, {"start_time": int((noon - 31 * day).timestamp())},
                {"start_time": int((noon - 181 * day).timestamp()), "end_time": int((noon - 180 * day).timestamp())}],
        40032: [{"userid": ["lan"] * 101}],
        60111: [{"userid": ["nobody"]}],
        60003: [{"userid": [], "partyid": [99]}],
    }  # fmt: skip

    for code, bodies in wrong.items():
        assert [ask(wecom, noon, **body)["errcode"] for body in bodies] == [code] * len(bodies)
    assert ask(wecom, noon, start_time=int((noon - 29 * day).timestamp()))["errcode"] == 0
