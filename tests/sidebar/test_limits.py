"""Nobody writes faster than people tap: every write of the sidebar counts, whichever route it takes."""

from callers import caller_of
from models import Audit
from sidebar.limits import REFUSALS, WRITES
from tests.test_bad_input import path_of


def test_every_write_counts_and_too_many_are_refused_for_a_while(app, make, at_the_chat, seat, clock):
    del app.extensions["huitou_sidebar_writes"]
    clock.freeze()
    staffs = [rule for rule in app.url_map.iter_rules() if caller_of(app.view_functions[rule.endpoint]) == "staff"]
    before = {at_the_chat.post("words", {}).status_code for _ in range(WRITES)}

    answers = [
        at_the_chat.post(path_of(rule).removeprefix("/sidebar/"), {}) for rule in staffs if "POST" in rule.methods
    ]

    assert before == {422}
    assert len(answers) > 20
    assert {answer.status_code for answer in answers} == {429}
    assert answers[0].json == {"error": "too_many", "message": "太频繁了，过一分钟再来"}
    assert answers[0].headers["Retry-After"] == "60"
    assert [row.actor for row in make.rows(Audit) if row.outcome == "too_many"] == ["staff:lan"]  # said once
    assert at_the_chat.get("mine").status_code == 200  # reading goes on
    assert seat(make.staff("yu")).post("words", {}).status_code == 422  # a colleague, too
    clock.tick(minutes=1.1)
    assert at_the_chat.post("words", {}).status_code == 422


def test_who_tries_out_ids_is_told_no_more_and_does_not_fill_the_record(app, make, at_the_chat, clock):
    del app.extensions["huitou_sidebar_refusals"]
    clock.freeze()

    answers = [at_the_chat.get(f"customers/{number}/orders").status_code for number in range(REFUSALS + 9)]

    assert answers == [403] * REFUSALS + [429] * 9
    assert [row.outcome for row in make.rows(Audit)] == ["refused"] * REFUSALS + ["too_many"]
    assert at_the_chat.get("mine").status_code == 200
