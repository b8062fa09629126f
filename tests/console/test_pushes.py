"""Pushes in the console: written, scheduled, rehearsed, and never overwritten by a colleague."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from jobs.mass import create_tasks
from jobs.pushes import plan_messages, start_due_pushes
from models import Audit, MassMessage, MassRecipient, MassTask, Media, Push
from tests.console.conftest import text_of

PAGE = "/console/account"
LINK = {"kind": "link", "title": "周末鲜花", "desc": "今晚 20:00 开抢", "url": "https://shop.example/d/1", "picurl": ""}


@pytest.fixture
def audience(make):
    make.contact("wm1", followers=(make.staff("lan", name="林晓雯"),))
    return make.audience(name="老客")


@pytest.fixture
def write(audience):
    """Post the editor's form, filled in; what is given replaces or adds."""

    def post(here, path="/console/pushes", **fields):
        typed = {"name": "上新", "audience_id": str(audience.id), "text": "您好，我是{同事}", "attachments": "[]"}
        return here.post(path, typed | fields, page=PAGE)

    return post


def test_without_any_the_page_says_what_a_push_is(signed_in):
    page = text_of(signed_in("operator").get("/console/pushes"))

    assert "还没有群发" in page
    assert "客户是从同事那里收到的" in page


def test_a_draft_comes_back_as_it_was_written(signed_in, write, make):
    here = signed_in("operator")

    saved = write(here, text="第一行\r\n<b>第二行</b>", attachments=json.dumps([LINK]))
    page = here.get(saved.headers["Location"])

    [kept] = make.rows(Push)
    assert (kept.state, kept.text, kept.attachments) == ("draft", "第一行\n<b>第二行</b>", [LINK])
    html = page.get_data(as_text=True)
    assert "&lt;b&gt;第二行" in html
    assert 'value="https://shop.example/d/1"' in html
    assert "存好了" in text_of(page)
    assert "草稿" in text_of(here.get("/console/pushes"))


def test_once_is_meant_in_the_shops_zone(signed_in, write, make, clock):
    day = (clock() + timedelta(days=3)).date()

    answer = write(signed_in("operator"), action="schedule", when="once", on=day.isoformat(), at="20:00")

    assert answer.status_code == 303
    [kept] = make.rows(Push)
    assert kept.state == "scheduled"
    assert kept.next_at == datetime(day.year, day.month, day.day, 12, 0, tzinfo=UTC)  # Shanghai is eight hours ahead


@pytest.mark.parametrize(
    ("on", "at"), [("0001-01-01", "00:00"), ("9999-12-31", "23:59"), ("2020-02-30", "20:00"), ("2026-12-01", "24:00")]
)
def test_a_time_that_is_none_is_refused_in_words(signed_in, write, make, on, at):
    answer = write(signed_in("operator"), action="schedule", when="once", on=on, at=at)

    assert answer.status_code == 422
    assert 'class="why"' in answer.text
    assert make.rows(Push) == []


def test_choosing_no_audience_any_more_asks_for_one(signed_in, make):
    make.audience()

    answer = signed_in("operator").get("/console/pushes/reach?audience_id=", headers={"HX-Request": "true"})

    assert "先选一个人群" in text_of(answer)


def test_weekly_says_when_it_goes_out_next(signed_in, write, make):
    here = signed_in("operator")

    answer = write(here, action="schedule", when="weekly", weekday="5", at_time="20:00")

    [kept] = make.rows(Push)
    assert (kept.weekday, kept.at_time, kept.next_at.astimezone(make.runtime.zone).isoweekday()) == (5, "20:00", 5)
    assert "每周五 20:00 · 下次" in text_of(here.get(answer.headers["Location"]))


def test_a_rehearsal_shows_who_would_get_it_and_keeps_the_draft(signed_in, write, make, runtime, clock):
    make.gate("rehearsal")
    write(signed_in("operator"), action="rehearse")
    clock.tick(seconds=2)

    start_due_pushes(runtime)
    plan_messages(runtime)

    assert [row.state for row in make.rows(Push)] == ["draft", "ended"]
    assert [row.planned for row in make.rows(MassMessage)] == [1]


def test_a_rehearsal_reaches_nobody_when_all_is_live_before_its_turn(signed_in, write, make, runtime, clock):
    make.gate("rehearsal")
    write(signed_in("operator"), action="rehearse")
    make.gate("live")
    clock.tick(seconds=2)

    start_due_pushes(runtime)
    plan_messages(runtime)
    create_tasks(runtime)

    assert [row.state for row in make.rows(MassTask)] == ["would_send"]
    assert [row.state for row in make.rows(MassRecipient)] == ["would_send"]


@pytest.mark.parametrize("mode", ["live", "stopped"])
def test_nothing_is_rehearsed_while_it_would_really_go_out(signed_in, write, make, mode):
    make.gate(mode)

    answer = write(signed_in("operator"), action="rehearse")

    assert answer.status_code == 409
    assert "现在不是演练模式" in text_of(answer)
    assert make.rows(Push) == []


def test_two_who_save_one_push_keep_both_their_words(signed_in, write, make):
    here, there = signed_in("operator"), signed_in("operator", name="周岚")
    write(here)
    write(there, "/console/pushes/1", revision="1", text="他写的 <i>")

    answer = write(here, "/console/pushes/1", revision="1", text="我写的很长一段")
    page = answer.get_data(as_text=True)
    again = write(here, "/console/pushes/1", revision="2", text="我写的很长一段")

    assert answer.status_code == 409
    assert "周岚 刚刚也改了这条群发" in page
    assert "我写的很长一段" in page
    assert "他写的 &lt;i&gt;" in page
    assert 'name="revision" value="2"' in page
    assert again.status_code == 303
    assert make.rows(Push)[0].text == "我写的很长一段"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": "长" * 31}, {"name": "长" * 61}, {"name": "a\0"}, {"extra": "1"},
        {"audience_id": ""}, {"audience_id": "99"}, {"audience_id": "x"}, {"audience_id": "9" * 19},
        {"text": ""}, {"text": "汉" * 1334}, {"text": "a" * 8001}, {"text": "您好{客户}"}, {"text": "a\0"},
        {"attachments": ""}, {"attachments": "{}"}, {"attachments": "[1]"}, {"attachments": "[" * 900},
        {"attachments": '[{"kind": "image", "media": 99}]'}, {"attachments": '[{"kind": "image", "media": true}]'},
        {"attachments": '[{"kind": "voice", "media": 1}]'}, {"attachments": json.dumps([LINK] * 10)},
        {"attachments": json.dumps([LINK | {"url": "javascript:alert(1)"}])},
        {"attachments": json.dumps([LINK | {"title": "汉" * 43}])}, {"attachments": json.dumps([LINK | {"more": 1}])},
        {"attachments": json.dumps([LINK | {"title": ""}])}, {"attachments": '[{"kind": "image", "media": 1e99}]'},
        {"attachments": '[{"kind": "miniprogram", "title": "a", "appid": "w", "page": "p", "media": -1}]'},
        {"attachments": json.dumps([{"kind": "image", "media": 2**63}])},
        {"action": "send"}, {"when": "never"}, {"revision": "x" * 13},
        {"action": "schedule"}, {"action": "schedule", "on": "2020-01-01", "at": "20:00"},
        {"action": "schedule", "on": "2999-01-01", "at": "20:00"},
        {"action": "schedule", "on": "31.12.26", "at": "20:00"},
        {"action": "schedule", "on": "2026-12-31", "at": "24:00"},
        {"action": "schedule", "on": "2026-12-31", "at": "٢٠:٠٠"},
        {"action": "schedule", "when": "weekly", "weekday": "8", "at_time": "20:00"},
        {"action": "schedule", "when": "weekly", "weekday": "5", "at_time": "8pm"},
        {"action": "schedule", "when": "weekly", "weekday": "5"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_is_half_saved(signed_in, write, make, fields):
    answer = write(signed_in("operator"), **fields)

    assert answer.status_code == 422
    assert make.rows(Push) == []
    assert [row.action for row in make.rows(Audit) if row.action.startswith("push")] == []


def test_what_was_typed_stays_when_it_is_refused(signed_in, write):
    page = write(signed_in("operator"), name="留着", text="您好{客户}", attachments=json.dumps([LINK])).get_data(
        as_text=True
    )

    assert 'value="留着"' in page
    assert "您好{客户}" in page
    assert 'value="今晚 20:00 开抢"' in page
    assert "能用的是 {同事} 和 {店名}" in page


def test_a_file_that_is_gone_is_named(signed_in, write, make):
    now = make.runtime.now()
    make._save(
        Media(
            digest="d",
            kind="image",
            name="花.png",
            mime="image/png",
            size=9,
            content=b"x",
            created_at=now,
            created_by="x",
        )
    )
    here = signed_in("operator")
    write(here, attachments='[{"kind": "image", "media": 1}]')
    assert "花.png" in text_of(here.get("/console/pushes/1"))

    answer = write(here, attachments='[{"kind": "image", "media": 2}]')

    assert "第 1 个附件的图片、视频或文件不见了" in text_of(answer)


def test_what_is_over_is_read_and_copied_only(signed_in, write, make):
    here = signed_in("operator")
    write(here, action="schedule", when="weekly", weekday="5", at_time="20:00")

    cancelled = here.post("/console/pushes/1/cancel", page=PAGE)
    changed = write(here, "/console/pushes/1", revision="3")
    copied = here.get("/console/pushes/new?copy=1").get_data(as_text=True)

    assert (cancelled.status_code, changed.status_code) == (303, 409)
    assert "复制一份" in text_of(here.get("/console/pushes/1"))
    assert 'value="上新 复制"' in copied
    assert "您好，我是{同事}" in copied


@pytest.mark.parametrize(
    ("role", "reads", "changes"),
    [("operator", 200, 303), ("manager", 200, 403), ("developer", 403, 403), ("finance", 403, 403)],
)
def test_who_may_read_and_who_may_change(signed_in, write, make, role, reads, changes):
    write(signed_in("owner"))
    here = signed_in(role)

    for path in ("", "/1", "/reach?audience_id=1"):
        assert here.get(f"/console/pushes{path}").status_code == reads, path
    assert write(here, "/console/pushes/1", revision="1").status_code == changes
    assert write(here).status_code == changes
    assert here.post("/console/pushes/1/cancel", page=PAGE).status_code == changes
    assert here.get("/console/pushes/new").status_code == (200 if changes == 303 else 403)
    if reads == 200 and changes == 403:
        assert "安排发送" not in text_of(here.get("/console/pushes/1"))


@pytest.mark.parametrize(
    "path",
    ["/console/pushes/9", "/console/pushes/new?copy=9", "/console/pushes/new?audience=x", "/console/pushes?before=x"],
)
def test_one_that_is_not_there_says_so(signed_in, path):
    assert signed_in("operator").get(path).status_code == 404


def test_a_refusal_writes_its_figures_as_people_do(signed_in, write):
    answer = write(signed_in("operator"), text="花" * 1334)

    assert answer.status_code == 422
    assert "文字太长：最多 4,000 字节（约 1,333 个汉字），填上最长的名字后有 4,002 字节" in text_of(answer)
