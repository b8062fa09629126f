"""What to do about a customer: suggested, said, put off, handed over, done."""

from datetime import timedelta

import pytest

from models import Identity, Todo, Touch


@pytest.fixture
def regular(make, runtime, lan):
    """A customer of Lan's who buys every 30 days and has not for 46; live."""
    wang = make.contact("wm_wang", name="苏苏", unionid="u1", followers=(lan,))
    for number in range(4):
        when = runtime.now() - timedelta(days=46 + 30 * number)
        make.order(
            Identity(id=wang.identity_id, customer_id=wang.customer_id),
            ordered_at=when,
            paid_at=when,
            completed_at=when,
        )
    make.gate("live")
    return wang


def card(seat):
    return seat.get("contacts/wm_wang", part=True).text


def test_what_was_suggested_and_said_is_done_and_not_suggested_again(make, at_the_chat, regular):
    assert "今天建议：提醒该回购了" in card(at_the_chat)
    said = {
        "text": "苏苏，给您留一份。",
        "suggestion": "due:order:1",
        "occasion": "tap-tap-tap",
    }  # the first made is newest

    first, again = (at_the_chat.post(f"customers/{regular.customer_id}/say", said) for _ in range(2))
    told = at_the_chat.post(f"touches/{first.json['touch']['id']}/outcome", {"outcome": "sent"})

    assert (first.status_code, first.json["send"], again.json["send"]) == (201, True, False)
    assert told.json["touch"]["state"] == "sent"
    assert [(todo.kind, todo.state) for todo in make.rows(Todo)] == [("suggestion", "done")]
    assert [(touch.kind, touch.state) for touch in make.rows(Touch)] == [("todo", "sent")]
    assert "今天建议" not in card(at_the_chat)


def test_put_off_until_tomorrow_it_is_off_the_screen_today(make, at_the_chat, regular):
    later = at_the_chat.post(f"customers/{regular.customer_id}/todos/later", {"suggestion": "due:order:1"})

    assert later.status_code == 200
    assert "提醒该回购了" not in card(at_the_chat)
    [todo] = make.rows(Todo)
    assert (todo.state, todo.kind) == ("open", "suggestion")


def test_a_suggestion_nobody_makes_is_refused(at_the_chat, regular):
    answer = at_the_chat.post(
        f"customers/{regular.customer_id}/say", {"text": "x", "suggestion": "due:order:9", "occasion": "tap-tap-tap"}
    )

    assert (answer.status_code, answer.json["error"]) == (409, "conflict")


def test_a_call_is_planned_once_handed_to_who_follows_and_finished_with_its_result(
    make, seat, lan, at_the_chat, regular
):
    mei, strange = make.staff("mei"), make.staff("strange")
    make.follow(regular, mei)
    at = (make.runtime.now().astimezone(make.runtime.zone) + timedelta(days=1)).strftime("%Y-%m-%dT10:00")
    body = {"kind": "call", "title": "问问尺码", "text": "您好", "at": at, "occasion": "tap-tap-tap"}

    first, again = (at_the_chat.post(f"customers/{regular.customer_id}/todos", body) for _ in range(2))
    todo_id = first.json["todo"]["id"]
    to_a_stranger = at_the_chat.post(f"todos/{todo_id}/hand-over", {"userid": strange.userid})
    handed = at_the_chat.post(f"todos/{todo_id}/hand-over", {"userid": "mei"})
    no_longer_hers = at_the_chat.post(f"todos/{todo_id}/done", {"result": "x"})
    done = seat(mei).post(f"todos/{todo_id}/done", {"result": "要 M 码"})

    assert (first.status_code, again.json["todo"]["id"]) == (201, todo_id)
    assert (to_a_stranger.status_code, handed.status_code, no_longer_hers.status_code) == (409, 200, 403)
    assert done.status_code == 200
    assert [(todo.state, todo.result, todo.staff_id) for todo in make.rows(Todo)] == [("done", "要 M 码", mei.id)]


def test_in_rehearsal_nothing_is_sent_and_it_stays_to_be_done(make, at_the_chat, regular):
    make.gate("rehearsal")

    answer = at_the_chat.post(
        f"customers/{regular.customer_id}/say", {"text": "x", "suggestion": "due:order:1", "occasion": "tap-tap-tap"}
    )

    assert (answer.status_code, answer.json["send"]) == (200, False)
    assert "演练" in answer.json["message"]
    assert [touch.state for touch in make.rows(Touch)] == ["would_send"]
    assert [todo.state for todo in make.rows(Todo)] == ["open"]
