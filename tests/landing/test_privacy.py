"""The privacy page, and the switch that turns recommendations off."""

from crm import consents
from models import Consent, Customer, Identity


def is_off(runtime, make, external_userid):
    [identity] = [row for row in make.rows(Identity) if row.value == external_userid]
    with runtime.reading() as session:
        return consents.personalisation_off(session, identity.customer_id)


def test_recommendations_are_turned_off_before_the_add_stay_off_after_it_and_come_on_again(
    make, corp, sandbox, phone, runtime, clock
):
    visitor = phone()

    opened = visitor.open("/privacy")
    off = visitor.post("/privacy", personalisation="off")
    sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
    added = visitor.open("/privacy")
    after = is_off(runtime, make, visitor.customer)
    clock.tick(seconds=1)
    visitor.post("/privacy", personalisation="on")

    assert "关闭个性化推荐" in opened.text
    assert "关掉了" in off.text
    assert "现在关着" in added.text
    assert after
    assert not is_off(runtime, make, visitor.customer)
    assert {row.kind for row in make.rows(Consent)} == {"personalisation"}


def test_the_text_is_for_everybody_and_reading_it_leaves_no_trace(make, corp, phone):
    visitor, elsewhere = phone(), phone(agent="Chrome")

    answers = [visitor.open("/privacy"), elsewhere.get("/privacy")]
    refused = elsewhere.post("/privacy", personalisation="off")

    assert ["版本 2026-11-27" in answer.text for answer in answers] == [True, True]
    assert "我的小店" in answers[1].text
    assert refused.status_code == 400
    assert make.rows(Customer) == make.rows(Consent) == []
