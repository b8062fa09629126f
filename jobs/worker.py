"""The worker: lanes of threads that are woken, or look by themselves, and an alarm clock beside them."""

import logging
import threading
from dataclasses import dataclass

from jobs.alarm import USUAL, Alarm, Rates, Table
from jobs.schedule import PLANNING, PLATFORMS, QUEUES, READING, SENDING, TIMED, Job
from runtime import Runtime

log = logging.getLogger("huitou.jobs")


@dataclass(frozen=True)
class Lane:
    """Who is woken by this name, how long it sleeps at most, and what it does, one after the other.

    One that `gives_way` waits a little while welcomes go out: these have seconds, and one interpreter runs them all.
    """

    name: str
    every_seconds: float
    jobs: tuple[str, ...]
    threads: int = 1
    gives_way: bool = True


LANES = (
    Lane(
        "welcomes", 1.0, ("send_welcomes",), threads=3, gives_way=False
    ),  # an answer that takes 10 s holds up only its own thread
    Lane("inbox", 2.0, ("apply_events",)),
    Lane("edits", 2.0, ("apply_edits",)),  # a storm of one member's takes a while: nobody else waits for it
    Lane("contact_edits", 2.0, ("write_contact_edits",)),
    Lane("tokens", 60.0, ("warm_tokens",), gives_way=False),  # a cold token wakes it
    Lane("planning", 2.0, PLANNING),
    Lane("sending", 2.0, SENDING),
    Lane("reading", 2.0, READING),
    Lane("platforms", 2.0, PLATFORMS),
    Lane("imports", 2.0, ("import_files",)),
    Lane("webhooks", 2.0, ("send_webhooks",)),  # a shop's server that is slow holds up only this one
)
FIRST, STEP_BACK_SECONDS, STEPS_BACK = "welcomes", 0.05, 20


class Worker:
    """Every lane of one process. Other processes may run the same: rows are claimed, never assumed."""

    def __init__(self, runtime: Runtime, table: Table = TIMED, rates: Rates = USUAL) -> None:
        self._runtime = runtime
        self._alarm = Alarm(runtime, table, rates)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._hurrying: set[str] = set()  # threads that are sending welcomes now

    def start(self) -> None:
        for lane in LANES:
            for number in range(lane.threads):
                thread = threading.Thread(target=self._run, args=(lane,), name=f"{lane.name}-{number}", daemon=True)
                thread.start()
                self._threads.append(thread)
        self._alarm.start()

    def stop(self, timeout_seconds: float = 15.0) -> None:
        """Let the jobs in hand finish; whatever does not in time is found again by its lease."""
        self._stopping.set()
        for lane in LANES:
            self._runtime.wake(lane.name)
        self._alarm.stop(timeout_seconds)  # first: it would begin new runs meanwhile
        for thread in self._threads:
            thread.join(timeout_seconds)

    def run_forever(self) -> None:
        """Run until interrupted."""
        self.start()
        try:
            while not self._stopping.wait(3600):
                pass
        finally:
            self.stop()

    def _run(self, lane: Lane) -> None:
        """Once each, until none finds anything more: one with much to do lets the others in between."""
        me = threading.current_thread().name
        while not self._stopping.is_set():
            if lane.gives_way:
                self._step_back()
            elif lane.name == FIRST:
                self._hurrying.add(me)
            did = [self._did(name, QUEUES[name]) for name in lane.jobs if not self._stopping.is_set()]
            self._hurrying.discard(me)
            if not any(did):
                self._runtime.wait(lane.name, lane.every_seconds)

    def _step_back(self) -> None:
        """While welcomes go out, but not for long: they may go out all day."""
        for _ in range(STEPS_BACK):
            if not self._hurrying or self._stopping.wait(STEP_BACK_SECONDS):
                return

    def _did(self, name: str, job: Job) -> bool:
        """Run a job once; whether it did anything."""
        try:
            if not job(self._runtime):
                return False
        except (
            Exception
        ) as problem:  # the loop outlives any bug; the text of an error may quote what must not be logged
            self._runtime.metrics.jobs.labels(name, "failed").inc()
            log.error("job %s failed: %s", name, type(problem).__name__)
            return False
        self._runtime.metrics.jobs.labels(name, "done").inc()
        return True
