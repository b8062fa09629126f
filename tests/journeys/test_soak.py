"""Everybody in exactly one task, nobody twice, every msgid known or listed: whatever fails, and whoever is killed.

Five seeds of a thousand in CI. `make soak` (SOAK=full) sends 25,000 from twelve members on both databases.
"""

import os
import time
from collections.abc import Callable, Iterator

import pytest

from config import Settings
from tests.processes import Processes
from tests.soaks import Soak

FULL = os.environ.get("SOAK") == "full"
POSTGRES = pytest.param("postgresql", 1, marks=pytest.mark.postgres)
RUNS = [("sqlite", 1), POSTGRES] if FULL else [*(("sqlite", seed) for seed in range(1, 5)), POSTGRES]
SIZE = {"customers": 25_000, "staff": 12, "pushes": 3} if FULL else {"customers": 1_000, "staff": 10, "pushes": 1}
KILLS = 60 if FULL else 5


@pytest.fixture(scope="module")
def start(sandbox_server, tmp_path_factory) -> Iterator[Callable[[Settings], Processes]]:
    """Processes with these settings; the program is imported once for all seeds."""
    started: list[Processes] = []

    def with_settings(settings: Settings) -> Processes:
        if not started:
            witness = tmp_path_factory.mktemp("soak") / "witness"
            started.append(Processes(settings, sandbox_server.url, witness, hurry=10))
        started[0].use(settings)
        return started[0]

    yield with_settings
    for each in started:
        each.close()


@pytest.mark.slow
@pytest.mark.timeout(3600 if FULL else 180)
@pytest.mark.parametrize(("database_url", "seed"), RUNS, indirect=["database_url"])
def test_whatever_fails_everybody_is_in_one_task_and_nobody_gets_it_twice(
    settings, runtime, make, sandbox, start, seed
):
    sandbox.post("/sandbox/reset", {"seed": seed})
    sandbox.put("/sandbox/clock", {"to": {"weekday": 2, "time": "10:00"}})
    runtime.now.refresh()
    begun = time.monotonic()
    soak = Soak(runtime, make, sandbox, start(settings), seed=seed)
    soak.prepare(**SIZE)
    prepared = time.monotonic()
    soak.run(kills=KILLS)

    sent = time.monotonic()
    soak.everything_adds_up()
    print(
        f"\n{settings.database.url.partition(':')[0]}, seed {seed}: {soak.figures()}; "
        f"prepared in {prepared - begun:.0f} s, sent in {sent - prepared:.0f} s, "
        f"counted in {time.monotonic() - sent:.0f} s",
        flush=True,
    )
