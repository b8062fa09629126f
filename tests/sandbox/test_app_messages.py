"""App messages to staff, robots of their groups, and what is uploaded for either."""

import base64
from hashlib import md5

import pytest

TEXT = {"msgtype": "text", "text": {"content": "10 分钟后开抢"}}
NOTICE = {
    "card_type": "text_notice",
    "main_title": {"title": "还有一条群发没有点发送"},
    "card_action": {"type": 1, "url": "https://shop.example/drops/1"},
}
BUTTONS = {
    "card_type": "button_interaction",
    "main_title": {"title": "去发群发"},
    "button_list": [{"text": "去发送", "key": "open"}],
    "task_id": "drop-1",
}
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture
def send(wecom):
    def send(**body):
        return wecom.post("message/send", **{"agentid": wecom.credentials["agent_id"], "touser": "lan", **TEXT, **body})

    return send


@pytest.fixture
def robot(wecom):
    return wecom.ask("POST", "robots", status=201, name="运营群小助手")


def got(wecom, userid=""):
    return wecom.http.get(f"{wecom.url}/sandbox/app-messages?userid={userid}").json()["messages"]


def upload(wecom, path, content=PNG, **params):
    return wecom.http.post(f"{wecom.url}/cgi-bin/{path}", params=params, files={"media": ("a.png", content)}).json()


def test_a_message_reaches_those_who_are_there_and_names_the_others_in_small_letters(wecom, send):
    answer = send(touser="LAN|Nobody|zhou", toparty="99")

    assert (answer["errcode"], answer["invaliduser"], answer["invalidparty"]) == (0, "nobody", "99")
    assert [(one["userid"], one["content"], one["msgid"]) for one in got(wecom)] == [
        ("Lan", TEXT["text"], answer["msgid"]),
        ("zhou", TEXT["text"], answer["msgid"]),
    ]


def test_a_department_gets_it_with_those_below_and_at_all_is_everybody(wecom, send):
    send(touser="", toparty="2")
    send(touser="", toparty="1")
    send(touser="@all")

    assert len(got(wecom, "LAN")) == 3
    assert len(got(wecom, "boss")) == 2


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"touser": ""}, 82001),
        ({"touser": "|".join(f"m{n}" for n in range(1001))}, 40032),
        ({"agentid": 7}, 301002),
        ({"agentid": True}, 301002),
        ({"msgtype": None}, 40008),
        ({"msgtype": "appendix", "appendix": {}}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 683}}, 45002),
        ({"msgtype": "textcard", "textcard": {"title": "t", "url": "u"}}, 41033),
        ({"msgtype": "textcard", "textcard": {"title": "t" * 129, "description": "d", "url": "u"}}, 45002),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "d"}}, 40058),
        ({"msgtype": "news", "news": {"articles": [{"title": "t", "url": "u"}] * 9}}, 40058),
        ({"msgtype": "news", "news": {"articles": [{"title": "t"}]}}, 40058),
        ({"msgtype": "image", "image": {"media_id": "made up"}}, 40007),
        ({"msgtype": "template_card", "template_card": {**NOTICE, "card_action": {}}}, 42014),
        ({"msgtype": "template_card", "template_card": {**NOTICE, "jump_list": [{}] * 4}}, 42014),
        ({"msgtype": "template_card", "template_card": {**NOTICE, "task_id": "空 格"}}, 42014),
        ({"msgtype": "template_card", "template_card": BUTTONS}, 42014),  # nobody would hear of a tap
    ],
)
def test_a_message_to_staff_that_cannot_be_is_refused(wecom, send, body, errcode):
    assert send(**body)["errcode"] == errcode
    assert got(wecom) == []


def test_a_text_beyond_2048_bytes_is_cut_without_a_word(wecom, send):
    assert send(text={"content": "字" * 683})["errcode"] == 0

    assert got(wecom)[0]["content"]["content"] == "字" * 682


@pytest.mark.parametrize(
    "body",
    [
        {"msgtype": "markdown", "markdown": {"content": "**开抢**"}},
        {
            "msgtype": "textcard",
            "textcard": {"title": "开抢", "description": "还有 3 个群没发", "url": "https://s.example"},
        },
        {"msgtype": "news", "news": {"articles": [{"title": "战报", "url": "https://s.example"}]}},
        {"msgtype": "template_card", "template_card": NOTICE},
    ],
)
def test_a_message_of_each_kind_is_shown_as_it_was_sent(wecom, send, body):
    assert send(**body)["errcode"] == 0

    (shown,) = got(wecom)
    assert (shown["msgtype"], shown["content"]) == (body["msgtype"], body[body["msgtype"]])


def test_one_member_gets_thirty_a_minute_and_the_rest_is_dropped_in_silence(wecom, send):
    wecom.ask("PUT", "clock", frozen=True)

    for _ in range(2):
        assert {send()["errcode"] for _ in range(30)} == {0}
        wecom.advance(30)
    send()

    assert [one["dropped"] for one in got(wecom, "Lan")] == [False] * 30 + [True] * 30 + [False]


def test_one_member_gets_a_thousand_an_hour(wecom, send):
    wecom.ask("PUT", "clock", frozen=True)
    for _ in range(34):
        for _ in range(30):
            send()
        wecom.advance(60)

    assert sum(not one["dropped"] for one in got(wecom, "Lan")) == 1000


def test_the_same_message_twice_is_one_when_that_is_asked_for(wecom, send):
    wecom.ask("PUT", "clock", frozen=True)
    for _ in range(2):
        send(enable_duplicate_check=1, duplicate_check_interval=60)
    wecom.advance(60)
    send(enable_duplicate_check=1, duplicate_check_interval=60)

    assert len(got(wecom)) == 2


def test_a_tap_on_a_card_is_pushed_in_the_name_of_the_member(wecom, send, receiver):
    wecom.ask("PUT", "callback", url=receiver.url)
    answer = send(msgtype="template_card", template_card=BUTTONS)
    (shown,) = got(wecom)

    wecom.ask("POST", f"app-messages/{shown['id']}/tap", key="open")

    fields = receiver.wait_for(1)[0].fields
    assert (fields["Event"], fields["FromUserName"], fields["EventKey"]) == ("template_card_event", "Lan", "open")
    assert (fields["TaskId"], fields["ResponseCode"]) == ("drop-1", answer["response_code"])
    assert "ChangeType" not in fields
    wecom.ask("POST", f"app-messages/{shown['id']}/tap", status=409, key="other")
    assert send(msgtype="template_card", template_card=BUTTONS)["errcode"] == 42014  # its task_id is used


def test_a_robot_says_what_it_is_told_twenty_times_a_minute(wecom, robot):
    wecom.ask("PUT", "clock", frozen=True)
    say = {"msgtype": "markdown", "markdown": {"content": "字" * 1365}}

    answers = [wecom.http.post(robot["url"], json=say).json()["errcode"] for _ in range(21)]

    assert answers == [0] * 20 + [45009]
    said = wecom.ask("GET", f"robots/{robot['key']}/messages")["messages"]
    assert [(one["msgtype"], one["content"]) for one in said] == [("markdown", say["markdown"])] * 20
    wecom.advance(60)
    assert wecom.http.post(robot["url"], json=say).json()["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"msgtype": "text", "text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 1366}}, 45002),
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "textcard", "textcard": {}}, 40008),
        ({"msgtype": "image", "image": {"base64": "????", "md5": ""}}, 40058),
        ({"msgtype": "image", "image": {"base64": base64.b64encode(PNG).decode(), "md5": "0"}}, 40058),
        ({"msgtype": "image", "image": {"base64": base64.b64encode(b"GIF8 no").decode(), "md5": "0"}}, 40009),
        ({"msgtype": "news", "news": {"articles": []}}, 40058),
        ({"msgtype": "template_card", "template_card": BUTTONS}, 42014),
        ({"msgtype": "file", "file": {"media_id": "made up"}}, 40007),
        ({}, 40008),
    ],
)
def test_a_robot_refuses_what_cannot_be_said(wecom, robot, body, errcode):
    assert wecom.http.post(robot["url"], json=body).json()["errcode"] == errcode
    assert wecom.ask("GET", f"robots/{robot['key']}/messages")["messages"] == []


def test_a_robot_that_was_removed_or_never_was_answers_93000(wecom, robot):
    wecom.ask("DELETE", f"robots/{robot['key']}")

    urls = [robot["url"], robot["url"].replace(robot["key"], "made-up"), robot["url"].split("?")[0]]
    assert [wecom.http.post(url, json=TEXT).json()["errcode"] for url in urls] == [93000] * 3
    assert wecom.ask("GET", "robots")["robots"] == [{"key": robot["key"], "name": "运营群小助手", "removed": True}]


def test_a_robot_sends_only_the_files_that_were_uploaded_for_it(wecom, robot):
    other = wecom.ask("POST", "robots", status=201, name="另一个")
    media_id = upload(wecom, "webhook/upload_media", key=robot["key"], type="file")["media_id"]
    theirs = upload(wecom, "media/upload", access_token=wecom.token, type="file")["media_id"]

    def say(url, media_id):
        return wecom.http.post(url, json={"msgtype": "file", "file": {"media_id": media_id}}).json()["errcode"]

    assert [say(robot["url"], media_id), say(other["url"], media_id), say(robot["url"], theirs)] == [0, 40007, 40007]
    picture = {"base64": base64.b64encode(PNG).decode(), "md5": md5(PNG).hexdigest()}
    assert wecom.http.post(robot["url"], json={"msgtype": "image", "image": picture}).json()["errcode"] == 0
    assert upload(wecom, "webhook/upload_media", key="made-up", type="file")["errcode"] == 93000
    assert upload(wecom, "webhook/upload_media", b"", key="made-up", type="file")["errcode"] == 44001


def test_what_was_uploaded_can_be_fetched_in_whole_and_in_part_and_seen_after_it_expired(wecom):
    media_id = upload(wecom, "media/upload", access_token=wecom.token, type="image")["media_id"]
    url, asked = f"{wecom.url}/cgi-bin/media/get", {"access_token": wecom.token, "media_id": media_id}

    whole = wecom.http.get(url, params=asked)
    part = wecom.http.get(url, params=asked, headers={"Range": "bytes=1-3"})
    missing = wecom.http.get(url, params={**asked, "media_id": "made up"}).json()

    assert (whole.content, "a.png" in whole.headers["Content-Disposition"]) == (PNG, True)
    assert (part.status_code, part.content) == (206, b"PNG")
    assert missing["errcode"] == 40007
    wecom.advance(3 * 86400)
    wecom.sign_in()
    assert wecom.get("media/get", media_id=media_id)["errcode"] == 40007
    shown = wecom.http.get(f"{wecom.url}/sandbox/media/{media_id}")
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"


def test_only_pictures_are_shown_and_a_page_in_disguise_is_a_file_to_keep(wecom):
    page = upload(wecom, "media/upload", b"<script>alert(1)</script>", access_token=wecom.token, type="image")
    permanent = upload(wecom, "media/uploadimg", access_token=wecom.token)["url"]

    shown = wecom.http.get(f"{wecom.url}/sandbox/media/{page['media_id']}")

    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert wecom.http.get(permanent).content == PNG
    assert wecom.http.get(f"{wecom.url}/sandbox/media/made-up").status_code == 404
