"""The sidebar by itself: one's own to-dos, customers, figures, and nobody else's."""

from datetime import timedelta

from jobs.todos import remind_of_todos
from models import StaffMessage


def test_only_ones_own_customers_are_found_by_name_or_remark(make, lan, at_the_chat):
    mine, theirs = make.contact("wm_mine", name="苏苏"), make.contact("wm_theirs", name="苏苏的朋友")
    make.follow(mine, lan, remark="湿巾大户")
    make.follow(theirs, make.staff("mei"))

    everybody, by_name, by_remark, nobody = (
        at_the_chat.get(f"mine?q={words}").json["customers"] for words in ("", "苏苏", "大户", "%")
    )

    assert [one["external_userid"] for one in everybody] == ["wm_mine"]
    assert everybody == by_name == by_remark
    assert nobody == []


def test_figures_are_ones_own(make, lan, at_the_chat):
    wang = make.contact("wm_wang", followers=(lan,))
    for userid, state in (("lan", "sent"), ("lan", "failed"), ("mei", "sent")):
        make.touch(state, kind="coupon", userid=userid, external_userid=wang.external_userid)

    assert at_the_chat.get("mine/figures").json == {"sent": 1, "opened": 0, "used": 0, "revenue_fen": 0}


def test_a_reminder_is_told_once_when_it_is_due(make, runtime, clock, lan, at_the_chat):
    wang = make.contact("wm_wang", followers=(lan,))
    at = (runtime.now().astimezone(runtime.zone) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    body = {"kind": "reminder", "title": "问问尺码", "at": at, "occasion": "tap-tap-tap"}
    assert at_the_chat.post(f"customers/{wang.customer_id}/todos", body).status_code == 201

    early = remind_of_todos(runtime)
    clock.tick(hours=3)
    told, again = remind_of_todos(runtime), remind_of_todos(runtime)

    assert (early, told, again) == (0, 1, 0)
    [message] = make.rows(StaffMessage)
    assert (message.kind, message.userid) == ("card", "lan")
    assert "/sidebar/?to=wm_wang" in runtime.vault.open_text(message.body_sealed)
    assert at_the_chat.get("mine").json["todos"][0]["title"] == "问问尺码"
