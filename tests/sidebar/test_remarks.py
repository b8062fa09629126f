"""What staff call a customer goes to WeCom and comes back from there, at its greatest length and no longer."""

from jobs.contact_edits import write_contact_edits
from models import ContactEdit, Follow
from tests.sidebar.test_tags import CHAT, wang  # noqa: F401

LONGEST = {"remark": "苏" * 18 + "🌹\u202e", "description": "只推无香款\n" + "字" * 144}  # 20 and 150 characters


def at_wecom(runtime):
    [follow] = runtime.wecom.customer(CHAT).follow_user
    return {"remark": follow.remark, "description": follow.description}


def test_what_staff_write_is_at_wecom_and_then_here(make, runtime, at_the_chat, wang):  # noqa: F811
    path = f"customers/{wang.customer_id}/profile"

    for name, longest in LONGEST.items():
        too_long = at_the_chat.post(path, {name: f"{longest}长", "occasion": "tap-tap-tap"})
        assert (too_long.status_code, too_long.json["field"]) == (422, name)
    assert make.rows(ContactEdit) == []

    for number, words in enumerate((LONGEST, {"remark": "苏婉清"}, {"remark": "", "description": ""})):
        before = at_wecom(runtime)
        assert at_the_chat.post(path, {**words, "occasion": f"tap-tap-{number}"}).json == {"writing": "planned"}
        assert at_wecom(runtime) == before  # only the job speaks to WeCom
        write_contact_edits(runtime)
        assert at_wecom(runtime) == before | words
        shown = at_the_chat.get(path).json
        assert {name: shown[name] for name in before} == before | words
        assert shown["writing"] is None
    assert [(row.remark, row.description) for row in make.rows(Follow)] == [("", "")]


def test_what_wecom_does_not_take_is_said_and_not_kept(make, runtime, sandbox, at_the_chat, wang):  # noqa: F811
    sandbox.post("/sandbox/follows/delete", {"userid": "lan", "external_userid": CHAT, "by": "staff"})
    path = f"customers/{wang.customer_id}/profile"

    at_the_chat.post(path, {"remark": "苏婉清", "occasion": "tap-tap-tap"})
    write_contact_edits(runtime)

    assert at_the_chat.get(path).json["writing"] == "failed"
    assert "没写成" in at_the_chat.get(path, part=True).text
    assert [row.remark for row in make.rows(Follow)] == [""]
