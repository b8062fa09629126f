"""A worker that hangs in its only job: `python -m tests.jobs.stuck DATABASE_URL MASTER_KEY_FILE SANDBOX_URL`."""

import sys
import time

from clocks import SandboxClock
from config import Database, Security, Settings
from crm.timings import Every, Plan
from jobs.alarm import Alarm, Rates
from runtime import Runtime


def hang(runtime: Runtime) -> int:
    print("began", flush=True)
    time.sleep(60)
    return 0


def main(database_url: str, key_file: str, sandbox_url: str) -> None:
    clock = SandboxClock(sandbox_url)
    clock.follow(0.05)
    settings = Settings(database=Database(url=database_url), security=Security(master_key_file=key_file))
    rates = Rates(tick_seconds=0.05, beat_seconds=0.2, dead_seconds=30)
    Alarm(Runtime(settings, clock=clock), {"care": (hang, Plan(Every(600)))}, rates).start()
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
