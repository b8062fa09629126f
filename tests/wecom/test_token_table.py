"""The lease on the real table: two programs on one database."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from pydantic import SecretStr

from config import Database, Security, Settings, WeCom
from runtime import Runtime, TokenTable, utc_now


@pytest.fixture
def two_runtimes(database_url, tmp_path, wire):
    settings = Settings(
        database=Database(url=database_url),
        security=Security(master_key_file=str(tmp_path / "master.key")),
        wecom=WeCom(base_url=wire.url, corp_id="ww0123456789abcdef", agent_id=1000002, secret=SecretStr("secret")),
    )
    runtimes = [Runtime(settings), Runtime(settings)]
    yield runtimes
    for runtime in runtimes:
        runtime.close()


def test_twenty_threads_of_two_programs_fetch_one_token(two_runtimes, wire):
    def slowly():
        time.sleep(0.2)
        return wire.new_token()

    wire.says("gettoken", slowly)

    with ThreadPoolExecutor(20) as pool:
        found = {each.result() for each in [pool.submit(two_runtimes[n % 2].wecom.access_token) for n in range(20)]}

    assert found == {"token-1"}
    assert wire.times("gettoken") == 1


def test_a_token_refused_in_both_programs_is_renewed_once(two_runtimes, wire):
    endpoint = "externalcontact/get_follow_user_list"
    two_runtimes[0].wecom.access_token()
    both = Barrier(2, timeout=10)

    def refused():
        both.wait()  # neither is answered before the other has asked, too
        return {"errcode": 40014}

    wire.says(endpoint, refused, refused, {"follow_user": ["lan"]})

    with ThreadPoolExecutor(2) as pool:
        found = [each.result() for each in [pool.submit(runtime.wecom.followers) for runtime in two_runtimes]]

    assert found == [["lan"], ["lan"]]
    assert wire.times("gettoken") == 2


def test_a_call_inside_a_transaction_is_refused(two_runtimes, wire):
    runtime = two_runtimes[0]

    with runtime.transaction(), pytest.raises(RuntimeError):
        runtime.wecom.followers()

    assert wire.asked == []


def test_a_lease_lost_with_its_holder_ends_in_seconds_even_when_the_clock_was_put_back(two_runtimes):
    tokens = TokenTable(two_runtimes[0])
    two_runtimes[0].now = lambda: utc_now() + timedelta(days=30)
    assert tokens.lease("t", seconds=20, unless_newer_than=None)
    assert not tokens.lease("t", seconds=20, unless_newer_than=None)

    two_runtimes[0].now = utc_now

    assert tokens.lease("t", seconds=20, unless_newer_than=None)
    assert not tokens.lease("t", seconds=20, unless_newer_than=None)
