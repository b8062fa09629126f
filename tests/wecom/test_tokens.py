"""Tokens: fetched by one, renewed ahead, never in a loop."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.wecom.stores import MemoryTokens
from tests.wecom.wire import Page
from wecom.errors import Permanent, Temporary, Throttled, TokenInvalid
from wecom.tokens import StoredToken

OK = {"errcode": 0, "errmsg": "ok", "follow_user": ["lan"]}
REFUSED = {"errcode": 40014, "errmsg": "invalid access_token", "follow_user": []}
FOLLOWERS = "externalcontact/get_follow_user_list"


def in_ten_threads(function):
    with ThreadPoolExecutor(10) as pool:
        return [future.result() for future in [pool.submit(function) for _ in range(10)]]


def test_a_token_is_fetched_once_and_sent_in_the_query(gateway, wire):
    wire.says(FOLLOWERS, OK)

    assert gateway.followers() == gateway.followers() == ["lan"]

    assert [asked.endpoint for asked in wire.asked] == ["gettoken", FOLLOWERS, FOLLOWERS]
    assert wire.asked[1].query == {"access_token": "token-1"}


@pytest.mark.parametrize("errcode", [40014, 42001, 41001])
def test_a_refused_token_is_renewed_and_the_call_repeated_once(gateway, wire, errcode):
    wire.says(FOLLOWERS, {"errcode": errcode}, OK)

    assert gateway.followers() == ["lan"]

    assert [asked.query.get("access_token") for asked in wire.asked] == [None, "token-1", None, "token-2"]


def test_a_refused_token_is_not_remembered(gateway, wire):
    wire.says(FOLLOWERS, OK, OK, {"errcode": 42001}, OK, OK)

    for _ in range(4):
        gateway.followers()

    sent = [asked.query.get("access_token") for asked in wire.asked]
    assert sent == [None, "token-1", "token-1", "token-1", None, "token-2", "token-2"]


def test_a_token_that_stays_refused_costs_three_calls(gateway, wire):
    gateway.access_token()
    wire.asked.clear()
    wire.says(FOLLOWERS, REFUSED)

    with pytest.raises(TokenInvalid) as caught:
        gateway.followers()

    assert caught.value.errcode == 40014
    assert len(wire.asked) == 3


@pytest.mark.parametrize("errcode", [40001, 40013])
def test_a_wrong_secret_is_not_tried_again_for_ten_minutes(gateway, wire, clock, errcode):
    wire.says("gettoken", {"errcode": errcode, "errmsg": "invalid credential"}, wire.new_token)
    wire.says(FOLLOWERS, OK)

    for _ in range(5):
        with pytest.raises(Permanent) as caught:
            gateway.followers()
        assert caught.value.errcode == errcode
    assert wire.times("gettoken") == 1

    clock.tick(601)
    assert gateway.followers() == ["lan"]


def test_a_call_that_answers_40001_is_not_repeated(gateway, wire):
    wire.says(FOLLOWERS, {"errcode": 40001})

    with pytest.raises(Permanent):
        gateway.followers()

    assert wire.times(FOLLOWERS) == wire.times("gettoken") == 1


def test_a_throttled_token_waits_for_its_window(gateway, wire, clock):
    wire.says("gettoken", {"errcode": 45009}, wire.new_token)

    for _ in range(3):
        with pytest.raises(Throttled):
            gateway.access_token()
    assert wire.times("gettoken") == 1

    clock.tick(61)
    assert gateway.access_token() == "token-1"


def slow(answer):
    def answers():
        time.sleep(0.1)
        return answer() if callable(answer) else answer

    return answers


def test_ten_threads_on_a_cold_store_fetch_one_token(gateway, wire):
    wire.says("gettoken", slow(wire.new_token))
    wire.says(FOLLOWERS, OK)

    assert in_ten_threads(gateway.followers) == [["lan"]] * 10

    assert wire.times("gettoken") == 1


def test_two_gateways_on_one_store_fetch_one_token(connect, wire):
    wire.says("gettoken", slow(wire.new_token))
    gateways = [connect(), connect()] * 5

    with ThreadPoolExecutor(10) as pool:
        found = {future.result() for future in [pool.submit(each.access_token) for each in gateways]}

    assert found == {"token-1"}
    assert wire.times("gettoken") == 1


def test_ten_threads_with_a_refused_token_renew_it_once_even_to_the_same_value(gateway, wire, clock):
    same = {"errcode": 0, "access_token": "always-the-same", "expires_in": 7200}
    wire.says("gettoken", same)
    gateway.access_token()
    clock.tick(5)
    wire.says("gettoken", slow(same))
    wire.says(FOLLOWERS, *[slow(REFUSED)] * 10, OK)

    assert in_ten_threads(gateway.followers) == [["lan"]] * 10

    assert wire.times("gettoken") == 2


class RenewedInBetween(MemoryTokens):
    """Right before our lease, another process puts a newer token with the same value on record."""

    def lease(self, name, *, seconds, unless_newer_than):
        stored = self.get(name)
        if stored and stored.expires_at < self._now() + timedelta(seconds=7200):
            self.put(name, StoredToken(stored.value, self._now() + timedelta(seconds=7200)))
        return super().lease(name, seconds=seconds, unless_newer_than=unless_newer_than)


def test_a_token_renewed_right_before_our_lease_is_not_fetched_again(connect, wire, clock):
    gateway = connect(tokens=RenewedInBetween(clock))
    gateway.access_token()
    clock.tick(7190)

    assert gateway.access_token() == "token-1"

    assert wire.times("gettoken") == 1


def test_a_lease_whose_holder_died_is_taken_over(connect, wire, clock, tokens):
    gateway = connect(wait=clock.tick)
    assert tokens.lease("wecom:ww0123456789abcdef:1000002:access", seconds=15, unless_newer_than=None)

    assert gateway.access_token() == "token-1"


def test_a_lease_that_never_ends_is_given_up_on(connect, wire, tokens):
    gateway = connect(wait=lambda seconds: None)
    assert tokens.lease("wecom:ww0123456789abcdef:1000002:access", seconds=9999, unless_newer_than=None)

    with pytest.raises(Temporary):
        gateway.access_token()

    assert wire.asked == []


def test_a_token_is_renewed_ahead_of_its_end(gateway, wire, clock):
    gateway.access_token()
    clock.tick(7200 - 61)
    assert gateway.access_token() == "token-1"
    clock.tick(2)

    assert gateway.access_token() == "token-2"


def test_while_one_renews_ahead_the_others_use_what_is_still_good(gateway, wire, clock, tokens):
    gateway.access_token()
    clock.tick(7150)
    assert tokens.lease("wecom:ww0123456789abcdef:1000002:access", seconds=15, unless_newer_than="token-1")

    assert gateway.access_token() == "token-1"


def test_a_failed_renewal_leaves_the_old_token_in_use(gateway, wire, clock):
    gateway.access_token()
    wire.says("gettoken", Page(502))
    clock.tick(7150)
    assert gateway.access_token() == "token-1"
    clock.tick(60)

    with pytest.raises(Temporary):
        gateway.access_token()


def test_an_ending_token_that_comes_back_unchanged_is_not_asked_for_by_every_call(gateway, wire, clock):
    wire.says("gettoken", {"errcode": 0, "access_token": "ending", "expires_in": 50})

    for _ in range(10):
        clock.tick(1)
        assert gateway.access_token() == "ending"

    assert wire.times("gettoken") == 1


@pytest.mark.parametrize("answer", [{}, {"access_token": 7}, {"access_token": "x", "expires_in": -1}, {"errcode": -1}])
def test_an_answer_without_a_token_is_temporary(gateway, wire, answer):
    wire.says("gettoken", answer)

    with pytest.raises(Temporary):
        gateway.access_token()


def test_tickets_of_two_apps_in_one_corp_are_kept_apart(connect, wire):
    wire.says(
        "ticket/get", {"errcode": 0, "ticket": "of-2", "expires_in": 7200}, {"ticket": "of-3", "expires_in": 7200}
    )
    two, three = connect(agent_id=1000002), connect(agent_id=1000003)

    assert [two.agent_ticket(), three.agent_ticket(), two.agent_ticket()] == ["of-2", "of-3", "of-2"]

    assert wire.asked[1].query["type"] == "agent_config"


def test_a_cold_ticket_in_a_web_request_never_asks_wecom(gateway, wire, clock):
    assert gateway.cached_ticket("jsapi") is None
    assert wire.asked == []

    wire.says("get_jsapi_ticket", {"ticket": "j", "expires_in": 7200})
    assert gateway.jsapi_ticket() == "j"
    assert gateway.cached_ticket("jsapi") == "j"
    clock.tick(7200)
    assert gateway.cached_ticket("jsapi") is None


def test_a_refused_ticket_does_not_keep_the_other_cold(gateway, wire):
    wire.says("get_jsapi_ticket", {"ticket": "j", "expires_in": 7200})
    wire.says("ticket/get", {"errcode": 48002})

    with pytest.raises(Permanent):
        gateway.warm()

    assert gateway.cached_ticket("jsapi") == "j"


def test_warming_renews_what_ends_within_ten_minutes(gateway, wire, clock):
    wire.says("get_jsapi_ticket", {"ticket": "j", "expires_in": 7200})
    wire.says("ticket/get", {"ticket": "a", "expires_in": 7200})
    gateway.warm()
    gateway.warm()
    assert len(wire.asked) == 3

    clock.tick(6700)
    gateway.warm()

    assert [wire.times(each) for each in ("gettoken", "get_jsapi_ticket", "ticket/get")] == [2, 2, 2]
