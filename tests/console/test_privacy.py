"""A customer's personal information: everything in one file, erasing, and the record of processing."""

import csv
import json

from crm import consents, erasure_sweeps
from jobs.retention import forget_old
from models import Audit, Contact, Coupon, HiddenProduct, Identity, Touch
from tests.console.conftest import text_of

ME, OTHER = "王小明", "别人的资料"


def known(make, runtime, name, wm, number, phone="13900001234"):
    contact = make.contact(wm, name=name, followers=(make.staff(),), unionid=f"o-{wm}")
    with runtime.transaction() as session:
        identity = session.get(Identity, contact.identity_id)
        make_consent(session, identity, runtime.now())
        session.add(Touch(
            key=f"t-{wm}", kind="coupon", identity_id=identity.id, customer_id=identity.customer_id, userid="lan",
            external_userid=wm, text_sealed=runtime.vault.seal(f"{name}您好"), state="sent", created_at=runtime.now(),
        ))  # fmt: skip
    make.order(identity, order_no=number, phone_sealed=runtime.vault.seal(phone))
    make.tag(f"爱花{number}", carried_by=(contact,))
    return contact


def make_consent(session, identity, now):
    consents.give(session, identity, "privacy", version="v1", source="landing", now=now)


def test_the_file_has_all_we_hold_of_one_and_nothing_of_a_stranger(signed_in, make, runtime):
    mine, _ = (
        known(make, runtime, ME, "wm-me", "NO-ME"),
        known(make, runtime, OTHER, "wm-other", "NO-OTHER", "13800005678"),
    )
    hidden = {"product_id": make.product(name="台灯").id, "staff_id": make.staff().id, "hidden_at": runtime.now()}
    terms = {
        "batch_id": make.coupon_batch().id, "identity_id": mine.identity_id, "customer_id": mine.customer_id,
        "value_fen": 1, "threshold_fen": 0, "issued_at": runtime.now(), "expires_at": runtime.now(),
    }  # fmt: skip
    for code, claimed_at in (("HT-KEPT", None), ("HT-SHOWN", runtime.now())):
        make._save(Coupon(code=code, occasion=code, claimed_at=claimed_at, **terms))
    make._save(HiddenProduct(identity_id=mine.identity_id, **hidden))
    trusted, plain = signed_in("operator", may_export=True), signed_in("operator")
    page = f"/console/customers/{mine.customer_id}"

    refused = plain.post(f"{page}/export", page="/console/account")
    answer = trusted.post(f"{page}/export", page=f"{page}/privacy")

    whole = json.loads(answer.text)
    assert refused.status_code == 403
    assert whole["contacts"][0]["name"] == ME
    assert whole["touches"][0]["text"] == f"{ME}您好"
    assert (whole["orders"][0]["order_no"], whole["orders"][0]["phone"]) == ("NO-ME", "13900001234")
    assert whole["order_lines"][0]["sku"] == "SKU1"
    assert whole["tags"][0]["tag"] == "爱花NO-ME"
    assert whole["consents"][0]["version"] == "v1"
    assert whole["hidden_products"][0]["product"] == "台灯"
    assert [row["action"] for row in whole["audit"]] == ["customer.export"]
    assert [row.get("code") for row in whole["coupons"]] == [None, "HT-SHOWN"]  # shown once it is claimed
    for strange in (OTHER, "wm-other", "NO-OTHER", "13800005678"):
        assert strange not in answer.text
    deeds = [(row.actor, row.outcome) for row in make.rows(Audit) if row.action == "customer.export"]
    assert deeds == [(f"user:{trusted.user.id}", "done")]


def test_an_owner_erases_a_customer_only_with_the_word_typed_in(signed_in, make, runtime):
    contact = known(make, runtime, ME, "wm-me", "NO-ME")
    here, page = signed_in(), f"/console/customers/{contact.customer_id}"

    asked = text_of(here.get(f"{page}/privacy"))
    wrong = here.post(f"{page}/erase", {"sure": "好"}, page=f"{page}/privacy")
    kept = make.rows(Contact)[0].name
    done = here.post(f"{page}/erase", {"sure": "抹除"}, page=f"{page}/privacy")

    assert "隐私说明 v1" in asked
    assert "企业微信里的好友、聊天和备注不归我们管" in asked
    assert (wrong.status_code, kept, done.status_code) == (422, ME, 303)
    assert make.rows(Contact)[0].name == "已抹除客户"
    assert "已抹除客户" in text_of(here.get(f"{page}/privacy"))
    assert ME not in here.get(page).text
    assert here.post(f"{page}/erase", {"sure": "抹除"}, page="/console/account").status_code == 409


def test_the_record_of_processing_says_what_is_held_how_long_and_who_looked(signed_in, make, runtime):
    contact = known(make, runtime, ME, "wm-me", "NO-ME")
    here = signed_in()
    here.post(f"/console/customers/{contact.customer_id}/export", page="/console/account")
    with runtime.transaction() as session:
        session.add(Audit(at=runtime.now(), actor="=HYPERLINK(1)", action="customer.phone", outcome="done", details={}))

    answer = here.post("/console/privacy/record", page="/console/account")

    lines = list(csv.reader(answer.text.lstrip("\ufeff").splitlines()))
    assert "365 天" in next(line for line in lines if line[1].startswith("发给客户的话"))
    deeds = [(line[1], line[2]) for line in lines if line[0] == "操作"]
    assert ("导出一位客户", f"user:{here.user.id}") in deeds
    assert ("查看完整手机号", "'=HYPERLINK(1)") in deeds
    assert ME not in answer.text


def test_the_words_of_old_messages_go_and_that_they_were_sent_stays(make, runtime, clock):
    known(make, runtime, ME, "wm-me", "NO-ME")
    clock.tick(days=runtime.settings.retention.touch_text_days + 1)

    forget_old(runtime)

    [touch] = make.rows(Touch)
    assert (touch.state, runtime.vault.open_text(touch.text_sealed)) == ("sent", erasure_sweeps.NO_TEXT)
