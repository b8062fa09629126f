"""The shop's quick replies are written in the console."""

from models import QuickReply
from tests.console.conftest import text_of

REPLY = {"group_name": "售前", "title": "问好", "text": "{称呼}您好", "position": "2"}


def test_an_operator_writes_changes_and_deletes_them(make, signed_in):
    here = signed_in("operator")
    own = make.quick_reply(make.staff(), title="店员自己的")

    made = here.post("/console/quick-replies", REPLY, page="/console/account")
    wrong = here.post("/console/quick-replies", REPLY | {"text": "{名字}您好"}, page="/console/account")
    number = make.rows(QuickReply)[-1].id
    shown = text_of(here.get("/console/quick-replies"))
    changed = here.post(f"/console/quick-replies/{number}", REPLY | {"title": "早上好"}, page="/console/account")

    assert (made.status_code, wrong.status_code, changed.status_code) == (303, 422, 303)
    assert "{称呼}、{商品}、{门店}" in text_of(wrong)
    assert "问好" in shown
    assert "店员自己的" not in shown
    assert [row.title for row in make.rows(QuickReply)] == [own.title, "早上好"]
    assert here.get(f"/console/quick-replies/{own.id}").status_code == 404
    here.post(f"/console/quick-replies/{number}/delete", page="/console/account")
    assert [row.id for row in make.rows(QuickReply)] == [own.id]
