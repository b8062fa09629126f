"""A form sent twice at the same moment: one does it, the other is told so."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from models import Audit, CouponBatch, User

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
