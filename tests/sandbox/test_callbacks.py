"""Events on their way: encrypted, signed, tried three times, and bent by the switches."""

import time

import pytest


@pytest.fixture
def address(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    return receiver


def settled(wecom):
    """The callback figures once nothing is on its way any more."""
    for _ in range(200):
        figures = wecom.ask("GET", "callback")
        if not figures["pending"]:
            return figures
        time.sleep(0.05)
    raise AssertionError(figures)


def test_an_add_is_pushed_with_state_and_welcome_code(wecom, address):
    wecom.ask("POST", "load", contact_ways=[{"user": ["lan"], "state": "门店&<1>"}])

    made = wecom.ask("POST", "scan", state="门店&<1>")

    (pushed,) = address.wait_for(1)
    assert pushed.fields["Event"] == "change_external_contact"
    assert pushed.fields["ChangeType"] == "add_external_contact"
    assert pushed.fields["FromUserName"] == "sys"
    assert pushed.fields["State"] == "门店&<1>"
    assert pushed.fields["WelcomeCode"] == made["welcome_code"]
    assert pushed.fields["ExternalUserID"] == made["external_userid"]


def test_client_actions_are_pushed_and_api_writes_are_not(wecom, address):
    pair = {"userid": "Lan", "external_userid": wecom.add()["external_userid"]}
    tag = wecom.ask("POST", "tags", status=201, group="喜好", name="鲜花")["id"]

    assert wecom.post("externalcontact/mark_tag", **pair, add_tag=[tag])["errcode"] == 0
    assert wecom.post("externalcontact/remark", **pair, remark="常客")["errcode"] == 0
    assert wecom.post("externalcontact/add_corp_tag", group_name="新", tag=[{"name": "一"}])["errcode"] == 0
    wecom.ask("POST", "follows/edit", **pair, remark="老客", remove_tags=["鲜花"])
    wecom.ask("POST", "follows/delete", **pair, by="customer")
    wecom.ask("POST", "follows/delete", **pair, by="staff")

    kinds = sorted(pushed.fields["ChangeType"] for pushed in address.wait_for(6))
    assert kinds == [
        "add_external_contact",
        "create",
        "create",
        "del_external_contact",
        "del_follow_user",
        "edit_external_contact",
    ]
    assert address.stays_at(6)


@pytest.mark.parametrize("status", [500, 302, 204])
def test_anything_but_200_is_tried_three_times_in_all(wecom, address, status):
    address.answer = lambda pushed: (status, b"")

    wecom.add()

    assert settled(wecom)["failed"] == 1
    assert len(address.pushed) == 3
    assert wecom.ask("GET", "events")["events"][0]["delivery"] == {"state": "failed", "tries": 3}
    assert len({pushed.query["nonce"] for pushed in address.pushed}) == 3


def test_an_answer_after_five_seconds_counts_as_none(wecom, address):
    def late_once(pushed):
        if len(address.pushed) == 1:
            time.sleep(5.4)
        return 200, b""

    address.answer = late_once
    wecom.add()

    address.wait_for(2)
    assert settled(wecom)["delivered"] == 1


def test_an_address_must_answer_the_bare_plaintext(wecom, receiver):
    receiver.echo = lambda text: f'"{text}"'.encode()

    refused = wecom.ask("PUT", "callback", status=400, url=receiver.url)

    assert refused["error"] == "callback_refused"
    assert wecom.ask("GET", "callback")["url"] is None


def test_an_address_must_answer_within_a_second(wecom, receiver):
    def slowly(text):
        time.sleep(1.3)
        return text.encode()

    receiver.echo = slowly

    assert wecom.ask("PUT", "callback", status=400, url=receiver.url)["error"] == "callback_refused"


def test_only_loopback_is_pushed_to(wecom):
    assert wecom.ask("PUT", "callback", status=400, url="http://example.com/")["error"] == "callback_refused"


def test_duplicates_are_one_event_in_fresh_envelopes(wecom, address):
    wecom.faults({"on": "callback", "do": "duplicate", "copies": 3, "times": 1})

    wecom.add()
    wecom.add()

    came = address.wait_for(4)
    assert len({frozenset(pushed.fields.items()) for pushed in came}) == 2
    assert len({pushed.body for pushed in came}) == 4
    assert address.stays_at(4)


def test_a_delay_waits_on_the_sandboxs_clock(wecom, address):
    wecom.faults({"on": "callback", "do": "delay", "seconds": 600})
    wecom.add()
    assert address.stays_at(0)

    wecom.advance(601)

    address.wait_for(1)


def test_reordered_events_come_last_first(wecom, address):
    wecom.faults({"on": "callback", "do": "reorder", "window": 3})

    made = [wecom.add()["external_userid"] for _ in range(3)]

    came = [pushed.fields["ExternalUserID"] for pushed in address.wait_for(3)]
    assert came == made[::-1]


def test_a_lone_event_is_not_held_for_ever(wecom, address):
    wecom.faults({"on": "callback", "do": "reorder", "window": 3})

    wecom.add()

    address.wait_for(1, seconds=3)


def test_a_dropped_event_never_comes(wecom, address):
    wecom.faults({"on": "callback", "do": "drop", "times": 1})

    wecom.add()

    assert address.stays_at(0)
    assert wecom.ask("GET", "events")["events"][0]["delivery"]["state"] == "dropped"


def test_five_hundred_events_all_arrive(wecom, address):
    for _ in range(500):
        wecom.ask("POST", "scan", userid="Lan")

    came = address.wait_for(500, seconds=20)

    assert len({pushed.fields["ExternalUserID"] for pushed in came}) == 500
    assert settled(wecom)["delivered"] == 500
