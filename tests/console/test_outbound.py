"""The gate's page, the coupons' and the audit's."""

import pytest

from models import Audit, CouponBatch, Gate
from tests.console.conftest import text_of

PHRASE = "真的发给客户"
BATCH = {"name": "回头券", "value": "15.5", "threshold": "99", "total": "10", "per_customer": "1", "valid_days": "7"}


def test_a_new_installation_rehearses(signed_in, runtime):
    page = text_of(signed_in().get("/console/outbound"))

    assert "演练模式：该发的只记下，不真发" in page
    assert runtime.gate([("lan", "wm1")]) == "rehearsal"


def test_going_live_takes_the_sentence(signed_in, runtime, make):
    here = signed_in()

    almost = here.post("/console/outbound/mode", {"mode": "live", "confirm": "好"}, page="/console/account")
    assert almost.status_code == 422
    assert runtime.gate([("lan", "wm1")]) == "rehearsal"

    here.post("/console/outbound/mode", {"mode": "live", "confirm": PHRASE}, page="/console/account")
    assert runtime.gate([("lan", "wm1")]) == "live"
    assert (make.rows(Audit)[-1].action, make.rows(Audit)[-1].details) == ("gate.live", {"was": "rehearsal"})
    assert make.rows(Gate)[0].changed_by == f"user:{here.user.id}"


def test_one_press_stops_everything_allow_list_included(signed_in, runtime, make):
    make.gate("live", allow_list=("wm1",))
    here = signed_in()

    here.post("/console/outbound/mode", {"mode": "stopped"}, page="/console/account")

    assert runtime.gate([("lan", "wm1")]) == "stopped"
    assert "全部停发中" in text_of(here.get("/console/"))


def test_those_on_the_list_receive_in_rehearsal(signed_in, runtime):
    here = signed_in()

    here.post("/console/outbound/allow-list", {"ids": " wm1 \r\n\r\nwm1\r\nLan"}, page="/console/account")

    assert runtime.gate([("chen", "wm1")]) == "live"
    assert runtime.gate([("Lan", "wm2")]) == "live"
    assert runtime.gate([("chen", "wm2")]) == "rehearsal"


@pytest.mark.parametrize("ids", ["x" * 65, "\n".join(f"wm{n}" for n in range(201))])
def test_a_list_that_is_too_long_is_refused(signed_in, make, ids):
    assert signed_in().post("/console/outbound/allow-list", {"ids": ids}, page="/console/account").status_code == 422
    assert make.rows(Gate) == []


def test_what_did_not_go_out_is_listed_with_its_reason(signed_in, make):
    make.touch("unknown", kind="coupon")
    make.touch("sent")
    here = signed_in()

    page = text_of(here.get("/console/outbound?state=unknown"))

    assert "试过了，没等到回答。不会再发" in page
    assert "说不准 1" in page
    assert "1 条说不准发没发到" in text_of(here.get("/console/"))
    assert "欢迎语 wm1" not in page


def test_a_batch_of_coupons_is_made_in_yuan_and_kept_in_fen(signed_in, make):
    here = signed_in("operator")

    assert here.post("/console/coupons", BATCH, page="/console/account").status_code == 303

    [batch] = make.rows(CouponBatch)
    assert (batch.value_fen, batch.threshold_fen, batch.total, batch.valid_days) == (1550, 9900, 10, 7)
    assert "满 ¥99 减 ¥15.50" in text_of(here.get("/console/coupons"))
    assert make.rows(Audit)[-1].subject == f"coupon_batch:{batch.id}"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("value", "-5"), ("value", "1e3"), ("value", "15.555"), ("value", ""), ("value", "٣"), ("value", "0"),
        ("total", "0"), ("total", "many"), ("total", "9999999999"), ("per_customer", "11"), ("valid_days", "0"),
        ("name", "  "), ("threshold", "15"),
    ],
)  # fmt: skip
def test_a_batch_that_does_not_add_up_keeps_the_input_and_says_why(signed_in, make, field, wrong):
    answer = signed_in().post("/console/coupons", BATCH | {field: wrong}, page="/console/account")

    assert answer.status_code == 422
    assert make.rows(CouponBatch) == []
    page = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in page
    assert all(f'name="{name}"' in page and f'value="{kept}"' in page for name, kept in BATCH.items() if name != field)


def test_a_closed_batch_is_offered_no_longer(signed_in, make):
    batch = make.coupon_batch()
    here = signed_in()

    here.post(f"/console/coupons/{batch.id}/close", page="/console/account")

    assert make.rows(CouponBatch)[0].closed_at is not None
    assert "停发了" in text_of(here.get("/console/coupons"))


def test_the_audit_tells_deeds_and_refusals_in_words(signed_in, make):
    owner, operator = signed_in(), signed_in("operator")
    operator.get("/console/users")
    owner.post("/console/outbound/mode", {"mode": "stopped"}, page="/console/account")

    page = text_of(owner.get("/console/audit"))
    only = text_of(owner.get("/console/audit?action=gate.stopped"))

    assert f"{operator.user.name} 打开账号页" in page
    assert "打开账号页 – 被拒" in page
    assert f"{owner.user.name} 全部停发" in only
    assert "– 被拒" not in only


@pytest.mark.parametrize(
    "fields",
    [
        {"login": "x", "name": "x", "role": "owner"}, {"login": "好人", "name": "x", "role": "owner"},
        {"login": "xx", "name": "", "role": "owner"}, {"login": "xx", "name": "x", "role": "emperor"},
        {"login": "xx", "name": "x"}, {"login": "xx", "name": "x", "role": "owner", "extra": "1"},
        {"login": "xx\0", "name": "x", "role": "owner"}, {"login": ["xx", "yy"], "name": "x", "role": "owner"},
        {"login": "x" * 65, "name": "x", "role": "owner"},
    ],
)  # fmt: skip
def test_a_user_that_does_not_fit_is_not_made(signed_in, make, fields):
    assert signed_in().post("/console/users", fields, page="/console/account").status_code == 422
    assert len(make.rows(Audit)) == 1  # the sign-in alone


def test_emoji_and_right_to_left_names_are_shown_as_they_are(signed_in, make):
    here = signed_in()

    here.post("/console/users", {"login": "xx", "name": "🌸 علي <b>", "role": "finance"}, page="/console/account")

    assert "🌸 علي &lt;b&gt;" in here.get("/console/users").get_data(as_text=True)


def test_ten_megabytes_and_json_are_refused(signed_in):
    here = signed_in()
    token = here.token("/console/account")

    assert here.client.post("/console/users", data={"csrf_token": token, "name": "x" * 10_000_000}).status_code == 413
    assert here.client.post("/console/users", json={"name": "x"}, headers={"X-CSRF-Token": token}).status_code == 422
