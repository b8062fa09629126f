"""A customer's WeChat: WeCom's OAuth, the official account's, and the mini-program's sign-in."""

import pytest
import requests

from tests.sandbox.test_client import PAGE, authorize, code_of

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 Language/zh_CN"
WXWORK = f"{WECHAT} wxwork/4.1.36"


class WeChat:
    """The browser of one customer's WeChat, and the shop's server that asks who came."""

    def __init__(self, wecom, external_userid, **more):
        self.wecom = wecom
        self.http = requests.Session()
        self.choose(external_userid, **more)

    def choose(self, external_userid, **more):
        answer = self.http.post(
            f"{self.wecom.url}/sandbox/client/customer", json={"external_userid": external_userid, **more}
        )
        assert answer.ok, answer.text
        self.ids = answer.json()

    def of_the_corp(self, **query):
        code = code_of(authorize(self.wecom, self.http, **query))
        return self.wecom.get("auth/getuserinfo", code=code)

    def code(self, scope="snsapi_userinfo"):
        return code_of(authorize(self.wecom, self.http, appid=account(self.wecom)["appid"], scope=scope))

    def of_the_account(self, **query):
        return sns(self.wecom, "oauth2/access_token", code=self.code(**query))


def account(wecom, app="official"):
    return wecom.ask("GET", f"credentials?app={app}")


def sns(wecom, path, **query):
    if path != "userinfo":
        app = account(wecom, "mini" if path == "jscode2session" else "official")
        query = {**app, "grant_type": "authorization_code", **query}
    return wecom.http.get(f"{wecom.url}/sns/{path}", params=query).json()


def stranger(wecom, **given):
    """A WeChat user who is nobody's contact."""
    return wecom.ask("POST", "customers", status=201, **given)["external_userid"]


def test_a_visitor_has_one_corp_openid_before_and_after_the_add_and_an_external_userid_while_a_contact(wecom):
    pair = {"userid": "Lan", "external_userid": stranger(wecom)}
    member = [{"external_userid": pair["external_userid"]}]
    wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan", members=member)
    browser = WeChat(wecom, pair["external_userid"])

    before = browser.of_the_corp()
    wecom.ask("POST", "scan", **pair, half=True)
    half = browser.of_the_corp()
    wecom.ask("POST", "scan", **pair)
    after = browser.of_the_corp()
    wecom.ask("POST", "follows/delete", **pair, by="staff")
    gone = browser.of_the_corp()

    openid = browser.ids["openid"]
    names = {"errcode", "errmsg", "openid"}
    assert [set(one) for one in (before, half, gone)] == [names] * 3
    assert {one["openid"] for one in (before, half, after, gone)} == {openid}
    assert after["external_userid"] == pair["external_userid"]


def test_one_browser_is_a_member_in_the_sidebar_and_a_customer_elsewhere(wecom):
    browser = WeChat(wecom, stranger(wecom))
    browser.http.post(f"{wecom.url}/sandbox/client/sign-in", json={"userid": "lan"})
    wecom.ask("PUT", "client", sidebar_url="http://127.0.0.1:8000/sidebar/")
    parcel = "http://127.0.0.1:8000/landing/back"

    assert browser.of_the_corp()["userid"] == "Lan"
    assert browser.of_the_corp(redirect_uri=parcel)["openid"] == browser.ids["openid"]

    browser.http.headers["User-Agent"] = WXWORK
    assert browser.of_the_corp(redirect_uri=parcel)["userid"] == "Lan"
    browser.http.headers["User-Agent"] = WECHAT
    assert browser.of_the_corp()["openid"] == browser.ids["openid"]


def test_wechat_asks_who_it_is_until_a_customer_is_chosen_and_again_when_forgotten(wecom):
    browser = WeChat(wecom, stranger(wecom, name="苏婉清"))
    browser.http.headers["User-Agent"] = WECHAT
    asked = f"{wecom.url}/sandbox/client/customer"
    assert browser.http.get(asked).json()["name"] == "苏婉清"

    browser.choose(None)

    assert browser.http.get(asked).json() == {"external_userid": None}
    assert "苏婉清" in authorize(wecom, browser.http).text


def test_a_tapped_link_opens_on_this_machine_as_that_customer(wecom):
    browser = requests.Session()
    opening = f"{wecom.url}/sandbox/client/open"
    who = {"external_userid": stranger(wecom)}

    answer = browser.get(opening, params={**who, "url": f"{PAGE}&b=2"}, allow_redirects=False)

    assert answer.headers["Location"] == f"{PAGE}&b=2"
    assert browser.get(f"{wecom.url}/sandbox/client/customer").json()["external_userid"] == who["external_userid"]
    for elsewhere in ("https://evil.example/", "javascript:alert(1)", "//evil.example", "", "http://[/"):
        refused = browser.get(opening, params={**who, "url": elsewhere}, allow_redirects=False)
        assert (refused.status_code, refused.json()["error"]) == (400, "not_loopback")


def test_the_official_account_learns_who_came_and_the_unionid_only_when_told_and_bound(wecom):
    browser = WeChat(wecom, stranger(wecom, name="苏婉清", unionid="o6_su"))

    silent = browser.of_the_account(scope="snsapi_base")
    told = browser.of_the_account()
    shown = sns(wecom, "userinfo", access_token=told["access_token"], openid=told["openid"])
    wecom.ask("PUT", "wechat-rules", official_bound=False)
    unbound = browser.of_the_account()

    assert {one["openid"] for one in (silent, told, unbound)} == {browser.ids["official_openid"]}
    assert (told["expires_in"], told["scope"], told["unionid"]) == (7200, "snsapi_userinfo", "o6_su")
    assert (shown["nickname"], shown["unionid"], shown["openid"]) == ("苏婉清", "o6_su", told["openid"])
    assert not any("unionid" in one or "is_snapshotuser" in one for one in (silent, unbound))
    assert sns(wecom, "userinfo", access_token=silent["access_token"], openid=silent["openid"])["errcode"] == 48001
    assert sns(wecom, "userinfo", access_token=told["access_token"], openid="other")["errcode"] == 40003
    assert len({browser.ids[name] for name in ("openid", "official_openid", "mini_openid")}) == 3


def test_strangers_in_snapshot_pages_share_a_virtual_unionid_until_they_open_the_whole_page(wecom):
    browsers = [WeChat(wecom, stranger(wecom), snapshot=True) for _ in range(2)]

    first, second = (browser.of_the_account() for browser in browsers)
    shown = sns(wecom, "userinfo", access_token=first["access_token"], openid=first["openid"])
    browsers[0].choose(browsers[0].ids["external_userid"])
    whole = browsers[0].of_the_account()

    assert (first["is_snapshotuser"], second["is_snapshotuser"]) == (1, 1)
    assert first["unionid"] == second["unionid"] != whole["unionid"] == browsers[0].ids["unionid"]
    assert len({first["openid"], second["openid"], whole["openid"]}) == 3
    assert (shown["nickname"], shown["unionid"]) == ("微信用户", first["unionid"])
    assert "is_snapshotuser" not in whole


def test_a_code_of_the_official_account_is_good_once_for_five_minutes_and_for_its_own_secret(wecom):
    browser = WeChat(wecom, stranger(wecom))
    code = browser.code()

    def refused(**wrong):
        return sns(wecom, "oauth2/access_token", **{"code": code, **wrong})["errcode"]

    assert [refused(secret="x"), refused(appid="wx0"), refused(code="x"), refused(code="")] == [
        40125,
        40013,
        40029,
        41008,
    ]
    assert "openid" in sns(wecom, "oauth2/access_token", code=code)
    assert refused() == 40163
    assert wecom.get("auth/getuserinfo", code=browser.code())["errcode"] == 40029
    late = browser.code()
    wecom.advance(301)
    assert refused(code=late) == 40029


@pytest.mark.parametrize("more", [{"scope": "snsapi_privateinfo"}, {"redirect_uri": "http://127.0.0.1:9999/"}])
def test_an_authorization_the_official_account_may_not_ask_for_is_refused(wecom, more):
    wecom.ask("PUT", "client", sidebar_url=PAGE)
    asked = {"appid": account(wecom)["appid"], "sandbox_external_userid": stranger(wecom), **more}

    assert authorize(wecom, **asked).status_code == 400


def test_a_mini_program_signs_its_user_in(wecom):
    who = stranger(wecom, unionid="o6_su")

    def sign_in(**query):
        return sns(wecom, "jscode2session", **query)

    def js_code(**more):
        return wecom.ask("POST", "mini-codes", status=201, external_userid=who, **more)["js_code"]

    code = js_code()
    session = sign_in(js_code=code)
    again = sign_in(js_code=code)
    risky = sign_in(js_code=js_code(risky=True))
    wecom.ask("PUT", "wechat-rules", mini_bound=False)
    unbound = sign_in(js_code=js_code())

    assert session["openid"] == WeChat(wecom, who).ids["mini_openid"] == unbound["openid"]
    assert (session["unionid"], len(session["session_key"]), "unionid" in unbound) == ("o6_su", 24, False)
    assert (again["errcode"], risky["errcode"], sign_in(js_code="x")["errcode"]) == (40163, 40226, 40029)
    assert sign_in(js_code=js_code(), **account(wecom))["errcode"] == 40013


def test_the_hundred_and_first_sign_in_of_a_minute_is_refused_and_its_code_stays_good(wecom):
    who = stranger(wecom)
    codes = [wecom.ask("POST", "mini-codes", status=201, external_userid=who)["js_code"] for _ in range(101)]

    answers = [sns(wecom, "jscode2session", js_code=code) for code in codes]

    assert [one.get("errcode") for one in answers] == [None] * 100 + [45011]
    wecom.advance(61)
    assert "openid" in sns(wecom, "jscode2session", js_code=codes[-1])


def test_faults_reach_the_calls_of_wechat_which_stand_nowhere_else(wecom):
    wecom.faults({"on": "call", "path": "sns/userinfo", "errcode": -1, "times": 1})

    assert sns(wecom, "userinfo")["errcode"] == -1
    assert sns(wecom, "userinfo")["errcode"] == 40001
    assert wecom.http.get(f"{wecom.url}/cgi-bin/sns/userinfo").status_code == 404


def test_who_uses_wecom_has_no_wechat(wecom):
    who = {"external_userid": stranger(wecom, type=2)}

    assert wecom.ask("POST", "mini-codes", status=409, **who)["error"] == "not_in_wechat"
    assert wecom.ask("POST", "client/customer", status=409, **who)["error"] == "not_in_wechat"
