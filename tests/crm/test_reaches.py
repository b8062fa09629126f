"""The reach: matched = reachable + those without a contact, a sender or a place left; and the audience in words."""

from datetime import timedelta

import pytest

from crm import quotas, reaches, senders
from crm.audiences import Conditions

MONTH = "2026-11"


@pytest.fixture
def reach(runtime):
    def ask(limit=30, **conditions):
        with runtime.reading() as session:
            wanted = Conditions.model_validate(conditions)
            return reaches.reach(session, wanted, now=runtime.now(), month=MONTH, limit=limit)

    return ask


def say(runtime, **conditions):
    with runtime.reading() as session:
        return reaches.in_words(reaches.sentence(session, Conditions.model_validate(conditions)))


def test_nobody_is_said_in_numbers(reach):
    assert reach() == reaches.Reach(0, 0, 0, 0, 0, [])


def test_each_who_is_not_reachable_has_one_reason(make, reach, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    idle, gone = make.staff(serves_customers=False), make.staff(left_at=runtime.now())
    both, full = make.contact(followers=(lan,)), make.contact(followers=(lan,))
    make.follow(both, mei, followed_at=runtime.now() + timedelta(seconds=9))
    make.contact(followers=(mei,))
    make.contact(followers=(idle, gone))
    make.follow(make.contact(), lan, ended_at=runtime.now(), ended_by="customer")
    make.follow(make.contact(), lan, is_half=True)
    make.identity("buyer_id", "b1", "taobao")
    with runtime.transaction() as session:
        quotas.reserve(session, [full.external_userid], MONTH, limit=1)

    found = reach(limit=1)

    assert found[:5] == (7, 2, 1, 3, 1)
    assert [(share.staff.userid, share.customers, share.reachable) for share in found.senders] == [
        ("mei", 2, 2),
        ("lan", 1, 0),
    ]
    assert reach(limit=2).reachable == 3


def test_only_the_staff_an_audience_names_are_senders(make, reach, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    both = make.contact(followers=(lan,))
    make.follow(both, mei, followed_at=runtime.now() + timedelta(seconds=9))
    make.contact(followers=(mei,))

    found = reach(staff_ids=[lan.id])

    assert found[:5] == (1, 1, 0, 0, 0)
    assert [share.staff.userid for share in found.senders] == ["lan"]


def test_of_two_adds_in_one_second_the_lower_staff_id_sends(make, runtime):
    lan, mei = make.staff("lan"), make.staff("mei")
    at = runtime.now()
    contact = make.contact()
    make.follow(contact, mei, followed_at=at)
    make.follow(contact, lan, followed_at=at)

    with runtime.reading() as session:
        found = senders.of(session, [contact.customer_id])

    assert [each.staff_id for each in found.values()] == [lan.id]


def test_a_sample_shows_the_newest_contacts_and_who_would_send(make, runtime):
    lan = make.staff("lan")
    first, second = make.contact(name="小雨", followers=(lan,)), make.contact(name="小风")
    make.identity("buyer_id", "b1", "taobao")

    with runtime.reading() as session:
        found = reaches.sample(session, Conditions(), now=runtime.now(), limit=2)

    assert [(each.customer_id, each.name, each.staff and each.staff.userid) for each in found] == [
        (second.customer_id, "小风", None),
        (first.customer_id, "小雨", "lan"),
    ]


def test_an_audience_is_said_in_one_sentence(make, runtime):
    baby, vip, lan = make.tag("宝妈"), make.tag("大客"), make.staff("lan", name="小兰")

    assert say(runtime) == "所有客户"
    assert say(runtime, tags_all=[baby.id, vip.id], tags_none=[99]) == "有标签 “宝妈”、“大客”，没有标签 “99”"
    assert (
        say(runtime, tags_any=[vip.id], spend_fen={"least": 10050}) == "至少有一个标签：“大客”，累计消费 100.50 元以上"
    )
    assert say(runtime, spend_fen={"most": 10000}) == "累计消费不超过 100 元"
    assert say(runtime, spend_fen={"least": 0, "most": 100}) == "累计消费 0 到 1 元"
    assert say(runtime, orders={"least": 2}, days_since_last={"least": 30}) == "买过 2 次以上，至少 30 天没有下单"
    assert say(runtime, orders={"most": 2}, days_since_last={"most": 30}) == "买过不超过 2 次，30 天内下过单"
    assert (
        say(runtime, orders={"least": 1, "most": 2}, days_since_last={"least": 1, "most": 2}, staff_ids=[lan.id])
        == "买过 1 到 2 次，最后一单在 1 到 2 天前，由 “小兰” 跟进"
    )
