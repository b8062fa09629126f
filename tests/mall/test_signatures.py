"""Who may send orders: a shop that signed exactly this request, now, once."""

import http.client
import logging
import threading

import pytest
from flask import g
from sqlalchemy import update
from waitress.server import create_server

from app import create_app
from crm.errors import Conflict
from jobs.nonces import forget_nonces
from mall.signatures import raw_target, shop_signed
from models import Audit, Nonce, Order, SigningKey

BODY = '{"shop": "小程序商城", "orders": []}'.encode()


def test_a_signed_request_is_let_in(shop):
    answer = shop.send(BODY)

    assert answer.status_code == 200
    assert answer.json == {"accepted": 0, "unchanged": 0, "stale": 0, "rejected": 0, "results": []}


@pytest.mark.parametrize("name", ["X-Huitou-Key", "X-Huitou-Timestamp", "X-Huitou-Nonce", "X-Huitou-Signature"])
def test_a_missing_or_misshapen_header_is_named(shop, make, name):
    headers = shop.headers(BODY)
    missing = shop.send(BODY, headers={key: value for key, value in headers.items() if key != name})
    garbage = shop.send(BODY, headers=headers | {name: "不 是 " + "\x7f" * 200})
    empty = shop.send(BODY, headers=headers | {name: ""})

    for answer in (missing, garbage, empty):
        assert answer.status_code == 401
        assert answer.json["field"] == name
    assert make.rows(Nonce) == []


def test_an_unknown_key_and_a_wrong_signature_get_the_same_words(shop, make):
    unknown = shop.send(BODY, headers=shop.headers(BODY) | {"X-Huitou-Key": "hk_nobody"})
    wrong = shop.send(BODY, headers=shop.headers(BODY) | {"X-Huitou-Signature": "0" * 64})
    other_body = shop.send(BODY + b" ", headers=shop.headers(BODY))
    other_path = shop.send(BODY, headers=shop.headers(BODY, target="/mall/events"))

    assert {answer.status_code for answer in (unknown, wrong, other_body, other_path)} == {401}
    assert unknown.json == wrong.json == other_body.json == other_path.json
    assert make.rows(Nonce) == []


def test_a_nonce_is_good_once_and_only_for_its_own_key(shop, new_shop):
    other = new_shop("另一家")

    first, again = shop.send(BODY, nonce="n1"), shop.send(BODY, nonce="n1")
    theirs = other.send('{"shop": "另一家", "orders": []}'.encode(), nonce="n1")

    assert (first.status_code, again.status_code, theirs.status_code) == (200, 409, 200)
    assert again.json["error"] == "nonce_used"


def test_a_timestamp_more_than_300_seconds_off_is_refused_either_way(shop):
    assert [shop.send(BODY, skew=skew).status_code for skew in (-310, -290, 290, 310)] == [401, 200, 200, 401]


def test_two_keys_are_live_for_a_rotation_and_a_third_or_a_revoked_one_is_not(runtime, shop, new_shop):
    second = new_shop(shop.name)
    with pytest.raises(Conflict):
        new_shop(shop.name)
    assert (shop.send(BODY).status_code, second.send(BODY).status_code) == (200, 200)

    with runtime.transaction() as session:
        session.execute(update(SigningKey).where(SigningKey.key == shop.key).values(revoked_at=runtime.now()))

    assert (shop.send(BODY).status_code, second.send(BODY).status_code) == (401, 200)


def test_somebody_elses_shop_is_refused_and_audited(shop, new_shop, make):
    other = new_shop("另一家")

    answer = other.send(BODY)

    assert answer.status_code == 403
    assert [row.outcome for row in make.rows(Audit)] == ["refused"]
    assert make.rows(Order) == []


def test_more_than_8_mb_is_refused_before_it_is_parsed(shop):
    assert shop.send(b" " * (8 * 1024 * 1024 + 1)).status_code == 413
    assert shop.send(b" " * (10 * 1024 * 1024)).status_code == 413


def test_a_refusal_leaves_one_line_without_content(shop, caplog):
    with caplog.at_level(logging.WARNING, "huitou.mall"):
        shop.send(BODY, headers=shop.headers(BODY) | {"X-Huitou-Key": "hk_nobody"})

    assert [record.getMessage() for record in caplog.records] == ["signed request refused: bad_signature "]


def test_nonces_are_forgotten_when_no_timestamp_can_bring_them_back(runtime, clock, shop, make):
    shop.send(BODY, skew=299, nonce="from-a-fast-clock")
    clock.tick(minutes=9, seconds=50)
    assert forget_nonces(runtime) == 0
    clock.tick(minutes=6)
    shop.send(BODY, nonce="fresh")

    assert forget_nonces(runtime) == 1
    assert [row.nonce for row in make.rows(Nonce)] == ["fresh"]


TARGETS = [
    "/mall/echo/plain",
    "/mall/echo/%E4%B8%AD%E6%96%87",
    "/mall/echo/a%2Fb%20c%7e",
    "/mall/echo/x?b=2&a=%E4%B8%AD+%2B",
    "/mall/echo/x?a=b?c",
]


@pytest.fixture
def echo_app(runtime):
    """The program with one more signed view, whose path and query take any text."""
    app = create_app(runtime)
    app.testing = False

    @app.post("/mall/echo/<path:rest>")
    @shop_signed
    def echo(rest):
        return {"shop": g.shop.name, "actor": g.actor, "rest": rest}

    app.extensions["csrf"].exempt(echo)
    return app


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_is_signed_as_it_was_sent_in_flasks_client(echo_app, shop, target):
    shop.client = echo_app.test_client()

    answer = shop.send(b"", target=target)
    reordered = shop.send(b"", target=target, headers=shop.headers(b"", target=target + "x"))

    assert (answer.status_code, reordered.status_code) == (200, 401)


@pytest.fixture
def served(echo_app):
    """The same program behind waitress, the server it runs on."""
    server = create_server(echo_app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield "127.0.0.1", server.effective_port
    server.close()
    thread.join(timeout=5)


def test_the_target_is_signed_as_it_was_sent_behind_waitress(served, shop):
    host, port = served
    asked = [(target, target) for target in TARGETS] + [("/mall/echo/x?", "/mall/echo/x")]
    for sent, signed in asked:
        connection = http.client.HTTPConnection(host, port, timeout=10)  # normalises nothing on the way
        headers = shop.headers(b"", target=signed) | {"Content-Type": "application/json"}
        connection.request("POST", sent, body=b"", headers=headers)

        assert connection.getresponse().status == 200, sent
        connection.close()


def test_a_target_with_scheme_and_host_is_signed_as_its_path():
    environ = {"REQUEST_URI": "http://shop.example/mall/orders?a=%2F"}

    assert raw_target(environ) == "/mall/orders?a=%2F"
    assert raw_target({"RAW_URI": "/mall/%6frders"}) == "/mall/%6frders"
