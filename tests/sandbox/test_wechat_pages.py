"""A customer's phone: what they open in WeChat, and whose code they scan."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.sandbox.looking import DESKTOP, PALE_TEXTS, PHONES, SMALL_TARGETS, opened, too_wide
from tests.sandbox.test_client import authorize_url

pytestmark = pytest.mark.browser


def who_came(wecom, address):
    [code] = parse_qs(urlsplit(address).query)["code"]
    return wecom.get("auth/getuserinfo", code=code)


@pytest.mark.parametrize("size", [PHONES[1], DESKTOP])
def test_a_stranger_opens_a_page_adds_a_member_and_comes_back_to_it_as_the_same_visitor(chromium, wecom, size):
    page_of_the_shop = authorize_url(wecom, redirect_uri=f"{wecom.url}/start")
    with opened(chromium, f"{wecom.url}/customer", size) as page:
        page.get_by_role("button", name="来一位没加过的微信用户").click()
        page.get_by_role("button", name="扫一扫", exact=True).click()
        sheet = page.get_by_role("dialog", name="微信扫一扫")
        expect(sheet.get_by_label("扫谁的码加好友")).to_have_value("userid/Lan")
        assert (too_wide(page), page.evaluate(PALE_TEXTS), sheet.evaluate(SMALL_TARGETS)) == (0, [], [])
        sheet.get_by_label("扫码或点链接").fill("https://example.com/")
        sheet.get_by_role("button", name="在微信里打开").click()
        expect(sheet.get_by_role("alert")).to_contain_text("只能打开这台电脑上的页面")

        sheet.get_by_label("扫码或点链接").fill(page_of_the_shop)
        with page.expect_popup() as opening:
            sheet.get_by_role("button", name="在微信里打开").click()
        opening.value.wait_for_url("**/start?code=*")
        before = who_came(wecom, opening.value.url)
        page.get_by_role("button", name="扫一扫", exact=True).click()
        sheet.get_by_label("扫谁的码加好友").select_option(label="周岚")
        sheet.get_by_role("button", name="扫一扫加好友").click()
        expect(page.locator("#chat-name")).to_have_text("周岚")
        opening.value.goto(page_of_the_shop)
        after = who_came(wecom, opening.value.url)

    assert "external_userid" not in before
    assert after["openid"] == before["openid"]
    [customer] = wecom.ask("GET", f"customers?q={after['external_userid']}")["customers"]
    assert customer["follows"] == ["zhou"]


def test_an_address_in_a_message_opens_in_the_customers_wechat(chromium, wecom):
    way = wecom.post("externalcontact/add_contact_way", type=1, scene=2, user=["Lan"], state="parcel")
    friend = wecom.ask("POST", "customers", status=201)["external_userid"]
    wecom.ask("POST", "scan", external_userid=friend, config_id=way["config_id"])
    parcel = authorize_url(wecom, redirect_uri=f"{wecom.url}/start")
    said = f"物流在这里：{parcel}。也可以看 https://example.com/a?b=1，<b>谢谢</b>"
    wecom.ask("POST", "messages", status=201, userid="Lan", external_userid=friend, text=said, **{"from": "staff"})
    with opened(chromium, f"{wecom.url}/customer#{friend}/Lan", PHONES[1]) as page:
        expect(page.locator(".line .bubble")).to_have_text(said)
        assert page.locator(".bubble a").last.get_attribute("href") == "https://example.com/a?b=1"
        assert too_wide(page) == 0

        with page.expect_popup() as opening:
            page.locator(".bubble a").first.click()
        opening.value.wait_for_url("**/start?code=*")

        assert who_came(wecom, opening.value.url)["external_userid"] == friend
