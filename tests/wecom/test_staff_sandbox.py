"""Gateway and sandbox agree about messages of the app, robots and media."""

import pytest
import requests

from wecom.errors import Permanent, RobotGone, Throttled, Unanswered

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CARD = {"title": "开抢", "description": "点开转发", "url": "https://shop.example/d/7", "button": "去转发"}


@pytest.fixture
def gateway(connect, shop):
    return connect(base_url=shop.url, timeouts=(1.0, 1.0), **shop.keys)


@pytest.fixture
def robot(shop):
    return shop.ask("POST", "robots", name="店员群")["key"]


def heard(shop, key):
    return [each["content"] for each in shop.ask("GET", f"robots/{key}/messages")["messages"]]


def told(shop):
    return [(each["userid"], each["msgtype"]) for each in shop.ask("GET", "app-messages")["messages"]]


def test_cards_and_texts_arrive(gateway, shop):
    assert not gateway.send_card("lan", **CARD).invalid
    sent = gateway.send_app_text("LAN", "该打烊了")

    assert (sent.invalid, bool(sent.msgid)) == (False, True)
    assert told(shop) == [("lan", "textcard"), ("lan", "text")]


def test_somebody_who_left_or_never_was_is_invalid(gateway, shop):
    shop.ask("PATCH", "staff/mei", status=5)
    shop.ask("PATCH", "staff/lan", licensed=False)

    assert [gateway.send_app_text(userid, "该打烊了").invalid for userid in ("mei", "nobody", "lan", "boss")] == [
        True,
        True,
        True,
        False,
    ]
    assert told(shop) == [("boss", "text")]


def test_a_card_of_another_app_or_without_a_description_is_permanent(gateway, connect, shop):
    with pytest.raises(Permanent):
        gateway.send_card("lan", **CARD | {"description": ""})
    with pytest.raises(Permanent):
        connect(base_url=shop.url, **shop.keys | {"agent_id": 7}).send_card("lan", **CARD)


def test_a_robot_says_it_in_its_group(gateway, shop, robot):
    gateway.send_robot(robot, text="20:00 开抢")
    gateway.send_robot(robot, markdown="**战报**")

    assert heard(shop, robot) == [{"content": "20:00 开抢"}, {"content": "**战报**"}]


def test_a_removed_robot_is_gone_and_a_made_up_key_never_was(gateway, shop, robot):
    shop.ask("DELETE", f"robots/{robot}")

    for key in (robot, "made-up"):
        with pytest.raises(RobotGone):
            gateway.send_robot(key, text="20:00 开抢")


def test_a_robot_speaks_twenty_times_a_minute(gateway, shop, robot):
    for _ in range(20):
        gateway.send_robot(robot, text="20:00 开抢")

    with pytest.raises(Throttled):
        gateway.send_robot(robot, text="20:00 开抢")

    assert len(heard(shop, robot)) == 20


def test_a_robot_without_an_answer_may_have_said_it(gateway, shop, robot):
    shop.faults({"on": "call", "path": "webhook/send", "timeout": "after", "seconds": 2})

    with pytest.raises(Unanswered):
        gateway.send_robot(robot, text="20:00 开抢")

    assert len(heard(shop, robot)) == 1


def test_a_picture_goes_up_and_out_and_is_over_after_three_days(gateway, shop):
    rain = shop.add()["external_userid"]
    media = gateway.upload_media("image", "龙井.png", PICTURE)
    attached = [{"msgtype": "image", "image": {"media_id": media.media_id}}]

    made = gateway.create_mass_message(sender="lan", external_userids=[rain], text="", attachments=attached)

    assert made.msgid
    assert requests.get(f"{shop.url}/sandbox/media/{media.media_id}", timeout=5).content == PICTURE
    now = shop.ask("GET", "clock")["now"]
    assert abs(media.created_at.timestamp() - now) < 30
    shop.ask("PUT", "clock", advance=3 * 86400)
    with pytest.raises(Permanent) as caught:
        gateway.create_mass_message(sender="lan", external_userids=[rain], text="", attachments=attached)
    assert caught.value.errcode == 40007


@pytest.mark.parametrize("content", [b"", b"12345", b"x" * ((10 << 20) + 1)], ids=["empty", "5 bytes", "over 10 MB"])
def test_a_picture_outside_of_the_limits_is_permanent(connect, shop, content):
    gateway = connect(base_url=shop.url, timeouts=(1.0, 5.0), **shop.keys)

    with pytest.raises(Permanent):
        gateway.upload_media("image", "a.png", content)
