"""The report of a sending: figures, who waits, reminders, and pausing, going on, cancelling by hand."""

import re
from datetime import timedelta

import pytest

from jobs.mass import create_tasks
from jobs.mass_results import read_results
from models import MassMessage, MassRecipient, MassTask
from tests.console.conftest import text_of
from tests.drop_weeks import MONDAY, Weeks
from tests.masses import Masses

PAGE = "/console/account"
PART = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    make.gate("live")
    return Masses(runtime, make, sandbox)


@pytest.fixture
def message(masses):
    """A message to two colleagues' customers, not yet at WeCom."""
    masses.shop(lan=3, mei=2)
    return masses.message("您好，我是{同事}")


def page_of(here, message):
    return text_of(here.get(f"/console/messages/{message.id}"))


def set_rows(runtime, table, **values):
    with runtime.transaction() as session:
        for row in session.query(table).all():
            for name, value in values.items():
                setattr(row, name, value)


def test_the_report_follows_a_sending_to_its_end(signed_in, masses, message, runtime, clock):
    here = signed_in("operator")
    create_tasks(runtime)
    created = page_of(here, message)
    clock.tick(minutes=5)
    masses.confirm("lan")
    clock.tick(hours=1)
    read_results(runtime)
    half = page_of(here, message)

    assert "计划 5 已建任务 5 待员工发送 5 已发送 0" in " ".join(
        created.replace("人", "").replace("导购lan等 2 位还没点", "").split()
    )
    assert "已发送 3 人" in half
    assert "导购mei还没点" in half
    assert "3 / 3" in half
    assert "已发完" in half
    assert "您好，我是导购lan" in half


def test_a_moving_report_renews_itself_and_a_settled_one_does_not(signed_in, message, runtime, make):
    here = signed_in("operator")
    path = f"/console/messages/{message.id}"

    moving = here.get(path).get_data(as_text=True)
    part = here.get(f"{path}?part=progress", **PART).get_data(as_text=True)
    set_rows(runtime, MassMessage, state="done", settled_at=runtime.now())
    settled = here.get(path).get_data(as_text=True)
    last = here.get(f"{path}?part=progress", **PART)

    assert 'hx-trigger="every 2s"' in moving
    assert "<html" not in part
    assert 'hx-swap-oob="true"' in part
    assert "every 2s" not in settled
    assert (last.status_code, last.headers["HX-Refresh"]) == (204, "true")


def test_pausing_going_on_and_cancelling_say_what_they_do(signed_in, message, make, runtime, masses):
    here = signed_in("operator")
    path = f"/console/messages/{message.id}"

    def wish(action):
        return here.post(f"{path}/state", {"action": action}, page=PAGE)

    assert "照样能点发送" in text_of(here.get(f"{path}?ask=pause"))
    assert wish("pause").status_code == 303
    create_tasks(runtime)
    assert masses.at_wecom() == []
    assert "继续" in page_of(here, message)
    assert wish("resume").status_code == 303
    create_tasks(runtime)
    assert len(masses.at_wecom()) == 2
    assert "会从他们那里撤回" in text_of(here.get(f"{path}?ask=cancel"))
    assert wish("cancel").status_code == 303
    refused = wish("resume")

    assert refused.status_code == 409
    assert "没有暂停" in text_of(refused)
    assert make.rows(MassMessage)[0].state == "cancelled"


def test_while_all_is_stopped_nothing_is_resumed(signed_in, message, make):
    here = signed_in("operator")
    path = f"/console/messages/{message.id}/state"
    here.post(path, {"action": "pause"}, page=PAGE)
    make.gate("stopped")

    answer = here.post(path, {"action": "resume"}, page=PAGE)

    assert answer.status_code == 409
    assert "现在全部停发" in text_of(answer)
    assert make.rows(MassMessage)[0].state == "paused"


def test_a_colleague_is_reminded_three_times_a_day_at_most(signed_in, message, make, runtime):
    here = signed_in("operator")
    create_tasks(runtime)
    [task] = [task for task in make.rows(MassTask) if task.userid == "lan"]
    path = f"/console/messages/{message.id}/reminders"

    first = here.post(path, {"staff_id": str(task.staff_id)}, page=PAGE)
    set_rows(runtime, MassTask, reminded=3, reminded_at=runtime.now(), next_try_at=None)
    fourth = here.post(path, {"staff_id": str(task.staff_id)}, page=PAGE)

    assert (first.status_code, fourth.status_code) == (303, 409)
    assert "24 小时内最多提醒 3 次" in text_of(fourth)
    assert "24 小时内提醒过 3 次了" in page_of(here, message)
    assert here.post(path, {"staff_id": "999"}, page=PAGE).status_code == 409


def test_tasks_in_doubt_are_listed_with_what_to_do(signed_in, message, runtime):
    set_rows(runtime, MassTask, state="unknown", tried_at=runtime.now(), reason="没有回音，企业微信里也没查到")

    page = page_of(signed_in("operator"), message)

    assert "不会自动再发，免得有人收到两遍" in page
    assert "没有回音，企业微信里也没查到" in page
    assert "群发助手" in page


def test_lists_of_people_go_on_where_they_stopped(signed_in, masses, make, runtime):
    masses.shop(lan=60)
    message = masses.message()
    set_rows(runtime, MassRecipient, state="would_send")
    here = signed_in("operator")
    path = f"/console/messages/{message.id}/people?state=would_send"

    first = here.get(path).get_data(as_text=True)
    rows = make.rows(MassRecipient)
    rest = here.get(f"{path}&after={rows[49].id}", **PART).get_data(as_text=True)

    assert "演练：会发给他们" in first
    assert [row.target in first for row in rows] == [True] * 50 + [False] * 10
    assert [row.target in rest for row in rows] == [False] * 50 + [True] * 10
    assert "<html" not in rest
    assert here.get(f"/console/messages/{message.id}/people?state=nonsense").status_code == 404


@pytest.mark.parametrize("fields", [{"action": "delete"}, {}, {"action": "pause", "more": "1"}, {"action": "a\0"}])
def test_a_wish_nobody_offers_changes_nothing(signed_in, message, make, fields):
    answer = signed_in("operator").post(f"/console/messages/{message.id}/state", fields, page=PAGE)

    assert answer.status_code == 422
    assert make.rows(MassMessage)[0].state == "sending"


@pytest.mark.parametrize("staff_id", ["", "x", "-1", "٣", "9" * 19, "1\0"])
def test_a_reminder_of_nobody_is_refused(signed_in, message, staff_id):
    answer = signed_in("operator").post(f"/console/messages/{message.id}/reminders", {"staff_id": staff_id}, page=PAGE)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("role", "reads", "people", "changes"),
    [("operator", 200, 200, 303), ("manager", 200, 403, 403), ("developer", 403, 403, 403), ("finance", 403, 403, 403)],
)
def test_who_may_read_who_sees_names_and_who_may_change(signed_in, message, role, reads, people, changes):
    here = signed_in(role)
    path = f"/console/messages/{message.id}"

    assert here.get(path).status_code == reads
    assert here.get(f"{path}/people?state=planned").status_code == people
    assert here.post(f"{path}/state", {"action": "pause"}, page=PAGE).status_code == changes
    reminded = here.post(f"{path}/reminders", {"staff_id": "1"}, page=PAGE).status_code
    assert reminded == (409 if changes == 303 else 403)
    if role == "manager":
        assert "看名单" not in page_of(here, message)


def test_one_that_is_not_there_says_so(signed_in):
    here = signed_in("operator")

    assert here.get("/console/messages/9").status_code == 404
    assert here.post("/console/messages/9/state", {"action": "pause"}, page=PAGE).status_code == 404


def test_a_part_of_a_drop_is_counted_in_groups_and_leads_back_to_its_edition(signed_in, runtime, make, sandbox, clock):
    weeks = Weeks(runtime, make, sandbox, clock)
    weeks.series()
    weeks.pass_until(MONDAY + timedelta(days=3, hours=11))
    [message] = make.rows(MassMessage)
    here = signed_in("operator")

    page = here.get(f"/console/messages/{message.id}")
    edition = re.search(r'href="(/console/drops\?edition=\d+)"', page.get_data(as_text=True))

    assert "计划 3 个群，已建任务 3 个群，待员工发送 3 个群" in page.get_data(as_text=True)
    assert "周五花市" in text_of(page)
    assert edition
    assert here.get(edition[1]).status_code == 200
    assert "花友一群" in text_of(here.get(f"/console/messages/{message.id}/people?state=created"))
    assert "1 次群发等同事点发送" in text_of(here.get("/console/"))
