"""The drops' pages: the calendar, an edition, and the forms of a series and of one edition."""

import re

import pytest
from sqlalchemy import update

from models import Audit, DropEdition, DropSeries, Group, MassTask, Quota
from models.vault import Vault
from tests.console.conftest import text_of
from tests.drop_weeks import KEY, Weeks
from tests.jobs.test_drops import on

FORM = {
    "name": "周五花市", "weekday": "5", "at_time": "20:00", "teaser_days_before": "1", "teaser_time": "19:00",
    "recap_days_after": "1", "recap_time": "10:00", "product": "郁金香", "sku": "TULIP", "price": "39.9",
    "stock": "300", "url": "", "media_id": "", "group-1": "1", "group-3": "1", "robot": "",
    "teaser": "{商品} {价格}，{时间} 开抢。", "launch": "第 {期数} 期 {商品} 开抢。", "recap": "谢谢大家。",
}  # fmt: skip


@pytest.fixture
def weeks(runtime, make, sandbox, clock):
    return Weeks(runtime, make, sandbox, clock)


def test_a_shop_without_groups_is_told_what_comes_first(signed_in):
    page = text_of(signed_in("operator").get("/console/drops"))

    assert "还没看到客户群" in page
    assert "新的爆款日" not in page


def test_a_shop_with_groups_is_invited(weeks, signed_in):
    assert "定第一个爆款日" in text_of(signed_in("operator").get("/console/drops"))


def test_a_series_is_made_and_its_edition_stands_in_the_calendar(weeks, signed_in, make, runtime):
    here = signed_in("operator")

    answer = here.post(
        "/console/drops", FORM | {"robot": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"}
    )

    assert answer.status_code == 303
    [series] = make.rows(DropSeries)
    assert (series.price_fen, series.group_ids) == (3990, [1, 3])
    assert runtime.vault.open_text(series.robot_key_sealed) == KEY
    assert [row.number for row in make.rows(DropEdition)] == [1]
    page = text_of(here.get("/console/drops"))
    assert "20:00 周五花市" in page
    assert "周五花市 第 1 期" in page
    assert make.rows(Audit)[-1].action == "drop_series.create"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", " "), ("price", "-1"), ("price", "abc"), ("stock", "1.5"), ("at_time", ""), ("at_time", "24:61"),
        ("teaser", "现在开抢"), ("teaser", "{人名}"), ("launch", "花" * 1334), ("url", "ftp://x"), ("weekday", "9"),
        ("media_id", "77"), ("media_id", "x"), ("robot", "https://example.com/"), ("group-99", "1"), ("group-x", "1"),
        ("recap", "卖出 {卖出}"), ("url", "\x01https://shop.example/"), ("url", "https://a b"), ("url", "javascript://x"),
        ("at_time", "24:00"), ("at_time", "2000Z"), ("teaser_time", "T1900"), ("recap_time", "10,00"),
    ],
)  # fmt: skip
def test_what_does_not_fit_keeps_the_input_and_says_why(weeks, signed_in, make, field, wrong):
    form = FORM | {field: wrong} | ({"sku": ""} if field == "recap" else {})

    answer = signed_in("operator").post("/console/drops", form)

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert re.search(r'class="why"[^>]*>[^<]+<', page) or 'role="alert"' in page
    assert 'value="周五花市"' in page or field == "name"
    assert make.rows(DropSeries) == []


def test_no_group_at_all_is_refused(weeks, signed_in):
    form = {name: value for name, value in FORM.items() if not name.startswith("group")}

    assert "选至少一个群" in text_of(signed_in("operator").post("/console/drops", form))


def test_a_robots_key_is_never_shown_again(weeks, signed_in, make, runtime):
    weeks.series()
    here = signed_in("owner")

    page = here.get("/console/drops/1").get_data(as_text=True)
    kept = here.post("/console/drops/1", FORM | {"revision": "1"})
    wrong = here.post("/console/drops/1", FORM | {"revision": "2", "robot": f"{KEY} x"}).get_data(as_text=True)

    assert f"末四位 {KEY[-4:]}" in page
    assert KEY[:-4] not in page + wrong + here.get("/console/drops").get_data(as_text=True)
    assert kept.status_code == 303
    assert runtime.vault.open_text(make.rows(DropSeries)[0].robot_key_sealed) == KEY
    assert not any(KEY[:8] in str(row.details) for row in make.rows(Audit))

    here.post("/console/drops/1", FORM | {"revision": "2", "robot_off": "1"})
    assert make.rows(DropSeries)[0].robot_key_sealed is None


def test_a_robots_key_that_nobody_can_open_any_more_can_be_replaced(weeks, signed_in, make, runtime):
    weeks.series()
    with runtime.transaction() as session:
        session.execute(update(DropSeries).values(robot_key_sealed=Vault(b"another master key" * 2).seal(KEY)))
    here = signed_in("operator")

    page = here.get("/console/drops/1")
    kept = here.post("/console/drops/1", FORM | {"revision": "1", "robot": KEY})

    assert (page.status_code, kept.status_code) == (200, 303)
    assert runtime.vault.open_text(make.rows(DropSeries)[0].robot_key_sealed) == KEY


def test_two_operators_saving_one_series_are_told(weeks, signed_in, make):
    weeks.series()
    one, other = signed_in("operator"), signed_in("operator")

    assert one.post("/console/drops/1", FORM | {"revision": "1", "stock": "200"}).status_code == 303
    late = other.post("/console/drops/1", FORM | {"revision": "1", "stock": "100"})

    assert late.status_code == 409
    assert "别人刚改过" in text_of(late)
    assert 'value="100"' in late.get_data(as_text=True)
    assert make.rows(DropSeries)[0].stock == 200


def test_one_edition_is_changed_and_another_skipped(weeks, signed_in, make):
    weeks.series()
    here = signed_in("operator")
    fields = {name: value for name, value in FORM.items() if name in {
        "product", "sku", "price", "stock", "url", "media_id", "group-1", "group-3", "teaser", "launch", "recap"
    }}  # fmt: skip

    changed = here.post("/console/drops/editions/1", fields | {"revision": "1", "price": "29.9"})
    again = here.post("/console/drops/editions/1", fields | {"revision": "1", "price": "9.9"})
    skipped = here.post("/console/drops/editions/1/skip", {"revision": "2"})

    assert (changed.status_code, again.status_code, skipped.status_code) == (303, 409, 303)
    assert [(row.price_fen, row.state) for row in make.rows(DropEdition)] == [(2990, "cancelled")]
    assert make.rows(DropSeries)[0].price_fen == 3990
    assert "这一期跳过了" in text_of(here.get("/console/drops?edition=1"))


def test_an_edition_shows_who_has_confirmed_and_what_arrived(weeks, signed_in, make, sandbox):
    weeks.series()
    weeks.pass_until(on(19, 19, 5), each=lambda: weeks.confirm("mei"))
    here = signed_in("operator")

    page = text_of(here.get("/console/drops?edition=1"))
    assert "1 个群收到了 · 2 个群在等群主点发送" in page
    assert "等这几位点发送： 导购lan （2 个群）" in page
    assert "花友三群 导购mei · 19:0" in page
    assert "已发送" in page

    reminded = here.post("/console/drops/editions/1/remind", {"part": "teaser"})
    weeks.work()

    assert reminded.status_code == 303
    assert [row.reminded for row in make.rows(MassTask) if row.userid == "lan"] == [1]
    told = {task["userid"]: task["reminded"] for each in weeks.masses.at_wecom() for task in each["tasks"]}
    assert told == {"lan": 1, "mei": 0}


def test_a_fourth_reminder_within_a_day_is_refused(weeks, signed_in):
    weeks.series()
    weeks.pass_until(on(19, 19, 5), each=lambda: weeks.confirm("mei"))
    here = signed_in("operator")

    answers = []
    for _ in range(4):
        answers.append(here.post("/console/drops/editions/1/remind", {"part": "teaser"}))
        weeks.work()

    assert [answer.status_code for answer in answers] == [303, 303, 303, 409]
    assert "24 小时内最多提醒 3 次" in text_of(answers[-1])


def test_what_a_stop_held_back_goes_on_when_somebody_says_so(weeks, signed_in, make):
    weeks.series()
    make.gate("stopped")
    weeks.pass_until(on(19, 19, 5))
    here = signed_in("operator")

    assert "全部停发时扣下了" in text_of(here.get("/console/drops?edition=1"))
    assert here.post("/console/drops/editions/1/resume", {"part": "teaser"}).status_code == 409
    make.gate("live")
    assert here.post("/console/drops/editions/1/resume", {"part": "teaser"}).status_code == 303
    weeks.work()
    weeks.confirm()

    assert set(weeks.received().values()) == {1}
    assert len(weeks.received()) == 3
    assert here.get("/console/messages/1").status_code == 200


def test_rehearsal_lists_what_would_be_sent(weeks, signed_in, make):
    weeks.series()
    make.gate("rehearsal")
    weeks.pass_until(on(19, 19, 40))

    page = text_of(signed_in("operator").get("/console/drops?edition=1"))

    assert "3 个群本来会收到" in page
    assert page.count("演练，没真发") >= 3 + 2
    assert "提醒 2 位群主" not in page


def test_groups_whose_month_is_nearly_used_up_are_marked(weeks, signed_in, make, runtime):
    weeks.series()
    group = make.rows(Group)[0]
    with runtime.transaction() as session:
        session.add(Quota(target=group.chat_id, month="2026-11", others=29))

    page = text_of(signed_in("operator").get("/console/drops"))
    assert "11 月有 1 个群次数不够" in page
    assert "「花友一群」还可收 1 条，排了 3 条" in page


def test_the_preview_says_how_it_will_read(weeks, signed_in):
    here = signed_in("operator")

    said = text_of(here.post("/console/drops/preview", FORM | {"teaser": "今晚开抢，{商品} {价格}"}))
    half = text_of(here.post("/console/drops/preview", FORM | {"price": ""}))

    assert "今晚开抢，郁金香 ¥39.90" in said
    assert "「今晚」到第二天就不对了" in said
    assert "填好价格和份数" in half


def test_a_series_is_paused_and_goes_on(weeks, signed_in, make):
    weeks.series()
    here = signed_in("operator")

    assert here.post("/console/drops/1/state", {"revision": "1", "state": "paused"}).status_code == 303
    assert here.post("/console/drops/1/state", {"revision": "1", "state": "ended"}).status_code == 409
    assert here.post("/console/drops/1/state", {"revision": "2", "state": "sleeping"}).status_code == 422

    assert "停着" in text_of(here.get("/console/drops"))
    assert make.rows(DropSeries)[0].state == "paused"


def test_a_manager_reads_and_changes_nothing_and_others_do_not_even_read(weeks, signed_in, make):
    weeks.series()
    manager = signed_in("manager")

    page = manager.get("/console/drops?edition=1").get_data(as_text=True)
    assert "周五花市" in page
    assert "/console/drops/new" not in page
    assert "<form" not in page
    for path in ("/console/drops/new", "/console/drops/1", "/console/drops/editions/1"):
        assert manager.get(path).status_code == 403
    assert manager.post("/console/drops/editions/1/skip", {"revision": "1"}).status_code == 403
    assert signed_in("developer").get("/console/drops").status_code == 403
    assert signed_in("finance").get("/console/drops").status_code == 403


@pytest.mark.parametrize("query", ["month=2026-13", "month=x", "edition=x", "edition=-1", "month=0000-01"])
def test_addresses_that_mean_nothing_are_not_found(weeks, signed_in, query):
    assert signed_in("operator").get(f"/console/drops?{query}").status_code == 404


def test_an_edition_that_is_not_there_is_not_found(weeks, signed_in):
    here = signed_in("operator")

    assert here.get("/console/drops?edition=9").status_code == 404
    assert here.get("/console/drops/9").status_code == 404
    assert here.post("/console/drops/editions/9/remind", {"part": "teaser"}).status_code == 404
