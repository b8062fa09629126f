"""Opening what WeCom pushes, and refusing everything else with one error."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.work.crypto import PrpCrypto

from wecom.callbacks import LARGEST_BODY, BadCallback, CallbackCrypto, parse

TOKEN, AES_KEY, CORP = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
PUBLISHED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    "TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    "ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    "x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    "HBZZIs2pDBS8R07+qN+E7Q=="
)
ADD = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>
<CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>
<ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[lan]]></UserID>
<ExternalUserID><![CDATA[wm1]]></ExternalUserID><State><![CDATA[counter]]></State>
<WelcomeCode><![CDATA[CODE]]></WelcomeCode></xml>"""

crypto = CallbackCrypto(TOKEN, AES_KEY, CORP)
prp = PrpCrypto(base64.b64decode(AES_KEY + "="))


def sign(encrypted, token=TOKEN, timestamp="1", nonce="n"):
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()


def seal(message, corp=CORP):
    return prp.encrypt(message, corp).decode()


def envelope(encrypted):
    return f"<xml><ToUserName>{CORP}</ToUserName><AgentID>1</AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"


def push(message, corp=CORP):
    """Open a message as if it had been pushed to us, sealed by wechatpy."""
    encrypted = seal(message, corp)
    return open_body(envelope(encrypted).encode(), sign(encrypted))


def open_body(body, signature):
    return crypto.open(body, msg_signature=signature, timestamp="1", nonce="n")


def reason(function, *args, **kwargs):
    with pytest.raises(BadCallback) as caught:
        function(*args, **kwargs)
    assert caught.value.__cause__ is None
    return caught.value.reason_code


def test_the_published_example_is_opened():
    event = crypto.open(
        envelope(PUBLISHED).encode(),
        msg_signature="477715d11cdb4164915debcba66cb864d751f3e6",
        timestamp="1409659813",
        nonce="1372623149",
    )

    assert (event.kind, event.userid, event.fields["Content"]) == ("text", "mycreate", "hello")
    assert event.key == f"msg:{event.msg_id}"
    assert len(event.xml) == 284


def test_an_add_is_an_event_with_its_people_and_codes():
    event = push(ADD)

    assert event.kind == "change_external_contact.add_external_contact"
    assert (event.userid, event.external_userid) == ("lan", "wm1")
    assert (event.state, event.welcome_code) == ("counter", "CODE")
    assert event.create_time == datetime(2026, 1, 1, tzinfo=UTC)
    assert event.key == hashlib.sha256(event.xml).hexdigest()
    assert event.xml == ADD.encode()
    assert event.fields == {}
    assert parse(event.xml) == event


def test_what_is_missing_is_none():
    event = push(ADD.replace("<State><![CDATA[counter]]></State>", "").replace("CODE", ""))

    assert (event.state, event.welcome_code) == (None, None)


def test_two_adds_in_one_second_are_two_events_and_one_add_twice_is_one():
    other = ADD.replace("wm1", "wm2")

    assert push(ADD).key == push(ADD).key
    assert push(ADD).key != push(other).key


@pytest.mark.parametrize(
    ("xml", "kind", "userid"),
    [
        (
            "<xml><MsgType>event</MsgType><Event>enter_agent</Event><FromUserName>lan</FromUserName></xml>",
            "enter_agent",
            "lan",
        ),
        ("<xml><MsgType>event</MsgType><Event>msgaudit_notify</Event></xml>", "msgaudit_notify", None),
        ("<xml><MsgType>image</MsgType><FromUserName>lan</FromUserName></xml>", "image", "lan"),
        ("<xml><InfoType>change_auth</InfoType><SuiteId>s</SuiteId></xml>", "change_auth", None),
        ("<xml><Whatever>1</Whatever></xml>", "unknown", None),
        ("<xml><MsgType>event</MsgType></xml>", "event", None),
    ],
)
def test_every_shape_has_a_kind(xml, kind, userid):
    event = push(xml)

    assert (event.kind, event.userid) == (kind, userid)


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        ("<MemChangeList><Item>a</Item><Item>b</Item></MemChangeList>", {"Item": ["a", "b"]}),
        ("<MemChangeList><Item>a</Item></MemChangeList>", {"Item": "a"}),
        ("<MemChangeList><![CDATA[a,b]]></MemChangeList>", "a,b"),
        ("<MemChangeList/>", ""),
    ],
)
def test_fields_of_any_depth_are_kept(listed, value):
    event = push(f"<xml><MsgType>event</MsgType><Event>change_external_chat</Event>{listed}</xml>")

    assert event.fields == {"MemChangeList": value}


def test_a_name_that_comes_twice_is_no_id():
    event = push(ADD.replace("<State>", "<UserID>mei</UserID><State>"))

    assert event.userid is None


@pytest.mark.parametrize("seconds", ["-1", "0", "99999999999999999999", "1e999", "nan", "soon", "", "253402300800"])
def test_a_time_far_out_does_not_crash(seconds):
    event = push(f"<xml><MsgType>text</MsgType><CreateTime>{seconds}</CreateTime></xml>")

    assert 1970 <= event.create_time.year <= 9999


def test_a_json_envelope_is_opened():
    encrypted = seal(ADD)
    body = json.dumps({"tousername": CORP, "encrypt": encrypted, "agentid": 1}).encode()

    assert open_body(body, sign(encrypted)) == push(ADD)


def test_a_json_message_is_read():
    event = push(json.dumps({"msgid": "m1", "msgtype": "text", "createtime": 1767225600, "text": {"content": "hi"}}))

    assert (event.kind, event.key, event.create_time.year) == ("text", "msg:m1", 2026)
    assert event.fields == {"text": {"content": "hi"}}


def test_an_event_shows_no_content():
    event = push(ADD)

    assert "wm1" not in repr(event)
    assert "CODE" not in f"{event}"


def test_a_wrong_signature_is_refused():
    encrypted = seal(ADD)

    for signature in ("", "0" * 40, sign(encrypted).upper(), "签名", sign(encrypted, token="other")):
        assert reason(open_body, envelope(encrypted).encode(), signature) == "bad_signature"


def test_another_corps_message_is_refused():
    assert reason(push, ADD, corp="ww0000000000000000") == "wrong_corp"
    assert reason(push, ADD, corp="") == "wrong_corp"
    assert reason(push, ADD, corp=CORP + "x") == "wrong_corp"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
BOMB += "]><xml><Encrypt>&j;</Encrypt></xml>"
JUNK = [
    b"",
    b" ",
    b"hello",
    b"<xml>",
    b"<xml/>",
    b"<xml>Encrypt</xml>",
    b"<xml><Encrypt/></xml>",
    b"<xml><Encrypt><a/></Encrypt></xml>",
    "<xml><Encrypt>密文</Encrypt></xml>".encode(),
    b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
    b"<xml><Encrypt>\x00</Encrypt></xml>",
    b"<xml><Encrypt>&#0;</Encrypt></xml>",
    b"<xml><Encrypt>\xff\xfe</Encrypt></xml>",
    ADD.encode("utf-16"),
    b"<a>" * 5000 + b"</a>" * 5000,
    BOMB.encode(),
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><Encrypt>a</Encrypt></xml>',
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
    b"{",
    b"{}",
    b'{"encrypt": 1}',
    b'{"encrypt": null}',
    b'{"encrypt": "\\u0000"}',
    b'{"encrypt": "\\ud800"}',
    b'{"encrypt": ["a"]}',
    b'{"a": ' + b"[" * 100_000,
    b'{"a": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("body", JUNK, ids=lambda body: repr(body[:24]))
def test_junk_is_no_envelope(body):
    assert reason(open_body, body, "0" * 40) == "bad_envelope"


@pytest.mark.parametrize("body", [each for each in JUNK if each.strip()], ids=lambda body: repr(body[:24]))
def test_junk_inside_an_envelope_is_no_message_or_an_unknown_one(body):
    encrypted = seal(body)
    try:
        event = open_body(envelope(encrypted).encode()[:LARGEST_BODY], sign(encrypted))
    except BadCallback:
        return

    assert event.kind == "unknown"


@pytest.mark.parametrize(
    "body", [b"<xml>\x00</xml>", b'{"a": "\\u0000"}', b"<xml><a>\xff</a></xml>", BOMB.encode(), b""]
)
def test_what_cannot_be_stored_is_refused(body):
    assert reason(parse, body) == "bad_message"


def test_a_body_too_large_is_refused_unread():
    assert reason(open_body, b"<xml>" + b" " * LARGEST_BODY, "") == "too_large"


@pytest.mark.parametrize(
    "encrypted", ["", "a", "!!!!", "AAAA", base64.b64encode(b"x" * 16).decode(), base64.b64encode(b"x" * 48).decode()]
)
def test_signed_junk_is_undecipherable(encrypted):
    if encrypted:
        assert reason(open_body, envelope(encrypted).encode(), sign(encrypted)) == "undecipherable"
    assert reason(crypto.verify_url, msg_signature=sign(encrypted), timestamp="1", nonce="n", echostr=encrypted) in (
        "undecipherable",
    )


@pytest.mark.parametrize(
    "plain", [b"r" * 16 + b"\xff" * 4 + b"x" * 11 + b"\x01", b"\x01" * 16, b"\x00" * 32, b"\x21" * 64]
)
def test_a_length_or_padding_that_lies_is_undecipherable(plain):
    encrypted = base64.b64encode(prp.cipher.encrypt(plain)).decode()

    assert reason(open_body, envelope(encrypted).encode(), sign(encrypted)) == "undecipherable"


def test_an_address_is_verified_with_the_bare_text():
    echo = next(each for each in (seal(str(n)) for n in range(10_000)) if "+" in each)

    for echostr in (echo, echo.replace("+", " ")):
        plain = crypto.verify_url(msg_signature=sign(echo), timestamp="1", nonce="n", echostr=echostr)
        assert seal(plain.decode()) != echo
        assert plain.decode().isdigit()


@pytest.mark.parametrize(("token", "key"), [("", AES_KEY), (TOKEN, ""), (TOKEN, AES_KEY + "=")])
def test_keys_that_are_not_set_up_are_refused_without_being_quoted(token, key):
    with pytest.raises(ValueError) as caught:
        CallbackCrypto(token, key, CORP)

    assert AES_KEY not in str(caught.value)


letters = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff]<>&")


@given(st.text(letters, max_size=200), st.integers(0, 70))
def test_whatever_was_sealed_is_opened_the_same(text, filler):
    xml = f"<xml><MsgType>text</MsgType><MsgId>7</MsgId><Content><![CDATA[{text}]]></Content>{' ' * filler}</xml>"

    event = push(xml)

    assert event.xml == xml.encode()
    assert event.fields["Content"] == text


@given(st.binary(max_size=300))
def test_random_bytes_never_raise_anything_else(body):
    for signature in ("", "0" * 40):
        with pytest.raises(BadCallback):
            open_body(body, signature)


@given(st.binary(min_size=1, max_size=300))
def test_random_messages_never_raise_anything_else(message):
    try:
        event = push(message)
    except BadCallback:
        return
    assert event.xml == message


@pytest.mark.parametrize("length", [*range(0, 70), 511, 512, 513])
def test_every_length_around_a_block_is_opened(length):
    plain = "x" * length
    encrypted = seal(plain)

    assert (
        crypto.verify_url(msg_signature=sign(encrypted), timestamp="1", nonce="n", echostr=encrypted) == plain.encode()
    )
