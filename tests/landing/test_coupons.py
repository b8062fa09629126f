"""A coupon's page: whose it is, what looking and claiming change, and words for every end of the road."""

import pytest

from crm import coupon_batches, coupons
from crm.coupon_batches import Terms
from landing.barcodes import bars
from models import Audit, Coupon, CouponLink, Identity
from tests.landing.conftest import WXWORK
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401


@pytest.fixture
def sent(make, sandbox, corp, phone, lan, at_the_chat):  # noqa: F811
    """Lan's contact, and the path of the coupon she sends them."""
    make.gate("live")

    def send(**batch):
        visitor = phone()
        sandbox.post("/sandbox/scan", {"external_userid": visitor.customer, "userid": "lan"})
        contact = make.contact(visitor.customer, followers=(lan,))
        body = {"batch_id": make.coupon_batch(**batch).id, "occasion": "tap-00000001"}
        answer = at_the_chat.post(f"customers/{contact.customer_id}/coupons", body)
        return visitor, answer.json["chat_message"]["news"]["link"].removeprefix("http://localhost")

    return send


def the_coupon(make):
    [row] = make.rows(Coupon)
    return row


def test_looking_changes_nothing_the_page_says_it_was_opened_and_the_code_shows_once_claimed(make, sent, at_the_chat):  # noqa: F811
    visitor, path = sent(name="湿巾补货券", categories=["护理"])

    page = visitor.open(path)
    looked = the_coupon(make)
    said = visitor.post(f"{path}/opened")
    opened = the_coupon(make)
    form = {"csrf_token": visitor.token}  # over https the usual check would want the referrer that is not sent
    claimed_page = visitor.client.post(path, data=form, headers=visitor.headers, base_url="https://localhost")
    after = visitor.open(path)
    claimed = the_coupon(make)

    assert (looked.opened_at, looked.claimed_at) == (None, None)
    assert "兰" in page.text
    assert "只限 护理" in page.text
    assert looked.code not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert (said.status_code, opened.opened_at is not None, opened.claimed_at) == (204, True, None)
    assert (claimed_page.status_code, claimed.claimed_at is not None) == (303, True)
    assert claimed.opened_at == opened.opened_at
    assert claimed.code in after.text
    assert 'class="bars"' in after.text
    assert [(row.actor, row.action) for row in make.rows(Audit) if row.action == "coupon.claim"] == [
        ("customer", "coupon.claim")
    ]
    held = at_the_chat.get(f"customers/{claimed.customer_id}/coupons").json["coupons"][0]
    assert (held["state"], held["code"]) == ("claimed", claimed.code)


def test_nobody_else_opens_or_claims_it(make, sent, phone, sandbox, corp):
    visitor, path = sent()
    visitor.open(path)
    stranger, colleague, browser = phone(), phone(agent=WXWORK), phone(agent="Chrome")
    sandbox.post("/sandbox/scan", {"external_userid": stranger.customer, "userid": "lan"})
    pages = [each.open(path).text for each in (stranger, colleague, browser)]
    for each in (stranger, colleague, browser):
        each.token = each.token or visitor.token
        each.post(f"{path}/opened"), each.post(path)
    forged = visitor.post(path, csrf_token="made up")

    assert ["给别人的" in pages[0], "您是店里的同事" in pages[1], "请用微信打开" in pages[2]] == [True] * 3
    assert forged.status_code == 400
    assert (the_coupon(make).opened_at, the_coupon(make).claimed_at) == (None, None)
    assert phone().get("/c/" + "A" * 32).status_code == 404
    assert path.rpartition("/")[2] not in {row.token_digest for row in make.rows(CouponLink)}


def test_every_end_of_the_road_has_words_and_gives_nothing(make, runtime, sent):
    visitor, path = sent()
    visitor.open(path)
    coupon, token = the_coupon(make), visitor.token
    ends = {"revoked_at": "这张券作废了", "expires_at": "这张券过期了", "used_at": "这张券用过了"}

    for name, words in ends.items():
        with runtime.transaction() as session:
            setattr(session.get_one(Coupon, coupon.id), name, runtime.now())
        visitor.token = token
        assert visitor.post(path).status_code == 303
        assert words in visitor.open(path).text
        with runtime.transaction() as session:
            setattr(session.get_one(Coupon, coupon.id), name, getattr(coupon, name))
    assert the_coupon(make).claimed_at is None


def test_a_platforms_coupon_leads_to_the_platform_and_never_says_it_was_used(make, sent, at_the_chat):  # noqa: F811
    visitor, path = sent(source="youzan", link_url="https://youzan.example/c")
    visitor.open(path)
    visitor.post(path)

    page = visitor.open(path).text

    assert 'href="https://youzan.example/c"' in page
    assert the_coupon(make).code not in page
    sheet = at_the_chat.get(f"customers/{the_coupon(make).customer_id}/coupons", part=True).text
    card = at_the_chat.get(f"contacts/{visitor.customer}", part=True).text
    assert "核销不可知" in sheet + card


def test_a_batchs_own_link_gives_each_contact_one_and_the_others_a_way_in(make, runtime, sandbox, corp, phone):
    with runtime.transaction() as session:
        terms = Terms(name="见面礼", value_fen=800, total=1, per_customer=1, valid_days=7)
        batch = coupon_batches.create_batch(session, terms, now=runtime.now())
        session.flush()
        session.add(CouponLink(token_digest=runtime.vault.digest("T" * 32), batch_id=batch.id, made_at=runtime.now()))
    path, friends = "/c/" + "T" * 32, [phone(), phone()]
    for friend in friends:
        sandbox.post("/sandbox/scan", {"external_userid": friend.customer, "userid": "lan"})

    stranger = phone().open(path).text
    for friend in friends:
        friend.open(path)
    first, again, late = friends[0].post(path), friends[0].post(path), friends[1].post(path)

    assert "加上客服就能领" in stranger
    assert (first.status_code, again.status_code, late.status_code) == (303, 303, 303)
    assert the_coupon(make).code in friends[0].open(path).text
    assert "领完了" in friends[1].open(path).text
    owner = {row.customer_id for row in make.rows(Identity) if row.value == friends[0].customer}
    assert {the_coupon(make).customer_id} == owner
    assert coupons.state(the_coupon(make), now=runtime.now()) == "claimed"


def test_the_bars_say_the_code():
    drawn = bars("HT7K29QM4D")

    assert drawn is not None
    path, width = drawn
    assert width == 10 + 11 * 12 + 13 + 10
    assert path.startswith("M10 0h2v1h-2z")  # start B: 2 1 1 2 1 4
    assert path.count("M") == 3 * 12 + 4
    assert bars("券") is None
