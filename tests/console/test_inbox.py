"""The inbox page: what came, what became of it, and trying again."""

import pytest

from models import Audit, Identity, Inbox
from tests.console.conftest import text_of


def test_an_empty_inbox_says_what_to_do_next(signed_in):
    page = text_of(signed_in().get("/console/inbox"))

    assert "还没收到过通知" in page
    assert "http://localhost/bot/callback" in page


def test_counts_filter_the_list(signed_in, make):
    make.notice(state="failed", tries=8, errcode=-1)
    make.notice("change_external_tag.update")
    make.notice("something.new", state="unknown")
    here = signed_in()

    page = text_of(here.get("/console/inbox"))
    failed = text_of(here.get("/console/inbox?result=failed"))

    assert "今天全部 3" in page
    assert "已生效 1" in page
    assert "没认出 1" in page
    assert "没成功 1" in page
    assert "标签改了" in page
    assert "试了 8 次" in failed
    assert "标签改了" not in failed


def test_yesterdays_failures_stay_in_sight_and_yesterdays_successes_do_not(signed_in, make, clock):
    make.notice(state="failed", tries=8)
    make.notice("change_external_tag.update")
    clock.tick(days=1)
    here = signed_in()

    page = text_of(here.get("/console/inbox"))

    assert "今天全部 0" in page
    assert "没成功 1" in page
    assert "试了 8 次" in text_of(here.get("/console/inbox?result=failed"))


def test_the_list_goes_on_where_it_stopped(signed_in, make):
    for number in range(60):
        make.notice("change_external_tag.update", external_userid=f"wm-number-{number:02d}")
    here = signed_in()

    first = here.get("/console/inbox").get_data(as_text=True)
    last_shown = make.rows(Inbox)[10].id
    rest = here.get(f"/console/inbox?before={last_shown}", headers={"HX-Request": "true"}).get_data(as_text=True)

    assert f"before={last_shown}" in first
    assert [n for n in range(60) if f"wm-number-{n:02d}" in first] == list(range(10, 60))
    assert [n for n in range(60) if f"wm-number-{n:02d}" in rest] == list(range(10))
    assert "<html" not in rest


def test_the_refreshed_top_keeps_what_was_shown_and_adds_what_is_new(signed_in, make):
    oldest = make.notice("change_external_tag.update", external_userid="wm-old")
    here = signed_in()
    make.notice("change_external_tag.update", external_userid="wm-new")

    top = here.get(f"/console/inbox?part=head&down_to={oldest.id}", headers={"HX-Request": "true"})

    assert top.get_data(as_text=True).index("wm-new") < top.get_data(as_text=True).index("wm-old")
    assert 'hx-swap-oob="true"' in top.get_data(as_text=True)


def test_three_deliveries_are_told_as_one(signed_in, make):
    make.notice(deliveries=3)

    assert "3 次，只算一次" in text_of(signed_in().get("/console/inbox"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("sent", "欢迎语已发"),
        ("would_send", "演练：欢迎语只记下，没发"),
        ("held", "全部停发时到的，欢迎语没发"),
        ("unknown", "欢迎语说不准发没发到"),
        ("expired", "欢迎语没赶上 20 秒"),
        ("failed", "客户已经开口了，或别的应用先发了欢迎语"),
        ("planned", "马上就发"),
        ("trying", "正在发欢迎语"),
        ("cancelled", "欢迎语取消了"),
    ],
)
def test_the_story_says_what_became_of_the_welcome(signed_in, make, state, words):
    notice = make.notice()
    make.touch(state, inbox_id=notice.id, errcode=41051 if state == "failed" else None)

    assert words in text_of(signed_in().get(f"/console/inbox/{notice.id}"))


def test_the_story_tells_the_orders_that_were_found(signed_in, make):
    contact = make.contact("wm1")
    [identity] = make.rows(Identity)
    make.order(identity)
    make.order(identity)
    notice = make.notice(external_userid=contact.external_userid)

    assert "以前的 2 笔订单" in text_of(signed_in().get(f"/console/inbox/{notice.id}"))


def test_an_add_without_a_code_says_who_may_have_taken_it(signed_in, make):
    notice = make.notice()

    assert "企业微信没给发欢迎语的凭证" in text_of(signed_in().get(f"/console/inbox/{notice.id}"))


def test_trying_again_puts_a_failure_back_to_work_once(signed_in, make):
    notice = make.notice(state="failed", tries=8, errcode=-1)
    here = signed_in()

    first = here.post(f"/console/inbox/{notice.id}/replay", page="/console/account")
    second = here.post(f"/console/inbox/{notice.id}/replay", page="/console/account")

    assert (first.status_code, second.status_code) == (303, 409)
    [row] = make.rows(Inbox)
    assert (row.state, row.tries) == ("received", 0)
    assert [row.action for row in make.rows(Audit)].count("inbox.replay") == 1


def test_what_is_past_its_retention_cannot_be_tried_or_read(signed_in, make):
    notice = make.notice(state="failed", body_sealed=None)
    here = signed_in()

    page = text_of(here.get(f"/console/inbox/{notice.id}"))

    assert "原文过了保存期" in page
    assert "重试这条" not in page
    assert here.post(f"/console/inbox/{notice.id}/replay", page="/console/account").status_code == 404


def test_reading_the_raw_text_is_on_record(signed_in, make, runtime):
    notice = make.notice(body_sealed=runtime.vault.seal("<xml><a>原文</a><script>alert(1)</script></xml>"))
    here = signed_in("developer")

    page = here.post(f"/console/inbox/{notice.id}/body", page="/console/account").get_data(as_text=True)

    assert "&lt;a&gt;原文" in page
    assert "<script>alert" not in page
    assert [(row.action, row.subject) for row in make.rows(Audit)][-1] == ("inbox.read_body", f"inbox:{notice.id}")


@pytest.mark.parametrize(
    "path",
    [
        "/console/inbox?result=nonsense", "/console/inbox?before=x", "/console/inbox?before=-1", "/console/inbox/0",
        "/console/inbox/99999999999999999999999", "/console/inbox?before=99999999999999999999", "/console/inbox/1%00",
        "/console/inbox/-1", "/console/inbox/٣", "/console/inbox?before=٣", "/console/outbound?state=x",
    ],
)  # fmt: skip
def test_an_address_that_is_no_page_says_so(signed_in, path):
    assert signed_in().get(path).status_code in (404, 422)
