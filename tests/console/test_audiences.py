"""Audiences in the console: built, counted, saved without overwriting, and refused in words."""

from contextlib import ExitStack

import pytest

from console import reaches
from models import Audience, Identity, Push, Tag, TagAssignment
from tests.console.conftest import text_of

PAGE = "/console/audiences/new"
EVERYTHING = {
    "spend_least": "300", "spend_most": "5000.50", "orders_least": "2", "orders_most": "9", "days_least": "30",
    "days_most": "90",
}  # fmt: skip


@pytest.fixture
def tag(make):
    """A tag, and how to give it to a contact."""
    made = make._save(Tag(wecom_id="t1", group_name="喜好", name="爱买鲜花"))

    def give(contact, staff):
        make._save(
            TagAssignment(
                tag_id=made.id, identity_id=contact.identity_id, customer_id=contact.customer_id, staff_id=staff.id,
                source="staff", assigned_at=make.runtime.now(),
            )
        )  # fmt: skip

    made.give = give
    return made


@pytest.fixture
def shop(make, tag):
    """Lan's three customers: two with the tag, one of them has bought; and a buyer nobody has added."""
    lan = make.staff("lan", name="林晓雯")
    first, second, _ = (make.contact(f"wm{n}", followers=(lan,), name=f"苏苏{n}") for n in (1, 2, 3))
    tag.give(first, lan)
    tag.give(second, lan)
    make.order(Identity(id=first.identity_id, customer_id=first.customer_id), paid_fen=40000)
    make.order(make.identity("shop_buyer", "b1", scope="1"), paid_fen=9900)
    return lan


def preview(here, **fields):
    return here.post("/console/audiences/preview", fields, page=PAGE, headers={"HX-Request": "true"})


def test_without_any_the_page_says_what_an_audience_is_for(signed_in):
    page = text_of(signed_in("operator").get("/console/audiences"))

    assert "还没有人群" in page
    assert "圈第一群人" in page


def test_only_a_few_count_at_once_and_the_page_asks_again(signed_in, shop, tag, make):
    here, kept = signed_in("operator"), make.audience(conditions={"tags_any": [tag.id]})
    others = [f"/console/audiences/{kept.id}/count", f"/console/pushes/reach?audience_id={kept.id}"]

    with ExitStack() as counting:
        for _ in range(reaches.MOST_AT_ONCE):
            counting.enter_context(reaches.one_of_few())
        busy = [preview(here, tags_any=str(tag.id)), *map(here.get, others), here.get(f"/console/audiences/{kept.id}")]
    free = [preview(here, tags_any=str(tag.id)), *map(here.get, others)]

    for answer in busy:
        assert answer.status_code == 200
        assert 'hx-trigger="load delay:2s"' in answer.text
    assert "爱买鲜花" in text_of(busy[0])
    for answer in free:
        assert "2" in text_of(answer)
        assert "load delay" not in answer.text


def test_fifty_are_listed_at_a_time(signed_in, make):
    here = signed_in("operator")
    for number in range(51):
        make.audience(name=f"第 {number} 个")

    first = here.get("/console/audiences")
    second = here.get("/console/audiences?from=50")

    assert (first.text.count('class="sentence"'), second.text.count('class="sentence"')) == (50, 1)
    assert "?from=50" in first.text
    assert "再看" not in second.text


def test_the_figures_follow_what_is_typed(signed_in, shop, tag):
    here = signed_in("operator")

    tagged = text_of(preview(here, tags_all=str(tag.id)))
    spending = text_of(preview(here, spend_least="99", spend_most="400"))

    assert "2 人，符合条件的有 2 人" in tagged
    assert "爱买鲜花" in tagged
    assert "苏苏1" in tagged
    assert "苏苏3" not in tagged
    assert "1 人，符合条件的有 2 人" in spending
    assert "还没加过好友" in spending


def test_everybody_and_nobody_have_their_own_words(signed_in, shop, tag):
    here = signed_in("operator")

    assert "就是每一位客户" in text_of(preview(here))
    assert "没有这样的人" in text_of(preview(here, tags_all=str(tag.id), tags_none=str(tag.id)))
    assert "现在一个也发不到" in text_of(preview(here, spend_most="99", orders_least="1"))


def test_names_are_for_those_who_may_see_customers(signed_in, shop, tag):
    manager = text_of(preview(signed_in("manager"), tags_all=str(tag.id)))

    assert "2 人，符合条件的有 2 人" in manager
    assert "苏苏" not in manager


def test_what_was_saved_comes_back_as_it_was(signed_in, shop, tag, make):
    here = signed_in("operator")
    typed = EVERYTHING | {"name": "老客", "tags_all": str(tag.id), "staff_ids": str(shop.id)}

    saved = here.post("/console/audiences", typed, page=PAGE)
    page = here.get(saved.headers["Location"])

    assert saved.status_code == 303
    [kept] = make.rows(Audience)
    assert kept.conditions["spend_fen"] == {"least": 30000, "most": 500050}
    assert kept.conditions["tags_all"] == [tag.id]
    html = page.get_data(as_text=True)
    assert all(f'value="{value}"' in html for value in typed.values())
    assert "存好了" in text_of(page)
    assert "老客" in text_of(here.get("/console/audiences"))
    counted = here.get(f"/console/audiences/{kept.id}/count", headers={"HX-Request": "true"})
    assert text_of(counted).strip() == "0 / 0"


def test_two_who_save_one_audience_keep_both_their_words(signed_in, shop, make):
    here, there = signed_in("operator"), signed_in("operator", name="周岚")
    here.post("/console/audiences", {"name": "老客", "orders_least": "2"}, page=PAGE)
    there.post("/console/audiences/1", {"name": "老客们", "orders_least": "3", "revision": "1"}, page=PAGE)

    answer = here.post("/console/audiences/1", {"name": "熟客", "orders_least": "5", "revision": "1"}, page=PAGE)
    again = here.post("/console/audiences/1", {"name": "熟客", "orders_least": "5", "revision": "2"}, page=PAGE)

    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "周岚 刚刚也改了这个人群" in page
    assert "「老客们」" in page
    assert 'value="熟客"' in page
    assert 'name="revision" value="2"' in page
    assert again.status_code == 303
    assert [row.name for row in make.rows(Audience)] == ["熟客"]


def test_one_in_use_stays_and_one_that_is_not_goes(signed_in, make):
    here = signed_in("operator")
    for name in ("在用", "没用"):
        here.post("/console/audiences", {"name": name}, page=PAGE)
    used, free = make.rows(Audience)
    now = make.runtime.now()
    make._save(
        Push(
            name="群发",
            audience_id=used.id,
            text="您好",
            created_at=now,
            created_by="x",
            changed_at=now,
            changed_by="x",
        )
    )

    refused = here.post(f"/console/audiences/{used.id}/delete", page=PAGE)
    done = here.post(f"/console/audiences/{free.id}/delete", page=PAGE)

    assert (refused.status_code, done.status_code) == (409, 303)
    assert "1 个群发用着" in text_of(refused)
    assert [row.name for row in make.rows(Audience)] == ["在用"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": "长" * 31}, {"name": "长" * 61}, {"name": "a\0b"}, {"extra": "1"},
        {"tags_all": "1,"}, {"tags_all": "x"}, {"tags_any": "٣"}, {"tags_none": "9" * 30}, {"tags_all": "99999"},
        {"tags_any": ",".join("1" * 101)}, {"staff_ids": "99999"}, {"staff_ids": "1;2"},
        {"spend_least": "-1"}, {"spend_least": "1e9"}, {"spend_most": "1.234"}, {"spend_least": "9", "spend_most": "8"},
        {"orders_least": "x"}, {"orders_most": "1.5"}, {"orders_least": "3", "orders_most": "2"},
        {"days_least": "٣"}, {"days_most": "9" * 12}, {"days_most": "9" * 13}, {"revision": "x" * 13},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_kept(signed_in, make, fields):
    here = signed_in("operator")

    answer = here.post("/console/audiences", {"name": "新的"} | fields, page=PAGE)

    assert answer.status_code == 422
    assert make.rows(Audience) == []
    assert preview(here, **{name: value for name, value in fields.items() if name != "name"}).status_code in (200, 422)


def test_a_name_is_taken_once(signed_in, make):
    here = signed_in("operator")
    here.post("/console/audiences", {"name": "老客"}, page=PAGE)

    answer = here.post("/console/audiences", {"name": "老客", "orders_least": "7"}, page=PAGE)

    assert answer.status_code == 409
    assert 'value="7"' in answer.get_data(as_text=True)
    assert len(make.rows(Audience)) == 1


def test_a_picker_finds_tags_and_staff_by_a_part_of_their_name(signed_in, shop, tag, make):
    make._save(Tag(wecom_id="t2", group_name="100%_", name="<b>宝宝</b>"))
    make._save(Tag(wecom_id="t3", group_name="喜好", name="爱买菜", deleted_at=make.runtime.now()))
    here = signed_in("operator")

    def found(what, words):
        return here.get(f"/console/audiences/choices/{what}", query_string={"q": words}).get_data(as_text=True)

    assert "爱买鲜花" in found("tags", "鲜")
    assert "爱买菜" not in found("tags", "爱买")
    assert "&lt;b&gt;宝宝" in found("tags", "%_")
    assert "鲜花" not in found("tags", "%_")
    assert "林晓雯" in found("staff", "晓")
    assert here.get("/console/audiences/choices/users").status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "changes"),
    [("operator", 200, 303), ("manager", 200, 403), ("developer", 403, 403), ("finance", 403, 403)],
)
def test_who_may_read_and_who_may_change(signed_in, make, role, reads, changes):
    signed_in("owner").post("/console/audiences", {"name": "老客"}, page=PAGE)
    here = signed_in(role)

    for path in ("", "/1", "/1/count", "/choices/tags"):
        assert here.get(f"/console/audiences{path}").status_code == reads, path
    of = "/console/account"
    assert here.post("/console/audiences/preview", page=of).status_code == reads
    saved = here.post("/console/audiences/1", {"name": "新名", "revision": "1"}, page=of)
    assert saved.status_code == changes
    assert here.post("/console/audiences", {"name": "又一个"}, page=of).status_code == changes
    assert here.get(PAGE).status_code == (200 if changes == 303 else 403)


@pytest.mark.parametrize("path", ["/console/audiences/9", "/console/audiences/9/count", "/console/audiences/x"])
def test_one_that_is_not_there_says_so(signed_in, path):
    assert signed_in("operator").get(path).status_code == 404
