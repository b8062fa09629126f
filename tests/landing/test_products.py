"""A product's page: who looked is on record, and where it is bought is one tap away."""

import pytest

from config import Landing
from crm import product_shares
from models import Behaviour, Event, Identity, Product, ProductShare
from tests.landing.conftest import WXWORK

PATH = "/g/WIPES-80"


@pytest.fixture
def wipes(make):
    values = {
        "sku": "WIPES-80", "name": "婴儿湿巾 80 抽", "price_fen": 1990, "link_url": "https://shop.example/w",
        "share_text": "7€复制¥abc¥", "mini_program_path": "pages/goods?sku=WIPES-80", "on_sale": True,
        "changed_at": make.runtime.now(), "stored_at": make.runtime.now(), "fingerprint": "",
    }  # fmt: skip
    return make._save(Product(shop_id=make.shop("淘宝店").id, **values))


def test_who_looks_is_on_record_once_a_minute_and_as_one_person_before_and_after_the_add(
    make, corp, sandbox, phone, wipes, clock
):
    clock.freeze()
    visitor = phone()

    page = visitor.open(PATH).text
    visitor.open(PATH)
    sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
    clock.tick(minutes=2)
    visitor.open(PATH)

    views = make.rows(Event)
    customers = {row.customer_id for row in make.rows(Identity) if row.id in {view.identity_id for view in views}}
    assert [(view.kind, view.sku, view.props) for view in views] == [("view", "WIPES-80", {"source": "landing"})] * 2
    assert len(customers) == 1
    assert sum(row.views for row in make.rows(Behaviour)) == 2
    assert 'href="https://shop.example/w"' in page
    assert "7€复制¥abc¥" in page
    assert "19.90" in page


def test_neither_staff_nor_a_browser_leaves_a_view_and_the_mini_program_opens_from_outside(
    make, corp, phone, wipes, runtime
):
    runtime.settings = runtime.settings.model_copy(update={"landing": Landing(mini_program_app_id="wx123")})

    pages = [phone(agent=agent).get(PATH) for agent in (WXWORK, "Chrome")]

    assert [page.status_code for page in pages] == [200, 200]
    assert "weixin://dl/business/?appid=wx123&amp;path=pages/goods&amp;query=sku%3DWIPES-80" in pages[1].text
    assert make.rows(Event) == []


def test_what_is_gone_or_never_was_gets_one_kind_page(make, corp, phone, wipes, runtime):
    with runtime.transaction() as session:
        session.get_one(Product, wipes.id).on_sale = False

    answers = [phone().get(path) for path in (PATH, "/g/nothing", "/g/a/b%2Fc?k=²")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert all("这件商品下架了" in answer.text for answer in answers)


def test_the_link_a_member_sent_says_when_its_customer_opened_it_first_and_nobody_else_counts(
    make, corp, sandbox, phone, wipes, runtime
):
    now, token = runtime.now(), "A" * product_shares.TOKEN_LETTERS
    visitor, stranger = phone(), phone()
    for who in (visitor, stranger):  # both are friends: the link was passed on
        sandbox.post("/sandbox/scan", {"external_userid": who.customer, "userid": "lan"})
    contact, lan = make.contact(visitor.customer), make.staff()
    share = ProductShare(
        product_id=wipes.id, staff_id=lan.id, identity_id=contact.identity_id, touch_id=make.touch().id, way="page",
        token_digest=product_shares.digest_of(token, vault=runtime.vault), created_at=now,
    )  # fmt: skip
    make._save(share)
    phone(agent=WXWORK).get(f"{PATH}?t={token}")
    stranger.open(f"{PATH}?t={token}")
    visitor.open(PATH)
    visitor.client.head(f"{PATH}?t={token}", headers=visitor.headers)  # shows nothing to anybody
    before = make.rows(ProductShare)[0].opened_at

    pages = [visitor.open(f"{PATH}?t={sent}").status_code for sent in (token, token, "B" * len(token))]

    [row] = make.rows(ProductShare)
    assert (pages, before, row.opens) == ([200] * 3, None, 2)
    assert row.opened_at >= now
