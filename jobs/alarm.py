"""The alarm clock of a worker: APScheduler rings once a second, what is due runs in a few threads of its own."""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import getpid

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from crm import workers
from crm.job_runs import Claim
from crm.timings import Plan
from jobs.schedule import TIMED, Job
from jobs.ticks import Ticks, run
from runtime import Runtime, utc_now

log = logging.getLogger("huitou.jobs")

THREADS = 4
Table = Mapping[str, tuple[Job, Plan]]


@dataclass(frozen=True)
class Rates:
    """How often a worker looks and beats, and how long another's beat must stand still before it is dead."""

    tick_seconds: float = 1.0
    beat_seconds: float = 10.0
    dead_seconds: float = 30.0


USUAL = Rates()


class Alarm:
    """What time begins, in this process: the tick, the runs it won, and the beat that says the process is alive."""

    def __init__(self, runtime: Runtime, table: Table = TIMED, rates: Rates = USUAL) -> None:
        self.worker = f"{socket.gethostname()}-{getpid()}-{secrets.token_hex(2)}"
        self._runtime, self._table, self._rates = runtime, table, rates
        self._ticks = Ticks(runtime, self.worker, {name: plan for name, (_, plan) in table.items()})
        self._in_hand: dict[int, threading.Thread] = {}
        self._watched: dict[str, tuple[datetime, float]] = {}  # another's beat, and since when it stands at that
        self._stopping = threading.Event()
        self._pulse = threading.Thread(target=self._beat_on, name="pulse", daemon=True)
        self._rings = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})

    def start(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it quotes errors, and says so every second
        with suppress(Exception):  # no database yet: the pulse goes on trying
            self._beat()
        self._pulse.start()
        self._rings.add_job(
            self._tick,
            "interval",
            seconds=self._rates.tick_seconds,
            id="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,  # a tick that comes late is as good: it reads the clock itself
        )
        self._rings.start()

    def stop(self, timeout_seconds: float) -> None:
        """Let the runs in hand finish; one that does not is found by the next worker, our beat standing still."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._rings.shutdown()
        self._pulse.join(timeout_seconds)
        ends = time.monotonic() + timeout_seconds
        for thread in list(self._in_hand.values()):
            thread.join(max(ends - time.monotonic(), 0))
        if not self._in_hand:
            with suppress(Exception), self._runtime.transaction() as session:
                workers.leave(session, self.worker)

    def _tick(self) -> None:
        try:
            room = THREADS - len(self._in_hand)
            for claim in self._ticks.tick(in_hand=set(self._in_hand), room=room):
                self._begin(claim)
        except Exception as problem:  # the next one comes in a second; the text may quote what must not be logged
            log.error("the tick failed: %s", type(problem).__name__)

    def _begin(self, claim: Claim) -> None:
        thread = threading.Thread(target=self._run, args=(claim,), name=f"timed-{claim.job}", daemon=True)
        self._in_hand[claim.id] = thread
        thread.start()

    def _run(self, claim: Claim) -> None:
        try:
            run(self._runtime, claim, self._table[claim.job][0])
        except Exception as problem:  # it could not be settled: the next tick finds it in nobody's hand
            log.error("run %s of %s was not recorded: %s", claim.id, claim.job, type(problem).__name__)
        finally:
            del self._in_hand[claim.id]

    def _beat_on(self) -> None:
        """Its own thread, by a clock that nobody sets: it also wakes an alarm that the machine's clock put to sleep."""
        next_beat = time.monotonic() + self._rates.beat_seconds
        while not self._stopping.wait(min(1.0, self._rates.beat_seconds)):
            self._wake_alarm()
            if time.monotonic() < next_beat:
                continue
            next_beat = time.monotonic() + self._rates.beat_seconds
            try:
                self._beat()
                self._watch()
            except Exception as problem:
                log.error("the worker could not say that it is alive: %s", type(problem).__name__)

    def _beat(self) -> None:
        with self._runtime.transaction() as session:
            workers.beat(session, self.worker, at=utc_now())

    def _watch(self) -> None:
        """Call dead who has not beaten for as long as we have watched."""
        with self._runtime.reading() as session:
            beats = workers.beats(session)
        now = time.monotonic()
        self._watched = {
            name: seen if (seen := self._watched.get(name)) and seen[0] == beat_at else (beat_at, now)
            for name, beat_at in beats.items()
            if name != self.worker
        }
        for name, (beat_at, since) in self._watched.items():
            if now - since >= self._rates.dead_seconds:
                with self._runtime.transaction() as session:
                    if workers.bury(session, name, beat_at=beat_at):
                        log.warning("worker %s is gone; what it was at is taken over", name)

    def _wake_alarm(self) -> None:
        """APScheduler waits for the next second of the machine's clock; put back an hour, it would wait an hour."""
        ring = self._rings.get_job("tick")
        if (
            ring
            and ring.next_run_time
            and ring.next_run_time - utc_now() > timedelta(seconds=5 + self._rates.tick_seconds)
        ):
            self._rings.modify_job("tick", next_run_time=utc_now())
