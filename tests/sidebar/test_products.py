"""A product goes into the chat as its card, our page or the platform's link, and whose link was opened is known."""

import re

import pytest

from config import Landing
from models import ProductShare, Touch

TAP = {"occasion": "tap-00000001"}
WIPES = {"name": "婴儿湿巾 80 抽", "mini_program_path": "pages/goods?id=7", "link_url": "https://shop.example/w"}


@pytest.fixture(autouse=True)
def live(make, runtime):
    make.gate("live")
    runtime.settings = runtime.settings.model_copy(update={"landing": Landing(mini_program_app_id="wx123")})


@pytest.fixture
def wang(make, lan):
    return make.contact("wm_wang", name="王小雨", followers=(lan,))


@pytest.fixture
def wipes(make):
    return make.product("WIPES-80", image_url="https://img.example/w.jpg", **WIPES)


def test_products_on_sale_are_found_by_words_of_the_name_and_the_beginning_of_the_sku(make, at_the_chat, wang, wipes):
    make.product("WIPES-10", name="婴儿湿巾 10 抽", on_sale=False)
    plain = make.product("TEA-1", name="春茶 100% 头采")
    path = f"customers/{wang.customer_id}/products"

    found = {q: at_the_chat.get(path, query_string={"q": q}).json["products"] for q in ("抽 湿巾", "wipes-", "0%", "")}
    page = at_the_chat.get(path, part=True).text

    assert {q: [one["id"] for one in each] for q, each in found.items()} == {
        "抽 湿巾": [wipes.id], "wipes-": [wipes.id], "0%": [plain.id], "": [plain.id, wipes.id],
    }  # fmt: skip
    assert [one["ways"] for one in found[""]] == [["page"], ["card", "page", "link"]]
    assert "发小程序" not in page  # the best way is the button itself
    assert "发店铺链接" in page


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("card", {"appid": "wx123", "title": WIPES["name"], "page": "pages/goods.html?id=7"}),
        ("link", {"link": "https://shop.example/w", "title": WIPES["name"], "desc": "¥19.90"}),
        ("page", {"title": WIPES["name"], "desc": "¥19.90"}),
    ],
)
def test_a_tap_puts_it_on_record_and_hands_over_the_card_and_the_words_to_copy(
    make, at_the_chat, lan, wang, wipes, way, message
):
    answer = at_the_chat.post(f"customers/{wang.customer_id}/products/{wipes.id}", TAP | {"way": way})
    again = at_the_chat.post(f"customers/{wang.customer_id}/products/{wipes.id}", TAP | {"way": way})

    [touch], [share] = make.rows(Touch), make.rows(ProductShare)
    handed = answer.json["chat_message"]
    [token] = re.findall(r"/g/WIPES-80\?k=\d+&t=(\w{26})", answer.json["text"])
    assert (answer.status_code, answer.json["send"], again.json["send"]) == (201, True, False)
    assert handed[handed["msgtype"]].items() >= (message | {"imgUrl": "https://img.example/w.jpg"}).items()
    assert (touch.kind, touch.state, touch.customer_id) == ("product", "trying", wang.customer_id)
    assert (share.product_id, share.staff_id, share.identity_id, share.touch_id, share.way) == (
        wipes.id, lan.id, wang.identity_id, touch.id, way,
    )  # fmt: skip
    assert token not in share.token_digest
    at_the_chat.post(f"touches/{touch.id}/outcome", {"outcome": "sent"})
    path = f"customers/{wang.customer_id}/touches"
    [told] = at_the_chat.get(path).json["touches"]
    assert (told["tells_opening"], told["opened_at"]) == (way == "page", None)
    assert ("还没打开" if way == "page" else "打没打开不知道") in at_the_chat.get(path, part=True).text
    with make.runtime.transaction() as session:
        session.query(ProductShare).update({"opened_at": make.runtime.now()})
    assert "刚刚打开" in at_the_chat.get(path, part=True).text


def test_what_is_off_sale_or_has_no_such_way_is_refused(make, at_the_chat, wang):
    gone, plain = make.product(on_sale=False), make.product()

    answers = [
        at_the_chat.post(f"customers/{wang.customer_id}/products/{one.id}", TAP | {"way": way}).status_code
        for one, way in ((gone, "page"), (plain, "card"), (plain, "link"))
    ]

    assert answers == [404, 409, 409]
    assert make.rows(Touch) == []
