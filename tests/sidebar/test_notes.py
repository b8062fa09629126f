"""Notes, details and the birthday: for those who follow; remarks through WeCom."""

from jobs.contact_edits import write_contact_edits
from models import Follow


def test_a_private_note_is_for_its_author_alone(make, seat, lan, at_the_chat):
    mei = make.staff("mei", name="梅")
    wang = make.contact("wm_wang", followers=(lan, mei))
    path = f"customers/{wang.customer_id}/notes"
    for text, only in (("对香精过敏", False), ("欠我一杯咖啡", True)):
        assert at_the_chat.post(path, {"text": text, "is_private": only}).status_code == 201
    hers = seat(mei)

    assert [note["text"] for note in at_the_chat.get(path).json["notes"]] == ["欠我一杯咖啡", "对香精过敏"]
    [seen] = hers.get(path).json["notes"]
    assert (seen["text"], seen["mine"]) == ("对香精过敏", False)
    assert hers.post(f"notes/{seen['id']}/delete").status_code == 403
    assert "欠我" not in hers.get(path, part=True).text


def test_lengths_and_dates_are_enforced_and_the_birthday_shows_when_near(make, runtime, lan, at_the_chat):
    wang = make.contact("wm_wang", followers=(lan,))
    path, tap = f"customers/{wang.customer_id}/profile", {"occasion": "tap-tap-tap"}
    soon = f"{runtime.now().astimezone(runtime.zone):%m-%d}"

    assert at_the_chat.post(path, tap | {"remark": "长" * 21}).status_code == 422
    assert at_the_chat.post(path, tap | {"birthday": "02-30"}).status_code == 422
    assert at_the_chat.post(path, tap | {"fields": {"没有这一项": "x"}}).status_code == 422
    assert at_the_chat.post(path, tap | {"birthday": soon}).status_code == 202
    assert "今天生日" in at_the_chat.get("contacts/wm_wang", part=True).text


def test_a_remark_is_ours_once_wecom_has_it(make, runtime, sandbox, lan, at_the_chat):
    wang = make.contact("wm_wang", followers=(lan,))
    make.gate("rehearsal")
    path = f"customers/{wang.customer_id}/profile"
    at_the_chat.post(path, {"remark": "苏婉清", "occasion": "tap-tap-tap"})

    assert at_the_chat.get(path).json["writing"] == "planned"
    write_contact_edits(runtime)

    assert [follow.remark for follow in make.rows(Follow)] == [""]
    assert at_the_chat.get(path).json["writing"] == "would_send"
