"""A member's client: sign-in by OAuth, and the bridge under the browser SDK."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from sandbox import crypto

PAGE = "http://127.0.0.1:8000/sidebar?a=1"


def authorize_url(wecom, **more):
    query = {
        "appid": wecom.credentials["corp_id"],
        "redirect_uri": "http://127.0.0.1:8000/sidebar/back?next=%2Fsidebar",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "abc",
        **more,
    }
    return f"{wecom.url}/connect/oauth2/authorize?{urlencode(query)}"


def authorize(wecom, session=requests, **more):
    return session.get(authorize_url(wecom, **more), allow_redirects=False)


def code_of(answer):
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def test_a_member_signs_in_once_per_code(wecom):
    answer = authorize(wecom, sandbox_userid="lan")

    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (back["state"], back["next"]) == (["abc"], ["/sidebar"])
    assert wecom.get("auth/getuserinfo", code=code_of(answer))["userid"] == "Lan"
    assert wecom.get("auth/getuserinfo", code=code_of(answer))["errcode"] == 42022
    assert wecom.get("auth/getuserinfo", code="made-up")["errcode"] == 40029


def test_a_code_lasts_five_minutes(wecom):
    code = code_of(authorize(wecom, sandbox_userid="lan"))
    wecom.advance(301)

    assert wecom.get("auth/getuserinfo", code=code)["errcode"] == 42003


def test_without_a_cookie_one_is_asked_who_one_is_and_with_it_not(wecom):
    browser = requests.Session()
    asked = authorize(wecom, browser)
    assert asked.status_code == 200
    assert "林晓雯" in asked.text

    browser.post(f"{wecom.url}/sandbox/client/sign-in", json={"userid": "lan"})

    assert wecom.get("user/getuserinfo", code=code_of(authorize(wecom, browser)))["UserId"] == "Lan"


def test_another_member_loses_the_cookies_of_the_one_before(wecom):
    wecom.ask("PUT", "client", sidebar_url=PAGE, forget_cookies=[{"name": "session", "path": "/sidebar"}])

    answer = requests.post(f"{wecom.url}/sandbox/client/sign-in", json={"userid": "lan"})

    assert any(
        value.startswith("session=;") and "Path=/sidebar" in value for value in answer.raw.headers.getlist("Set-Cookie")
    )


def test_details_need_a_ticket_that_has_not_expired(wecom):
    agent = str(wecom.credentials["agent_id"])
    code = code_of(authorize(wecom, sandbox_userid="lan", scope="snsapi_privateinfo", agentid=agent))
    ticket = wecom.get("auth/getuserinfo", code=code)["user_ticket"]

    assert wecom.post("auth/getuserdetail", user_ticket=ticket)["userid"] == "Lan"
    wecom.advance(1801)
    assert wecom.post("auth/getuserdetail", user_ticket=ticket)["errcode"] == 84014
    assert wecom.post("auth/getuserdetail", user_ticket="x")["errcode"] == 84015


def test_a_customer_in_wechat_is_known_by_openid_and_when_followed_by_external_userid(wecom):
    stranger = wecom.ask("POST", "customers", status=201)
    customer = wecom.add()

    seen = [
        wecom.get("auth/getuserinfo", code=code_of(authorize(wecom, sandbox_external_userid=one["external_userid"])))
        for one in (stranger, customer)
    ]

    assert [one["openid"] for one in seen] == [stranger["openid"], customer["openid"]]
    assert [one.get("external_userid") for one in seen] == [None, customer["external_userid"]]


@pytest.mark.parametrize(
    "more",
    [
        {"appid": "ww0"},
        {"redirect_uri": "http://evil.example/"},
        {"redirect_uri": "http://127.0.0.1:9999/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://[/"},
        {"scope": "everything"},
        {"state": "x" * 129},
        {"scope": "snsapi_privateinfo"},
    ],
)
def test_a_sign_in_that_leads_elsewhere_is_refused(wecom, more):
    wecom.ask("PUT", "client", sidebar_url=PAGE)

    assert authorize(wecom, sandbox_userid="lan", **more).status_code == 400


class Page:
    """A page in the sidebar of one chat."""

    def __init__(self, wecom, external_userid, frame="f1", href=PAGE, entry="single_chat_tools"):
        self.wecom = wecom
        self.chat = {"frame": frame, "userid": "Lan", "external_userid": external_userid, "href": href, "entry": entry}

    def call(self, name, **params):
        return self.wecom.ask("POST", "bridge", **self.chat, name=name, params=params)

    def configure(self, names=("getCurExternalContact", "sendChatMessage"), url=PAGE, **wrong):
        ticket = self.wecom.get("ticket/get", type="agent_config")["ticket"]
        corp = self.wecom.credentials
        signed = {"timestamp": "1700000000", "nonceStr": "nonce"}
        sign = crypto.js_signature(ticket, "nonce", "1700000000", url)
        told = {"corpid": corp["corp_id"], "agentid": str(corp["agent_id"]), **signed, "signature": sign}
        return self.call("agentConfig", **{**told, "jsApiList": list(names), **wrong})["err_msg"]


@pytest.fixture
def page(wecom):
    return Page(wecom, wecom.add()["external_userid"])


def test_a_signed_page_learns_the_customer_and_sends_a_message(wecom, page):
    page.chat["href"] = f"{PAGE}#tab"
    assert page.configure() == "agentConfig:ok"

    assert page.call("getContext")["entry"] == "single_chat_tools"
    assert page.call("getCurExternalContact")["userId"] == page.chat["external_userid"]
    assert page.call("sendChatMessage", msgtype="text", text={"content": "券码 A1"})["err_msg"] == "sendChatMessage:ok"

    (sent,) = wecom.ask("GET", "messages")["messages"]
    assert (sent["from"], sent["kind"], sent["content"], sent["source"]) == (
        "staff",
        "text",
        {"content": "券码 A1"},
        "sidebar",
    )


def test_nothing_is_permitted_before_a_good_config_nor_in_another_frame_or_address(wecom, page):
    denied = "getCurExternalContact:fail_no permission to execute"
    assert page.call("getCurExternalContact")["err_msg"] == denied
    page.configure(signature="0" * 40)
    assert page.call("getCurExternalContact")["err_msg"] == denied
    page.configure()

    elsewhere = {"frame": "f2"}, {"href": "http://127.0.0.1:8000/sidebar?a=2"}

    for other in elsewhere:
        moved = Page(wecom, page.chat["external_userid"], **other)
        assert moved.call("getCurExternalContact")["err_msg"] == denied
    assert page.call("sendChatMessage", msgtype="text", text={"content": "x"})["err_msg"] == "sendChatMessage:ok"


def test_only_what_was_asked_for_is_permitted(page):
    page.configure(names=["getCurExternalContact"])

    refused = page.call("sendChatMessage", msgtype="text", text={"content": "x"})

    assert refused["err_msg"] == "sendChatMessage:fail_no permission to execute"


@pytest.mark.parametrize("wrong", [{"corpid": "ww0"}, {"agentid": "7"}, {"nonceStr": "other"}, {"signature": "0" * 40}])
def test_a_config_that_does_not_fit_is_refused(page, wrong):
    assert page.configure(**wrong).startswith("agentConfig:fail_invalid")


def test_the_corps_ticket_does_not_sign_for_the_app(wecom, page):
    ticket = wecom.get("get_jsapi_ticket")["ticket"]
    sign = crypto.js_signature(ticket, "nonce", "1700000000", PAGE)

    assert page.configure(signature=sign) == "agentConfig:fail_invalid signature, 40093"

    signed = {"verifyNonceStr": "nonce", "verifyTimestamp": "1700000000", "verifySignature": sign}
    told = {"appId": wecom.credentials["corp_id"], **signed, "verifyJsApiList": ["getContext"]}
    assert page.call("preVerifyJSAPI", **told)["err_msg"] == "preVerifyJSAPI:ok"
    assert page.call("getContext")["err_msg"] == "getContext:ok"
    assert page.call("getCurExternalContact")["err_msg"] == "getCurExternalContact:fail_no permission to execute"


def test_a_page_elsewhere_is_not_trusted(wecom, page):
    wecom.ask("PUT", "client", sidebar_url="http://127.0.0.1:8123/sidebar")

    assert page.configure() == "agentConfig:fail_domain of url is not trusted, 50001"


@pytest.mark.parametrize("chat", [{"entry": "normal"}, {"external_userid": None}, {"external_userid": "wm" + "x" * 30}])
def test_there_is_no_customer_outside_their_chat(page, chat):
    page.configure()
    page.chat.update(chat)

    assert page.call("getCurExternalContact")["err_msg"].endswith("fail without context of external contact")
    refused = page.call("sendChatMessage", msgtype="text", text={"content": "x"})
    assert refused["err_msg"].endswith("fail without context of external contact")


def test_each_entry_gives_what_it_is_beside_and_no_more(wecom, page):
    customer = page.chat["external_userid"]
    group = wecom.ask("POST", "groups", status=201, name="群", owner="Lan", members=[{"external_userid": customer}])
    names = ("getCurExternalContact", "getCurExternalChat", "sendChatMessage")
    may = {}

    for entry in ("contact_profile", "single_chat_tools", "group_chat_tools", "normal"):
        beside = {"chat_id": group["chat_id"], "external_userid": None} if "group" in entry else {}
        page.chat.update({"frame": entry, "entry": entry, "external_userid": customer} | beside)
        page.configure(names=names)
        asked = [page.call(name, msgtype="text", text={"content": "在"}) for name in names]
        assert page.call("getContext")["entry"] == entry
        may[entry] = [name for name, answer in zip(names, asked, strict=True) if answer["err_msg"].endswith(":ok")]

    assert may == {
        "contact_profile": ["getCurExternalContact"],
        "single_chat_tools": ["getCurExternalContact", "sendChatMessage"],
        "group_chat_tools": ["getCurExternalChat", "sendChatMessage"],
        "normal": [],
    }


def test_a_chat_that_is_there_opens_from_anywhere(wecom, page):
    page.configure(names=[])
    page.chat["entry"] = "normal"
    mine, others = page.chat["external_userid"], wecom.add("zhou")["external_userid"]
    groups = [
        wecom.ask("POST", "groups", status=201, name="群", owner=owner, members=[{"external_userid": mine}])["chat_id"]
        for owner in ("Lan", "zhou")
    ]
    asked = [
        {"externalUserIds": mine}, {"externalUserIds": [mine]}, {"userIds": "zhou"}, {"chatId": groups[0]},
        {"externalUserIds": others}, {"chatId": groups[1]}, {"externalUserIds": f"{mine};{others}"}, {},
    ]  # fmt: skip

    said = [page.call("openEnterpriseChat", **params)["err_msg"].split(":")[1] for params in asked]

    wrong = ["fail_invalid userid", "fail_invalid chatId", "fail_invalid parameter", "fail_invalid parameter"]
    assert said == ["ok"] * 4 + wrong


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"msgtype": "text", "text": {"content": " "}}, "fail_invalid content"),
        ({"msgtype": "news", "news": {"title": "x"}}, "fail_msg_link_missing_url"),
        ({"msgtype": "news", "news": {"link": "http://x/", "imgUrl": "data:x"}}, "fail invalid imgUrl"),
        (
            {"msgtype": "miniprogram", "miniprogram": {"appid": "a", "title": "b", "page": "c"}},
            "fail_invalid parameter",
        ),
        ({"msgtype": "image", "image": {"mediaid": "x"}}, "fail_invalid mediaid"),
        ({"msgtype": "poem"}, "fail_unsupported_msgtype"),
    ],
)
def test_a_message_the_client_cannot_send_says_why(wecom, page, message, words):
    page.configure()

    assert page.call("sendChatMessage", **message)["err_msg"] == f"sendChatMessage:{words}"

    assert wecom.ask("GET", "messages")["messages"] == []


@pytest.mark.parametrize(
    "message",
    [
        {"msgtype": "news", "news": {"link": "http://x/", "title": "券", "imgUrl": "http://x/1.png"}},
        {"msgtype": "miniprogram", "miniprogram": {"appid": "a", "title": "b", "page": "c.html?d=1"}},
    ],
)
def test_cards_are_sent(wecom, page, message):
    page.configure()

    assert page.call("sendChatMessage", **message)["err_msg"] == "sendChatMessage:ok"

    assert [one["kind"] for one in wecom.ask("GET", "messages")["messages"]] == [message["msgtype"]]


def test_a_customer_who_deleted_the_member_gets_nothing(wecom, page):
    page.configure()
    pair = {"userid": "Lan", "external_userid": page.chat["external_userid"]}
    wecom.ask("POST", "follows/delete", **pair, by="customer")

    refused = page.call("sendChatMessage", msgtype="text", text={"content": "x"})

    assert refused["err_msg"] == "sendChatMessage:fail_not a contact"


@pytest.mark.parametrize(
    ("fault", "answer", "messages"),
    [
        ({"err_msg": "sendChatMessage:cancel"}, {"err_msg": "sendChatMessage:cancel"}, 0),
        ({"hang": True}, {"hang": True}, 0),
        ({"hang": True, "after_effect": True}, {"hang": True}, 1),
    ],
)
def test_the_bridge_can_refuse_or_never_answer_before_or_after_its_effect(wecom, page, fault, answer, messages):
    page.configure()
    wecom.faults({"on": "bridge", "name": "sendChatMessage", "times": 1, **fault})

    assert page.call("sendChatMessage", msgtype="text", text={"content": "x"}) == answer

    assert len(wecom.ask("GET", "messages")["messages"]) == messages
    assert page.call("sendChatMessage", msgtype="text", text={"content": "x"})["err_msg"] == "sendChatMessage:ok"
