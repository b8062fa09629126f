"""Customers in the console: found, narrowed down, opened; a manager's only; phones masked until revealed."""

from urllib.parse import quote

import pytest
from sqlalchemy import event

from models import Audit, Department, Identity
from tests.console.conftest import text_of

HOSTILE = "<script>alert(1)</script>\u202e🌞"
PHONE = "13800136021"


def listed(browser, query=""):
    return text_of(browser.get(f"/console/customers{query}"))


@pytest.fixture
def regular(make):
    """Somebody lan of department 7 follows, with a tag and an order placed from a phone."""
    contact = make.contact("wm-regular", name="苏苏")
    make.follow(contact, make.staff("lan", name="林晓雯", department_wecom_ids=[7]), remark="苏婉清", add_way=1)
    make.tag("爱买鲜花", carried_by=(contact,))
    vault = make.runtime.vault
    make.order(
        Identity(id=contact.identity_id, customer_id=contact.customer_id), make.shop("淘宝店"), order_no="TB001",
        phone_sealed=vault.seal(PHONE), phone_digest=vault.digest(f"phone:{PHONE}"), phone_kind="real",
    )  # fmt: skip
    return contact


@pytest.fixture
def stranger(make):
    """A buyer nobody follows."""
    buyer = make.identity("buyer_id", "tb-9", scope="京东店")
    make.order(buyer, order_no="JD001")
    return buyer


@pytest.mark.parametrize("words", ["苏婉", "苏苏", "wm-regular", "TB001", PHONE, "+86 138 0013 6021"])
def test_a_customer_is_found_by_name_remark_number_and_whole_phone(signed_in, regular, stranger, words):
    found = listed(signed_in("operator"), f"?q={quote(words)}")

    assert "苏婉清" in found
    assert "京东店的买家" not in found


def test_a_part_of_a_phone_or_of_an_order_number_finds_nobody(signed_in, regular):
    here = signed_in()

    for words in ("1380013", "TB00", "%"):
        assert "没找到这样的客户" in listed(here, f"?q={quote(words)}")


def test_the_list_is_narrowed_down_by_follower_orders_and_tag(signed_in, make, regular, stranger):
    make.contact("wm-new", name="刚加的", followers=(make.staff("mei"),))
    here = signed_in()

    def shown(query):
        page = listed(here, query)
        return [name for name in ("苏婉清", "京东店的买家", "刚加的") if name in page]

    assert shown("?followed=yes") == ["苏婉清", "刚加的"]
    assert shown("?followed=no") == ["京东店的买家"]
    assert shown("?bought=yes") == ["苏婉清", "京东店的买家"]
    assert shown("?bought=no") == ["刚加的"]
    assert shown("?tag=1") == ["苏婉清"]
    assert here.get("/console/customers?followed=perhaps").status_code == 404


def test_a_page_of_customers_takes_as_many_statements_as_one_customer(signed_in, make, runtime, regular):
    here = signed_in()
    counted: list[str] = []

    def statements():
        counted.clear()
        assert here.get("/console/customers").status_code == 200
        return len(counted)

    event.listen(runtime.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    few = statements()
    for number in range(60):
        make.contact(f"wm{number}", name=f"第 {number} 位")

    assert statements() == few
    first = here.get("/console/customers")
    assert "第 59 位" in text_of(first)
    assert "苏婉清" not in text_of(first)
    further = here.get(f"/console/customers?before={61 - 50 + 1}", headers={"HX-Request": "true"})
    assert "苏婉清" in text_of(further)


def test_a_manager_sees_the_customers_of_their_department_and_no_others(signed_in, make, regular, stranger):
    make._save(Department(wecom_id=2, parent_wecom_id=1, name="门店"))
    make._save(Department(wecom_id=7, parent_wecom_id=2, name="导购"))
    other = make.contact("wm-other", name="别人的客户", followers=(make.staff("mei", department_wecom_ids=[3]),))
    here, lost = signed_in("manager", department_wecom_id=2), signed_in("manager")

    assert "苏婉清" in listed(here)
    assert "别人的客户" not in listed(here)
    assert "没找到" in listed(here, "?q=JD001")
    assert "还没给你定部门" in listed(lost)
    assert here.get(f"/console/customers/{regular.customer_id}").status_code == 200
    refused = [here.get(f"/console/customers/{number}") for number in (other.customer_id, stranger.customer_id, 99999)]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert len({text_of(answer) for answer in refused}) == 1
    assert here.post(f"/console/customers/{other.customer_id}/phone", {"order": "1"}).status_code == 403


def test_every_part_of_a_customer_opens_and_hostile_words_are_words(signed_in, make, regular):
    evil = make.contact("wm-evil", name=HOSTILE, followers=(make.staff("mei", name=HOSTILE),))
    make.touch(customer_id=regular.customer_id)
    here = signed_in("operator")

    for tab in ("orders", "behaviour", "coupons", "touches", "follows", "identity"):
        for contact in (regular, evil):
            page = here.get(f"/console/customers/{contact.customer_id}?tab={tab}")
            assert page.status_code == 200
            assert "<script>alert" not in page.text
    shown = text_of(here.get(f"/console/customers/{regular.customer_id}?tab=follows"))
    assert "林晓雯 扫码" in shown
    assert "爱买鲜花 同事打的" in shown
    assert HOSTILE in listed(here)


def test_a_phone_is_masked_until_somebody_with_the_right_asks_and_that_is_on_record(signed_in, make, regular):
    page, fields = f"/console/customers/{regular.customer_id}", {"order": "1"}
    plain, trusted, owner = signed_in("operator"), signed_in("operator", may_reveal_phones=True), signed_in()

    for here in (plain, trusted, owner):
        assert "138****6021" in here.get(page).text
        assert PHONE not in here.get(page).text

    assert plain.post(f"{page}/phone", fields, page="/console/account").status_code == 403
    for here in (trusted, owner):
        assert PHONE in here.post(f"{page}/phone", fields, page="/console/account").text
    assert PHONE not in owner.get(page).text
    looks = [(row.actor, row.outcome) for row in make.rows(Audit) if row.action == "customer.phone"]
    assert looks == [(f"user:{trusted.user.id}", "done"), (f"user:{owner.user.id}", "done")]


def test_an_owner_says_what_a_manager_may_see(signed_in, make):
    make._save(Department(wecom_id=7, parent_wecom_id=1, name="导购"))
    here, manager = signed_in(), make.user("boss", role="manager")

    assert "哪个部门的客户" in text_of(here.get(f"/console/users?rights={manager.id}"))
    answer = here.post(
        f"/console/users/{manager.id}/rights", {"department": "7", "reveal": "on"}, page="/console/account"
    )

    assert answer.status_code == 303
    assert [(user.department_wecom_id, user.may_reveal_phones) for user in make.rows(type(manager))] == [
        (None, False), (7, True),
    ]  # fmt: skip
    assert (
        here.post(f"/console/users/{manager.id}/rights", {"department": "8"}, page="/console/account").status_code
        == 422
    )
