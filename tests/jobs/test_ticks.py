"""Each slot is run once, whatever the clock does and however many look."""

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from crm import job_runs, workers
from crm.timings import Daily, Every, Plan, Weekly
from jobs.retention import forget_old
from jobs.ticks import Ticks, run
from models import JobRun, WorkerBeat
from runtime import Runtime, utc_now

NIGHTLY, OFTEN = Plan(Daily("03:17"), most_seconds=60), Plan(Every(600))


@pytest.fixture
def at(sandbox, clock):
    """Sets the clock to a moment of Shanghai in the last week of November 2026, and keeps it there."""

    def set_to(text):
        moment = datetime.fromisoformat(f"2026-{text}+08:00")
        sandbox.put("/sandbox/clock", {"now": moment.timestamp(), "frozen": True})
        clock.refresh()
        return moment.astimezone(UTC)

    return set_to


@pytest.fixture
def schedule(runtime):
    """A worker's ticks, at once followed by the runs they won; returns the jobs that ran."""

    def made(worker="one", outside=runtime, job=lambda outside: 1, **plans):
        ticks = Ticks(outside, worker, plans)

        def tick(**more):
            claims = ticks.tick(**more)
            for claim in claims:
                run(outside, claim, job)
            return [claim.job for claim in claims]

        return tick

    return made


def runs_of(make, *states):
    return [(row.job, row.slot) for row in make.rows(JobRun) if not states or row.state in states]


def test_a_new_job_begins_with_its_next_slot(schedule, at, make):
    tick = schedule(sync=NIGHTLY)

    at("11-24 10:00")
    assert tick() == []
    at("11-25 03:16")
    assert tick() == []
    slot = at("11-25 03:17")
    assert tick() == ["sync"]
    assert tick() == []

    assert runs_of(make, "done") == [("sync", slot)]


def test_missed_slots_are_caught_up_once_with_the_newest(schedule, at, make):
    tick = schedule(sync=NIGHTLY, care=OFTEN, drop=Plan(Weekly(5, "20:00")))
    at("11-01 10:00")
    tick()

    at("12-01 12:34")

    assert sorted(tick()) == ["care", "drop", "sync"]
    assert tick() == []
    assert {name: f"{slot.astimezone(UTC):%m-%d %H:%M}" for name, slot in runs_of(make, "done")} == {
        "sync": "11-30 19:17", "care": "12-01 04:30", "drop": "11-27 12:00",
    }  # fmt: skip


def test_a_job_that_skips_notes_what_was_missed(schedule, at, make):
    tick = schedule(sync=Plan(Daily("03:17"), missed="skip"))
    at("11-24 10:00")
    tick()
    slot = at("11-25 03:17")

    at("11-25 04:00")
    assert tick() == []
    at("11-26 03:17")
    assert tick() == ["sync"]

    assert [row.reason for row in make.rows(JobRun) if row.slot == slot] == ["missed"]


def test_a_clock_that_goes_back_an_hour_fires_nothing_twice(schedule, at, make):
    tick = schedule(sync=NIGHTLY, care=OFTEN)
    for moment in ("11-24 03:10", "11-24 03:17", "11-24 03:30"):
        at(moment)
        tick()
    before = runs_of(make)

    for minute in range(30, 60, 5):
        at(f"11-24 02:{minute}")
        schedule(f"new{minute}", sync=NIGHTLY)()  # one that remembers nothing
        tick()
    at("11-24 03:17")
    tick()

    assert [row for row in runs_of(make, "done") if row[0] == "sync"] == [row for row in before if row[0] == "sync"][1:]
    assert len(set(runs_of(make))) == len(make.rows(JobRun))


def test_a_clock_that_was_a_month_ahead_does_not_stop_the_month(schedule, at):
    tick = schedule(sync=NIGHTLY)
    at("11-24 10:00")
    tick()
    at("12-24 10:00")
    assert tick() == ["sync"]

    at("11-25 10:00")

    assert tick() == ["sync"]
    assert tick() == []


def test_the_hour_that_comes_twice_runs_a_nightly_job_once(schedule, settings, clock, sandbox):
    business = settings.business.model_copy(update={"time_zone": "America/New_York"})
    abroad = Runtime(settings.model_copy(update={"business": business}), clock=clock, rng=random.Random(7))
    tick = schedule(outside=abroad, early=Plan(Daily("01:30")), skipped=Plan(Daily("02:30")))
    ran = []
    for hour in range(-24, 48):  # around 2026-11-01 06:00 UTC, when 2 o'clock is 1 o'clock again
        for minute in (0, 30):
            sandbox.put("/sandbox/clock", {"now": 1793512800 + hour * 3600 + minute * 60, "frozen": True})
            clock.refresh()
            ran += tick()
    abroad.close()

    assert (ran.count("early"), ran.count("skipped")) == (2, 3)


def test_two_workers_never_run_one_slot_twice(runtime, settings, at, clock, make):
    """Eight threads over two runtimes, as two processes would have them; each job's slot is won by one."""
    other = Runtime(settings, clock=clock, rng=random.Random(7))
    plans = {f"job{number}": OFTEN for number in range(20)}
    at("11-24 10:00")
    Ticks(runtime, "first", plans).tick()
    won: list[str] = []

    for minute in (10, 20, 30):
        at(f"11-24 10:{minute}")
        ready = threading.Barrier(8)

        def look(number, ready=ready):
            outside = (runtime, other)[number % 2]
            ticks = Ticks(outside, f"worker{number}", plans)
            ready.wait()
            for claim in ticks.tick(room=20):
                won.append(claim.job)
                run(outside, claim, lambda outside: 0)

        threads = [threading.Thread(target=look, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    other.close()

    assert sorted(won) == sorted([*plans] * 3)
    assert len(runs_of(make, "done")) == 60


def test_a_job_that_still_runs_is_not_begun_again_and_shows_that_it_overruns(runtime, at, make):
    plans = {"sync": Plan(Every(600), most_seconds=900)}
    one, other = Ticks(runtime, "one", plans), Ticks(runtime, "other", plans)
    at("11-24 10:00")
    one.tick()
    at("11-24 10:10")
    (claim,) = one.tick()

    for minute in (20, 30, 40):
        at(f"11-24 10:{minute}")
        assert one.tick(in_hand={claim.id}) == []
        assert other.tick() == []

    (row,) = [row for row in make.rows(JobRun) if row.state == "running"]
    assert row.expected_by < runtime.now()
    run(runtime, claim, lambda outside: 3)
    assert [claim.job for claim in other.tick()] == ["sync"]


def test_a_dead_workers_run_is_taken_over_three_times_at_most(runtime, at, make):
    at("11-24 03:00")
    Ticks(runtime, "w0", {"sync": NIGHTLY}).tick()
    at("11-24 03:17")
    claims = []
    for number in range(4):
        claims += Ticks(runtime, f"w{number}", {"sync": NIGHTLY}).tick()
        assert Ticks(runtime, "onlooker", {"sync": NIGHTLY}).tick() == []  # it is alive
        kill(runtime, f"w{number}")

    Ticks(runtime, "last", {"sync": NIGHTLY}).tick()

    assert [claim.tries for claim in claims] == [1, 2, 3]
    assert [(row.state, row.tries) for row in make.rows(JobRun) if row.reason != "new"] == [("killed", 3)]
    run(runtime, claims[0], lambda outside: 1)
    assert [row.state for row in make.rows(JobRun) if row.reason != "new"] == ["killed"]  # not its to settle any more


def test_two_workers_never_take_over_one_run(runtime, settings, at, clock):
    other = Runtime(settings, clock=clock, rng=random.Random(7))
    at("11-24 03:00")
    Ticks(runtime, "dead", {"sync": NIGHTLY}).tick()
    at("11-24 03:17")
    Ticks(runtime, "dead", {"sync": NIGHTLY}).tick()
    kill(runtime, "dead")
    won, ready = [], threading.Barrier(6)

    def look(number):
        ticks = Ticks((runtime, other)[number % 2], f"worker{number}", {"sync": NIGHTLY})
        ready.wait()
        won.extend(ticks.tick())

    threads = [threading.Thread(target=look, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    assert [claim.tries for claim in won] == [2]


def test_a_run_of_ours_that_we_know_nothing_of_is_begun_again(runtime, at):
    at("11-24 03:00")
    ticks = Ticks(runtime, "one", {"sync": NIGHTLY})
    ticks.tick()
    at("11-24 03:17")
    (claim,) = ticks.tick()

    assert ticks.tick(in_hand={claim.id}) == []
    assert [claim.tries for claim in ticks.tick()] == [2]


def test_a_worker_without_a_free_thread_claims_nothing(schedule, at):
    tick = schedule(one=OFTEN, two=OFTEN)
    at("11-24 10:00")
    tick()
    at("11-24 10:10")

    assert tick(room=0) == []
    assert len(tick(room=1)) == 1
    assert len(tick()) == 1


def test_an_error_is_kept_by_its_kind_only(schedule, at, make, caplog):
    def breaks(outside):
        raise ValueError("secret words")

    tick = schedule(sync=NIGHTLY, job=breaks)
    at("11-24 03:00")
    tick()
    at("11-24 03:17")
    tick()

    assert [(row.state, row.reason) for row in make.rows(JobRun)][1:] == [("failed", "ValueError")]
    assert "secret words" not in caplog.text


def test_a_run_asked_for_by_hand_is_done_once_and_the_next_slot_still_comes(schedule, runtime, at, make):
    tick = schedule(sync=NIGHTLY)
    at("11-24 03:00")
    tick()
    with runtime.transaction() as session:
        job_runs.ask(session, "sync", now=runtime.now())
    with pytest.raises(Exception, match="正在跑"), runtime.transaction() as session:
        job_runs.ask(session, "sync", now=runtime.now() + timedelta(seconds=1))

    assert (tick(), tick()) == (["sync"], [])
    at("11-24 03:17")
    assert tick() == ["sync"]


def test_what_is_asked_for_by_hand_and_no_longer_known_ends(schedule, runtime, at, make):
    at("11-24 03:00")
    with runtime.transaction() as session:
        job_runs.ask(session, "from_an_older_release", now=runtime.now())

    assert schedule(sync=NIGHTLY)() == []

    assert next((row.state, row.reason) for row in make.rows(JobRun)) == ("killed", "gone")


def test_runs_are_kept_for_90_days(schedule, at, clock, runtime, make):
    tick = schedule(sync=NIGHTLY)
    at("01-02 03:00")
    tick()
    at("01-02 03:17")
    tick()
    at("01-31 03:17")
    tick()

    at("04-05 03:17")
    forget_old(runtime)

    assert [f"{row.slot:%m-%d}" for row in make.rows(JobRun)] == ["01-30"]


def test_a_beat_that_was_taken_for_dead_comes_back(runtime, make):
    at = utc_now()
    with runtime.transaction() as session:
        workers.beat(session, "one", at=at)
    with runtime.transaction() as session:
        assert not workers.bury(session, "one", beat_at=at - timedelta(seconds=1))
        assert workers.bury(session, "one", beat_at=at)
        workers.beat(session, "one", at=at)

    assert [row.worker for row in make.rows(WorkerBeat)] == ["one"]


def kill(runtime, worker):
    """What others do once they have watched its beat stand still."""
    with runtime.transaction() as session:
        workers.leave(session, worker)
