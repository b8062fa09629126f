"""The welcome message: once, within 20 s of the sandbox's clock."""

from typing import Any

import pytest

HELLO = {"content": "欢迎来小满"}
LINK: dict[str, Any] = {"msgtype": "link", "link": {"title": "新客券", "url": "http://127.0.0.1/c/1"}}


def send(wecom, code, **body):
    return wecom.post("externalcontact/send_welcome_msg", welcome_code=code, **body)["errcode"]


def test_text_and_attachments_become_messages_of_their_own(wecom):
    made = wecom.add()

    assert send(wecom, made["welcome_code"], text=HELLO, attachments=[LINK]) == 0

    sent = wecom.ask("GET", "messages")["messages"]
    assert [(one["kind"], one["source"], one["from"]) for one in sent] == [
        ("text", "welcome", "staff"),
        ("link", "welcome", "staff"),
    ]
    assert sent[1]["content"]["title"] == "新客券"


def test_a_code_is_good_once(wecom):
    made = wecom.add()
    send(wecom, made["welcome_code"], text=HELLO)

    assert send(wecom, made["welcome_code"], text=HELLO) == 41050


@pytest.mark.parametrize(("seconds", "errcode"), [(19, 0), (21, 41050)])
def test_a_code_is_good_for_20_seconds(wecom, seconds, errcode):
    made = wecom.add()
    wecom.advance(seconds)

    assert send(wecom, made["welcome_code"], text=HELLO) == errcode


def test_a_chat_that_has_started_needs_no_welcome(wecom):
    made = wecom.add()
    pair = {"userid": "Lan", "external_userid": made["external_userid"]}
    wecom.ask("POST", "messages", status=201, **pair, **{"from": "staff", "text": "你好"})

    assert send(wecom, made["welcome_code"], text=HELLO) == 41051


def test_a_code_of_an_earlier_add_is_no_good_for_a_later_one(wecom):
    made = wecom.add()
    pair = {"userid": "Lan", "external_userid": made["external_userid"]}
    wecom.ask("POST", "follows/delete", **pair, by="staff")

    assert send(wecom, made["welcome_code"], text=HELLO) == 41050
    wecom.ask("POST", "scan", **pair)
    assert send(wecom, made["welcome_code"], text=HELLO) == 41050


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"text": {"content": "字" * 1334}}, 45002),
        ({"text": "欢迎"}, 40058),
        ({"attachments": [LINK] * 10}, 41064),
        ({"attachments": [{"msgtype": "link", "link": {"title": "没有地址"}}]}, 41065),
        ({"attachments": [{"msgtype": "link", "link": {**LINK["link"], "title": "字" * 43}}]}, 41065),
        ({"attachments": [{"msgtype": "poem", "poem": {}}]}, 41065),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "3Mmade-up"}}]}, 40007),
        ({"attachments": [{"msgtype": "image", "image": {"pic_url": "http://elsewhere/1.png"}}]}, 40007),
    ],
)
def test_a_wrong_message_is_refused_and_does_not_use_up_the_code(wecom, body, errcode):
    made = wecom.add()

    assert send(wecom, made["welcome_code"], **body) == errcode

    assert send(wecom, made["welcome_code"], text={"content": "字" * 1333}) == 0


def test_uploaded_media_may_be_attached_for_three_days(wecom):
    def upload(path, **params):
        url = f"{wecom.url}/cgi-bin/{path}"
        params = {"access_token": wecom.token, **params}
        return wecom.http.post(url, params=params, files={"media": ("a.png", b"picture bytes")}).json()

    media_id = upload("media/upload", type="image")["media_id"]
    picture = upload("media/uploadimg")["url"]
    images = [
        {"msgtype": "image", "image": {"media_id": media_id}},
        {"msgtype": "image", "image": {"pic_url": picture}},
    ]

    assert send(wecom, wecom.add()["welcome_code"], attachments=images) == 0
    wecom.advance(3 * 86400 + 1)
    wecom.sign_in()
    assert send(wecom, wecom.add()["welcome_code"], attachments=images) == 40007
    assert upload("media/upload", type="poem")["errcode"] == 40058


def test_missing_codes_are_a_switch_and_a_missing_argument_is_41049(wecom):
    wecom.faults({"on": "welcome", "do": "no_code", "times": 1})

    assert wecom.add()["welcome_code"] is None
    assert wecom.add()["welcome_code"] is not None
    assert wecom.post("externalcontact/send_welcome_msg")["errcode"] == 41049
