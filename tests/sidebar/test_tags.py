"""Tags written to WeCom: on record, in turn, and what did not go is said."""

import pytest

from crm import contact_edits
from jobs.contact_edits import write_contact_edits
from models import ContactEdit, TagAssignment

CHAT = "wmAAAAwangAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def wang(make, sandbox, lan):
    """Lan's customer, at WeCom and here; live."""
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "店", "parentid": 0}],
            "staff": [{"userid": "lan", "name": "林岚", "department": [1]}],
            "customers": [{"external_userid": CHAT, "name": "苏苏"}],
            "follows": [{"userid": "lan", "external_userid": CHAT, "createtime": 1740000000}],
        },
    )
    make.gate("live")
    return make.contact(CHAT, name="苏苏", followers=(lan,))


@pytest.fixture
def tag(make, sandbox):
    wecom_id = sandbox.post("/sandbox/tags", {"group": "喜好", "name": "爱买鲜花"})["id"]
    return make.tag("爱买鲜花", wecom_id=wecom_id)


def mark(seat, wang, tag, *, on=True, occasion="tap-tap-tap"):
    return seat.post(f"customers/{wang.customer_id}/tags", {"tag_id": tag.id, "on": on, "occasion": occasion})


def test_a_tag_is_on_record_then_written_then_carried(make, runtime, sandbox, at_the_chat, wang, tag):
    answer = mark(at_the_chat, wang, tag)
    assert (answer.status_code, answer.json["edit"]["state"]) == (202, "planned")
    assert "写入中" in at_the_chat.get(f"customers/{wang.customer_id}/tags", part=True).text
    assert make.rows(TagAssignment) == []

    write_contact_edits(runtime)

    assert [(row.tag_id, row.source) for row in make.rows(TagAssignment)] == [(tag.id, "staff")]
    assert "写入中" not in at_the_chat.get(f"customers/{wang.customer_id}/tags", part=True).text
    mark(at_the_chat, wang, tag, on=False, occasion="another-tap")
    write_contact_edits(runtime)
    assert make.rows(TagAssignment) == []


def test_what_wecom_refuses_is_said_and_tried_again_on_a_tap(make, runtime, sandbox, at_the_chat, wang, tag):
    sandbox.faults({"on": "call", "path": "externalcontact/mark_tag", "errcode": 40068, "times": 1})
    mark(at_the_chat, wang, tag)
    write_contact_edits(runtime)
    assert "没写成 · 重试" in at_the_chat.get(f"customers/{wang.customer_id}/tags", part=True).text

    at_the_chat.post(f"edits/{make.rows(ContactEdit)[0].id}/retry", {})
    write_contact_edits(runtime)

    assert [row.state for row in make.rows(ContactEdit)] == ["done"]


def test_those_of_a_pair_go_one_after_the_other(make, runtime, lan, at_the_chat, wang, tag):
    mark(at_the_chat, wang, tag)
    mark(at_the_chat, wang, tag, on=False, occasion="another-tap")

    with runtime.transaction() as session:
        first = contact_edits.claim(session, now=runtime.now())
        blocked = contact_edits.claim(session, now=runtime.now())
        assert first is not None
        contact_edits.done(session, first, now=runtime.now())
        second = contact_edits.claim(session, now=runtime.now())

    assert blocked is None
    assert second is not None
    assert (first.kind, second.kind) == ("tag", "untag")
