"""Published SDKs, unmodified, against a real running sandbox."""

from urllib.parse import parse_qs, urlsplit

import pytest
from wechatpy import WeChatClient as MiniProgram
from wechatpy.oauth import WeChatOAuth, WeChatOAuthException
from wechatpy.work import WeChatClient
from wechatpy.work.client.api import WeChatExternalContactGroupChat
from wechatpy.work.crypto import WeChatCrypto

from sandbox import crypto
from tests.sandbox.nodejs import run_script


def test_node_easywechat_does_an_apps_everyday_work(wecom, tmp_path):
    wecom.ask("PUT", "mass-rules", dispatch_seconds=0.0)
    made = wecom.add(name="苏婉清", unionid="o6_su")
    wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan")
    told = {**wecom.credentials, **made, "url": wecom.url, "cache": str(tmp_path)}

    answers = run_script("easywechat.cjs", told)

    refused = {name: answer for name, answer in answers.items() if isinstance(answer, dict) and answer.get("errcode")}
    assert refused == {}
    assert answers["token"] == wecom.token
    assert {one["userid"] for one in answers["staff"]["userlist"]} == {"Lan", "zhou", "boss"}
    assert answers["member"]["name"] == "林晓雯"
    assert answers["followers"]["follow_user"] == ["Lan", "zhou"]
    assert answers["list"]["external_userid"] == [made["external_userid"]]
    assert answers["customer"]["external_contact"]["unionid"] == "o6_su"
    assert answers["batch"]["external_contact_list"][0]["external_contact"]["name"] == "苏婉清"
    assert answers["read"]["contact_way"]["state"] == "sdk"
    after = answers["after"]["follow_user"][0]
    assert (after["remark"], after["tags"][0]["tag_name"]) == ("常客", "鲜花")
    signed = answers["signed"]
    expected = crypto.js_signature(answers["ticket"], "nonce", "1700000000", "http://127.0.0.1:9/sidebar?a=1")
    assert signed["signature"] == expected
    assert answers["mass"]["fail_list"] == []
    assert [row["status"] for row in answers["results"]["send_list"]] == [0]
    assert answers["tasks"]["task_list"] == [{"userid": "Lan", "status": 0}]
    assert [one["msgid"] for one in answers["sent"]["group_msg_list"]] == [answers["mass"]["msgid"]]
    assert answers["group"]["group_chat"]["name"] == "鲜花群"
    assert answers["told"]["msgid"]
    assert [message["source"] for message in wecom.ask("GET", "messages")["messages"]] == ["welcome"]


@pytest.fixture
def wechatpy(wecom):
    """Its token address is written into its code, so it is handed a token; all else goes by its base address."""

    corp = wecom.credentials
    client = WeChatClient(corp["corp_id"], corp["secret"], access_token=wecom.token)
    client.API_BASE_URL = f"{wecom.url}/cgi-bin/"
    return client


def test_wechatpy_reads_customers_and_tags_them(wecom, wechatpy):
    made = wecom.add(name="苏婉清")
    contact = wechatpy.external_contact

    group = contact.add_corp_tag(None, "喜好", 1, [{"name": "鲜花", "order": 1}])["tag_group"]
    contact.mark_tag("lan", made["external_userid"], [group["tag"][0]["id"]], [])

    found = contact.get(made["external_userid"])
    assert contact.list("lan")["external_userid"] == [made["external_userid"]]
    assert found["follow_user"][0]["tags"][0]["tag_name"] == "鲜花"
    assert contact.get_follow_user_list()["follow_user"] == ["Lan", "zhou"]
    assert wechatpy.user.get("zhou")["name"] == "周岚"
    assert [one["id"] for one in wechatpy.department.list()] == [1, 2]


def test_wechatpy_makes_mass_messages_reads_groups_and_writes_to_staff(wecom, wechatpy):
    wecom.ask("PUT", "mass-rules", dispatch_seconds=0.0)
    person = wecom.add(name="苏婉清")["external_userid"]
    people = [{"external_userid": person}]
    group = wecom.ask("POST", "groups", status=201, name="鲜花群", owner="Lan", members=people)["chat_id"]
    picture = wechatpy.media.upload("image", ("a.png", b"picture bytes"))["media_id"]
    text, image = {"content": "今晚 20:00 开抢"}, {"msgtype": "image", "image": {"media_id": picture}}

    single = wechatpy.external_contact.add_msg_template(
        {"sender": "lan", "external_userid": [person, "wm-nobody"], "text": text, "attachments": [image]}
    )
    many = wechatpy.external_contact.add_msg_template({"chat_type": "group", "sender": "lan", "text": text})
    told = wechatpy.message.send_text(wecom.credentials["agent_id"], "lan|nobody", "去群发助手点发送")

    for made in (single, many):
        wecom.ask("POST", "mass-messages/confirm", msgid=made["msgid"], userid="lan")
    assert single["fail_list"] == ["wm-nobody"]
    assert told["invaliduser"] == "nobody"
    assert [line["kind"] for line in wecom.ask("GET", "messages")["messages"]] == ["text", "image"]
    assert wecom.ask("GET", "group-messages")["messages"][0]["chat_id"] == group
    chats = WeChatExternalContactGroupChat(wechatpy)
    assert chats.list_all(owner_userid_list=["lan"]) == [{"chat_id": group, "status": 0}]
    assert [one["userid"] for one in chats.get(group)["group_chat"]["member_list"]] == ["Lan", person]


def test_wechatpy_opens_what_is_pushed(wecom, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    made = wecom.add()

    (pushed,) = receiver.wait_for(1)

    corp = wecom.credentials
    box = WeChatCrypto(corp["callback_token"], corp["callback_aes_key"], corp["corp_id"])
    query = pushed.query
    xml = box.decrypt_message(pushed.body, query["msg_signature"], query["timestamp"], query["nonce"])
    assert made["external_userid"] in xml


def test_wechatpy_learns_who_opened_a_page_and_who_runs_the_mini_program(wecom):
    official, mini = (wecom.ask("GET", f"credentials?app={app}") for app in ("official", "mini"))
    who = wecom.ask("POST", "customers", status=201, name="苏婉清", unionid="o6_su")["external_userid"]
    ids = wecom.ask("POST", "client/customer", external_userid=who)
    oauth = WeChatOAuth(official["appid"], official["secret"], "http://127.0.0.1:8000/p", "snsapi_userinfo", "abc")
    oauth.API_BASE_URL, oauth.OAUTH_BASE_URL = f"{wecom.url}/", f"{wecom.url}/connect/"
    program = MiniProgram(mini["appid"], mini["secret"], access_token="unused")
    program.wxa.API_BASE_URL = f"{wecom.url}/"

    back = wecom.http.get(oauth.authorize_url, allow_redirects=False).headers["Location"]
    [code] = parse_qs(urlsplit(back).query)["code"]
    told = oauth.fetch_access_token(code)
    session = program.wxa.code_to_session(wecom.ask("POST", "mini-codes", status=201, external_userid=who)["js_code"])

    assert (told["openid"], told["unionid"]) == (ids["official_openid"], "o6_su")
    assert oauth.get_user_info()["nickname"] == "苏婉清"
    assert (session["openid"], session["unionid"]) == (ids["mini_openid"], "o6_su")
    with pytest.raises(WeChatOAuthException, match="40163"):
        oauth.fetch_access_token(code)
