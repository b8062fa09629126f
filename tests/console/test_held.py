"""What did not go out: held by the stop or only rehearsed, on the gate's page and among what is to be done."""

import pytest

from crm import mass_reasons
from jobs.mass import create_tasks
from models import MassMessage, StaffMessage
from tests.console.conftest import text_of
from tests.masses import Masses

PAGE = "/console/account"


@pytest.fixture
def masses(runtime, make, sandbox, clock):
    clock.freeze()
    return Masses(runtime, make, sandbox)


def stop(here):
    here.post("/console/outbound/mode", {"mode": "stopped"}, page=PAGE)


def staff_message(make, state):
    now = make.runtime.now()
    make._save(
        StaffMessage(key=f"k{state}", kind="card", body_sealed=b"x", state=state, created_at=now, settled_at=now)
    )


def test_at_first_nothing_was_held_and_nothing_rehearsed(signed_in):
    page = text_of(signed_in().get("/console/outbound"))

    assert "没有扣下什么" in page
    assert "演练模式下到时间的群发、爆款和欢迎语会列在这里" in page


def test_a_stop_says_what_it_held_and_where_to_go_on(signed_in, masses, make, runtime, clock):
    masses.shop(lan=2)
    make.gate("live")
    message = masses.message()
    make.touch("held", kind="coupon")  # of an earlier stop
    clock.tick(seconds=5)
    here = signed_in()
    stop(here)
    make.touch("held", created_at=runtime.now())
    staff_message(make, "held")

    create_tasks(runtime)
    stopped = here.get("/console/outbound")
    make.gate("live")
    live = here.get("/console/outbound")
    here.post(f"/console/messages/{message.id}/state", {"action": "resume"}, page=PAGE)
    resumed = text_of(here.get("/console/outbound"))

    assert make.rows(MassMessage)[0].state == "sending"
    assert "停在半路。打开以后到这里点继续" in text_of(stopped)
    assert "欢迎语 1 条" in text_of(stopped)
    assert "给同事的卡片 1 条" in text_of(stopped)
    assert "券 1 条" not in text_of(stopped)
    assert "1 次群发停在半路，还没继续" in text_of(live)
    assert f'href="/console/messages/{message.id}"' in live.get_data(as_text=True)
    assert "停在半路" not in resumed


def test_a_rehearsal_lists_who_would_have_got_it(signed_in, masses, make, runtime):
    masses.shop(lan=3)
    make.gate("rehearsal")
    message = masses.message()
    create_tasks(runtime)
    here = signed_in("operator")

    page = here.get("/console/outbound")

    assert "会发给 3 人" in text_of(page)
    assert f"/console/messages/{message.id}/people?state=would_send" in page.get_data(as_text=True)
    developer = signed_in("developer").get("/console/outbound").get_data(as_text=True)
    assert "/console/messages/" not in developer


def test_home_tells_what_waits_for_a_person(signed_in, masses, make, runtime):
    masses.shop(lan=2)
    make.gate("live")
    message = masses.message()
    create_tasks(runtime)
    here = signed_in("operator")
    waiting = here.get("/console/")
    with runtime.transaction() as session:
        row = session.get_one(MassMessage, message.id)
        row.state, row.reason = "paused", mass_reasons.STOPPED

    assert "1 次群发等同事点发送" in text_of(waiting)
    assert f'href="/console/messages/{message.id}"' in waiting.get_data(as_text=True)
    assert "1 次群发停在半路" in text_of(here.get("/console/"))
    assert "等同事点发送" not in text_of(signed_in("finance").get("/console/"))
