"""The page 任务: each job in plain words, what is wrong with one and what to do, and having one run now."""

from datetime import timedelta

import pytest

from console import job_words
from crm.timings import Daily, Every, Weekly
from jobs.schedule import PLANS, TIMED
from jobs.ticks import Ticks, run
from models import Audit, JobRun
from tests.console.conftest import text_of


@pytest.fixture
def words(app):
    """Speaks as a page does."""
    with app.test_request_context():
        yield job_words


def test_every_job_of_the_schedule_has_its_words(words):
    assert [name for name in PLANS if not words.has_words(name)] == []


@pytest.mark.parametrize(
    ("timing", "said"),
    [(Every(600), "每 10 分钟"), (Every(3600), "每小时"), (Every(7200), "每 2 小时"), (Every(5), "每 5 秒"),
     (Daily("03:17"), "每天 03:17"), (Weekly(5, "20:00"), "每周五 20:00")],
)  # fmt: skip
def test_timings_are_said_in_words(words, timing, said):
    assert words.how_often(timing) == said


def test_a_new_shop_sees_what_will_happen_and_that_nobody_does_it(signed_in):
    page = text_of(signed_in().get("/console/jobs"))

    assert "更新员工、标签和客户" in page
    assert "每天 03:17" in page
    assert "没有后台进程在跑" in page
    assert "还没跑过" in page


def test_each_state_is_shown_with_what_to_do(signed_in, make, clock):
    clock.freeze()
    make.worker()
    make.run("settle_silent_touches", "done")
    make.run("sync", "failed", reason="Throttled")
    make.run("forget_old", "killed", tries=3)
    make.run("forget_nonces", "running", started_at=clock() - timedelta(hours=1), expected_by=clock())
    clock.tick(seconds=1)

    page = text_of(signed_in().get("/console/jobs"))

    for words in ("1 个后台进程在跑", "完成", "12.0 秒", "失败", "出错了（Throttled）", "中断", "停了 3 次", "超时",
                  "60 分钟", "不会再开一遍"):  # fmt: skip
        assert words in page
    assert "没有后台进程" not in page


def test_the_last_runs_are_filtered_by_job_and_result(signed_in, make):
    make.run("sync", "failed", reason="Throttled")
    make.run("sync", "done", did=77)
    make.run("forget_old", "done", did=88)
    here = signed_in("operator")

    of_sync = text_of(here.get("/console/jobs?job=sync&result=done"))

    assert "办了 77 件" in of_sync
    assert "办了 88 件" not in of_sync
    assert "全部 2" in of_sync
    assert "没有这样的记录" in text_of(here.get("/console/jobs?job=forget_old&result=failed"))
    assert here.get("/console/jobs?result=x").status_code == 404
    assert here.get("/console/jobs?job=x").status_code == 404


def test_run_now_is_done_by_a_worker_and_is_on_record(signed_in, runtime, make):
    here = signed_in("developer")
    ticks = Ticks(runtime, "one", PLANS)
    ticks.tick()

    assert here.post("/console/jobs/forget_old/run", page="/console/jobs").status_code == 303
    assert "等着跑" in text_of(here.get("/console/jobs"))
    assert here.post("/console/jobs/forget_old/run", page="/console/jobs").status_code == 409
    (claim,) = ticks.tick()
    run(runtime, claim, TIMED[claim.job][0])

    assert [row.state for row in make.rows(JobRun) if row.job == "forget_old"] == ["skipped", "done"]
    assert [(row.action, row.subject) for row in make.rows(Audit)][-1] == ("job.run", "job:forget_old")
    assert "任务 清理过期的记录" in text_of(here.get("/console/audit"))


def test_only_the_owner_and_a_developer_have_jobs_run(signed_in, make):
    operator = signed_in("operator")

    assert "现在跑一次" not in operator.get("/console/jobs").text
    assert operator.post("/console/jobs/sync/run", page="/console/account").status_code == 403
    assert signed_in("finance").get("/console/jobs").status_code == 403
    assert signed_in("owner").post("/console/jobs/nothing/run", page="/console/jobs").status_code == 404
    assert make.rows(JobRun) == []
