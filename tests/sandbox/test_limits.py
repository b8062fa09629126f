"""The windows of a rate limit."""

import pytest

from sandbox.clock import Clock
from sandbox.errors import Refused
from sandbox.limits import MINUTE, PER_API, Limits


@pytest.fixture
def clock():
    clock = Clock(lambda: 0.0)
    clock.freeze(True)
    return clock


def test_the_ten_thousand_and_first_call_of_a_minute_blocks_for_a_minute(clock):
    limits = Limits(clock)
    for _ in range(10_000):
        limits.count("user/get", PER_API)

    with pytest.raises(Refused) as refused:
        limits.count("user/get", PER_API)
    limits.count("user/list", PER_API)
    clock.move_to(MINUTE - 1)
    with pytest.raises(Refused):
        limits.count("user/get", PER_API)
    clock.move_to(MINUTE + 1)
    limits.count("user/get", PER_API)

    assert refused.value.errcode == 45009


def test_a_window_that_has_passed_starts_anew(clock):
    limits = Limits(clock)
    for second in range(0, 300, 61):
        clock.move_to(float(second))
        for _ in range(9_000):
            limits.count("user/get", PER_API)


def test_a_block_lasts_a_whole_window_from_the_call_that_went_over(clock):
    limits = Limits(clock)
    for _ in range(10_000):
        limits.count("user/get", PER_API)
    clock.move_to(50.0)
    with pytest.raises(Refused):
        limits.count("user/get", PER_API)

    clock.move_to(70.0)  # the window that was counted is over, the block is not
    with pytest.raises(Refused):
        limits.count("user/get", PER_API)
    clock.move_to(111.0)
    limits.count("user/get", PER_API)
