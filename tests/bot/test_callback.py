"""The webhook: what is stored, what is refused, and when it says success."""

import logging
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from models import Inbox
from sandbox import crypto
from tests.callbacks import Callbacks, contact_xml, event_xml

WM = "wm" + "a" * 30
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Event>&b;</Event></xml>'


@pytest.fixture
def callbacks(client, sandbox):
    return Callbacks(client, sandbox.credentials)


def test_an_event_is_stored_before_success_is_said(callbacks, make, runtime):
    answer = callbacks.contact("add_external_contact", "lan", WM, at=runtime.now(), State="door")

    assert (answer.status_code, answer.text) == (200, "success")
    [row] = make.rows(Inbox)
    assert (row.kind, row.userid, row.external_userid) == ("change_external_contact.add_external_contact", "lan", WM)
    assert (row.state, row.deliveries, row.has_welcome, row.tries) == ("received", 1, False, 0)
    assert row.received_at == row.next_try_at
    assert abs((runtime.now() - row.received_at).total_seconds()) < 5


def test_the_stored_body_is_sealed_and_opens_to_what_was_pushed(callbacks, make, runtime):
    xml = contact_xml("add_external_contact", "lan", WM, at=runtime.now(), WelcomeCode="CODE")

    callbacks.post(xml)

    [row] = make.rows(Inbox)
    assert b"lan" not in row.body_sealed
    assert runtime.vault.open(row.body_sealed) == xml.encode()
    assert row.has_welcome


def test_three_deliveries_of_one_event_are_one(callbacks, make, runtime):
    xml = contact_xml("add_external_contact", "lan", WM, at=runtime.now())

    answers = [callbacks.post(xml).text for _ in range(3)]

    assert answers == ["success"] * 3
    [row] = make.rows(Inbox)
    assert row.deliveries == 3


def test_two_adds_in_one_second_are_two_events(callbacks, make, runtime):
    at = runtime.now()

    for external_userid in (WM, "wm" + "b" * 30):
        callbacks.contact("add_external_contact", "lan", external_userid, at=at)

    assert len(make.rows(Inbox)) == 2


def test_old_timestamps_are_not_refused(callbacks, make, runtime):
    answer = callbacks.post(contact_xml("del_follow_user", "lan", WM, at=runtime.now()), timestamp="1000000000")

    assert answer.text == "success"
    assert len(make.rows(Inbox)) == 1


def test_unknown_events_and_messages_are_stored_too(callbacks, make, runtime):
    callbacks.post(event_xml("brand_new_event", at=runtime.now()))
    callbacks.post("<xml><MsgType>text</MsgType><FromUserName>lan</FromUserName><MsgId>7</MsgId></xml>")

    assert [(row.kind, row.key[:5]) for row in make.rows(Inbox)][1] == ("text", "msg:7")
    assert make.rows(Inbox)[0].kind == "brand_new_event"


def test_the_address_check_answers_the_bare_text_even_with_a_plus(client, callbacks, sandbox):
    known = sandbox.credentials
    encrypted = next(
        made
        for made in (crypto.encrypt(known["callback_aes_key"], "12345", known["corp_id"]) for _ in range(500))
        if "+" in made
    )
    query = "&".join(f"{name}={value}" for name, value in callbacks.signed(encrypted).items())

    raw = client.get(f"/bot/callback?{query}&echostr={encrypted}")
    quoted = client.get(f"/bot/callback?{query}&echostr={encrypted.replace('+', '%2B')}")

    assert (raw.status_code, raw.data) == (200, b"12345")
    assert (quoted.status_code, quoted.data) == (200, b"12345")


def refusals(callbacks):
    good = event_xml("x", at=datetime.now(UTC))
    yield "a wrong signature", callbacks.post(good, token="other"), 403
    yield "another corp", callbacks.post(good, corp_id="wwother"), 403
    yield "no body", callbacks.post_raw(b""), 400
    yield "junk", callbacks.post_raw(b"\x00\xff<<", msg_signature="a", timestamp="b", nonce="c"), 400
    yield "a bomb outside", callbacks.post_raw(BOMB.encode(), msg_signature="a", timestamp="1", nonce="c"), 400
    yield "a bomb inside", callbacks.post(BOMB), 400
    yield "10 MB", callbacks.post_raw(b"<xml>" + b"a" * 10_000_000, msg_signature="a"), 413
    yield "no XML inside", callbacks.post("secret words"), 400
    yield "not base64", callbacks.post_raw(b"<xml><Encrypt>%%</Encrypt></xml>", **callbacks.signed("%%")), 400


def test_what_is_not_for_us_is_refused_and_leaves_nothing_but_one_line(callbacks, make, caplog, runtime):
    with caplog.at_level(logging.INFO):
        seen = [(name, answer.status_code, status) for name, answer, status in refusals(callbacks)]

    assert [name for name, got, wanted in seen if got != wanted] == []
    assert make.rows(Inbox) == []
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(seen)
    assert not any("secret" in line or "aaaa" in line for line in lines)


def test_success_is_not_said_when_it_could_not_be_stored(callbacks, runtime):
    with runtime.transaction() as session:
        session.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))

    answer = callbacks.contact("add_external_contact", "lan", WM, at=runtime.now())

    assert answer.status_code == 500
    assert "success" not in answer.text


def test_a_check_of_the_address_by_the_sandbox_passes_over_http(running_app, sandbox):
    answer = sandbox.put("/sandbox/callback", {"url": f"{running_app.url}/bot/callback"})

    assert answer["url"] == f"{running_app.url}/bot/callback"


def test_ids_and_kinds_of_any_length_are_stored_and_make_no_long_label(callbacks, make, client):
    digits = "".join(str(number * 7919 % 99991) for number in range(3000))
    for xml in (
        f"<xml><MsgType>text</MsgType><MsgId>{digits}</MsgId></xml>",
        f"<xml><MsgType>event</MsgType><Event>{digits}</Event></xml>",
    ):
        assert callbacks.post(xml).text == "success"
        assert callbacks.post(xml).text == "success"

    assert [(row.deliveries, len(row.key)) for row in make.rows(Inbox)] == [(2, 64), (2, 64)]
    assert max(map(len, client.get("/metrics").text.splitlines())) < 500
