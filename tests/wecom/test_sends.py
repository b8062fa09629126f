"""Mass messages, messages of the app and media: what is posted, and what the answers mean."""

from datetime import UTC, datetime

import pytest

from tests.wecom.wire import Drop, Hang, Page
from wecom import errors
from wecom.errors import Permanent, Rehearsed, Temporary, Unanswered
from wecom.gates import GateNow, Verdict
from wecom.mass_types import AppMessage, MassMessageCreated

CREATE = "externalcontact/add_msg_template"
IMAGE = {"msgtype": "image", "image": {"media_id": "m1"}}


def create(gateway, **message):
    return gateway.create_mass_message(
        **{"sender": "lan", "external_userids": ["wm1", "wm2"], "text": "周五见"} | message
    )


def test_a_mass_message_to_customers_names_its_recipients(gateway, wire):
    wire.says(CREATE, {"errcode": 0, "errmsg": "ok", "fail_list": ["wm2"], "msgid": "msg1"})

    created = create(gateway, attachments=[IMAGE])

    assert created == MassMessageCreated(msgid="msg1", fail_list=("wm2",))
    assert wire.asked[-1].json == {
        "chat_type": "single",
        "external_userid": ["wm1", "wm2"],
        "sender": "lan",
        "text": {"content": "周五见"},
        "attachments": [IMAGE],
    }


def test_a_mass_message_to_groups_names_them_and_their_owner(gateway, wire):
    wire.says(CREATE, {"errcode": 0, "fail_list": None, "msgid": "msg1"})

    assert create(gateway, external_userids=(), chat_ids=("wr1",)).fail_list == ()

    assert wire.asked[-1].json == {
        "chat_type": "group",
        "chat_id_list": ["wr1"],
        "sender": "lan",
        "text": {"content": "周五见"},
    }


def test_a_mass_message_may_be_pictures_alone(gateway, wire):
    wire.says(CREATE, {"errcode": 0, "msgid": "msg1"})

    create(gateway, text="", attachments=[IMAGE])

    assert "text" not in wire.asked[-1].json


@pytest.mark.parametrize("targets", [{"external_userids": ()}, {"chat_ids": ["wr1"]}, {"sender": ""}])
def test_a_mass_message_to_or_from_nobody_never_becomes_one_of_everybody(gateway, wire, targets):
    with pytest.raises(ValueError, match="to customers or to groups"):
        create(gateway, **targets)

    assert wire.asked == []


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (-1, Temporary),
        (45009, errors.Throttled),
        (41048, errors.NobodyToSend),
        (41064, Permanent),
        (41065, Permanent),
        (40007, Permanent),
        (41080, Permanent),
    ],
)
def test_a_refused_mass_message_was_not_made(gateway, wire, errcode, error):
    wire.says(CREATE, {"errcode": errcode, "fail_list": [], "msgid": ""})

    with pytest.raises(errors.WeComError) as caught:
        create(gateway)

    assert (type(caught.value), caught.value.errcode) == (error, errcode)
    assert wire.times(CREATE) == 1


NO_MSGID = [{"errcode": 0, "fail_list": []}, {"errcode": 0, "msgid": ""}, {"errcode": 0, "msgid": ["msg1"]}]


@pytest.mark.parametrize("answer", [Drop(), Hang(), Page(), Page(502), *NO_MSGID], ids=str)
def test_a_mass_message_whose_msgid_never_came_may_exist(gateway, wire, answer):
    wire.says(CREATE, answer)

    with pytest.raises(Unanswered) as caught:
        create(gateway)

    assert caught.value.__context__ is None
    assert wire.times(CREATE) == 1


def test_the_gate_is_asked_once_about_ten_thousand_recipients_and_again_with_a_token(connect, wire):
    questions = []
    wire.says(CREATE, {"errcode": 0, "msgid": "msg1"})

    def gate(pairs):
        questions.append(list(pairs))
        return Verdict.LIVE

    gateway = connect(gate=gate)
    everybody = [f"wm{number}" for number in range(10_000)]

    create(gateway, external_userids=everybody)

    assert questions == [[("lan", each) for each in everybody]] * 2


@pytest.mark.parametrize(
    ("listed", "goes_out"),
    [({"lan"}, True), ({"wm1", "wm2"}, True), ({"wm1"}, False), (set(), False)],
    ids=["its sender", "all recipients", "one of two", "nobody"],
)
def test_in_rehearsal_a_mass_message_goes_out_only_to_those_on_the_list(connect, wire, listed, goes_out):
    wire.says(CREATE, {"errcode": 0, "msgid": "msg1"})
    gateway = connect(gate=GateNow(Verdict.REHEARSAL, frozenset(listed)).verdict)

    if goes_out:
        create(gateway)
    else:
        with pytest.raises(Rehearsed):
            create(gateway)

    assert wire.times(CREATE) == goes_out


@pytest.mark.parametrize(
    ("errcode", "error"), [(41094, errors.RemindedEnough), (41093, errors.MassCancelled), (41063, errors.Dispatching)]
)
def test_reminding_knows_its_refusals(gateway, wire, errcode, error):
    wire.says("externalcontact/remind_groupmsg_send", {"errcode": 0}, {"errcode": errcode})

    gateway.remind_mass_message("msg1", ["lan"])
    with pytest.raises(error):
        gateway.remind_mass_message("msg1", ["lan"])

    assert wire.asked[-1].json == {"msgid": "msg1"}


def test_taking_back_twice_says_so(gateway, wire):
    wire.says("externalcontact/cancel_groupmsg_send", {"errcode": 0}, {"errcode": 41093})

    gateway.cancel_mass_message("msg1")
    with pytest.raises(errors.MassCancelled):
        gateway.cancel_mass_message("msg1")


def test_a_card_goes_to_one_member_from_our_app(gateway, wire):
    wire.says("message/send", {"errcode": 0, "invaliduser": "", "msgid": "m"})

    sent = gateway.send_card("Lan", title="开抢", description="点开转发", url="https://shop.example/7", button="转发")

    assert sent == AppMessage(msgid="m", invalid=False)
    card = {"title": "开抢", "description": "点开转发", "url": "https://shop.example/7", "btntxt": "转发"}
    assert wire.asked[-1].json == {"msgtype": "textcard", "textcard": card, "touser": "Lan", "agentid": 1000002}


def test_a_text_goes_to_one_member_from_our_app(gateway, wire):
    wire.says("message/send", {"errcode": 0, "msgid": "m"})

    assert not gateway.send_app_text("lan", "该打烊了").invalid

    assert wire.asked[-1].json["text"] == {"content": "该打烊了"}


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 0, "invaliduser": "lan", "msgid": "m"},
        {"errcode": 0, "unlicenseduser": "lan", "msgid": "m"},
        {"errcode": 81013, "invaliduser": "lan"},
    ],
    ids=str,
)
def test_a_member_who_cannot_get_it_is_a_fact(gateway, wire, answer):
    wire.says("message/send", answer)

    assert gateway.send_app_text("lan", "该打烊了").invalid


@pytest.mark.parametrize("errcode", [301002, 41033])
def test_another_refusal_of_an_app_message_is_permanent(gateway, wire, errcode):
    wire.says("message/send", {"errcode": errcode})

    with pytest.raises(Permanent):
        gateway.send_app_text("lan", "该打烊了")


@pytest.mark.parametrize("userid", ["lan|mei", "@all", "@ALL"])
def test_an_app_message_never_goes_to_more_than_the_gate_was_asked_about(gateway, wire, userid):
    with pytest.raises(ValueError, match="one member"):
        gateway.send_app_text(userid, "该打烊了")

    assert wire.asked == []


def test_a_picture_is_uploaded_as_a_form_and_kept_from_its_moment_on(gateway, wire):
    answer = {"errcode": 0, "type": "image", "media_id": "m1", "created_at": "1772442000"}
    wire.says("media/upload", {"errcode": 40014}, answer)

    media = gateway.upload_media("image", '龙井"8.png', b"\x89PNG" * 2000)

    assert (media.media_id, media.created_at) == ("m1", datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    first, second = (asked for asked in wire.asked if asked.endpoint == "media/upload")
    assert second.query["type"] == "image"
    for asked in (first, second):
        assert asked.body.count(b"\x89PNG") == 2000
        assert 'name="media"; filename="龙井%228.png"'.encode() in asked.body
        assert b"Content-Type: image/png" in asked.body


@pytest.mark.parametrize("errcode", [40004, 40006, 45001, 44001, 41080, 41082])
def test_media_that_wecom_does_not_want_is_permanent(gateway, wire, errcode):
    wire.says("media/upload", {"errcode": errcode})

    with pytest.raises(Permanent) as caught:
        gateway.upload_media("video", "a.mp4", b"x" * 9)

    assert caught.value.errcode == errcode
