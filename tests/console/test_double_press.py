"""A form sent twice at the same moment: one does it, the other is told so."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from models import Audit, CouponBatch, Push, User

BATCH = {"value": "5", "threshold": "50", "total": "10", "per_customer": "1", "valid_days": "7"}


@pytest.mark.parametrize(
    ("path", "name", "fields", "table"),
    [
        ("/console/coupons", "name", BATCH, CouponBatch),
        ("/console/users", "login", {"name": "兰", "role": "finance"}, User),
    ],
)
def test_one_button_pressed_by_eight_hands_does_one_thing(app, signed_in, make, path, name, fields, table):
    here = signed_in()
    token = here.token("/console/account")
    session = here.client.get_cookie("huitou_console", path="/console").value
    there = len(make.rows(table))

    def press(value):
        client = app.test_client()
        client.set_cookie("huitou_console", session, path="/console")
        return client.post(path, data={"csrf_token": token, name: value} | fields).status_code

    with ThreadPoolExecutor(8) as hands:
        for turn in range(3):
            answers = sorted(hands.map(press, [f"once-{turn}"] * 8))
            assert answers[0] in (200, 303)
            assert answers[1:] == [409] * 7

    assert len(make.rows(table)) == there + 3
    assert len([row for row in make.rows(Audit) if row.action in ("coupon_batch.create", "user.add")]) == 3


def test_a_push_scheduled_by_eight_hands_goes_out_once(app, signed_in, make):
    here, audience = signed_in(), make.audience()
    token = here.token("/console/account")
    session = here.client.get_cookie("huitou_console", path="/console").value
    [key] = re.findall(r'name="form_key" value="(\w+)"', here.get("/console/pushes/new").text)
    fields = {"name": "上新", "audience_id": str(audience.id), "text": "开抢", "when": "now", "action": "schedule"}

    def press(text):
        client = app.test_client()
        client.set_cookie("huitou_console", session, path="/console")
        return client.post("/console/pushes", data={"csrf_token": token, "form_key": key} | fields | {"text": text})

    with ThreadPoolExecutor(8) as hands:
        answers = list(hands.map(press, ["开抢"] * 8))
    other = press("另外一条")

    assert {(each.status_code, each.headers["Location"]) for each in answers} == {
        (303, "/console/pushes/1?saved=schedule")
    }
    assert [row.text for row in make.rows(Push)] == ["开抢"]
    assert other.status_code == 409
    assert "另外一条" in other.text
    assert f'value="{key}"' not in other.text  # pressed again, it is another push


def test_scheduling_from_a_page_that_has_saved_a_draft_does_not_say_that_it_is_scheduled(signed_in, make):
    here, fields = (
        signed_in(),
        {"name": " 上新", "audience_id": str(make.audience().id), "text": "开抢", "form_key": "k"},
    )
    here.post("/console/pushes", fields | {"action": "save"}, page="/console/account")

    again = here.post("/console/pushes", fields | {"action": "schedule", "when": "now"}, page="/console/account")

    assert again.headers["Location"] == "/console/pushes/1"
    assert [row.state for row in make.rows(Push)] == ["draft"]
