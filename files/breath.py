"""Between two transactions of an import: whoever waits for SQLite's lock goes first."""

import time

from crm import inbox, welcomes
from runtime import Runtime

BREATH_SECONDS = 0.002  # who waits for SQLite's lock asks again after 1 ms, then 2, then 5 …
YIELD_SECONDS = 0.05  # … then 10, 15, 20, 25: somebody who has lost a few times gets it within this
LONGEST_WAIT_SECONDS = 0.5


def breathe(runtime: Runtime) -> None:
    """Let others write: longer while events are due, and until the welcomes are out, for an import has no deadline.

    Customers may be added all day, so it goes on after half a second whatever is due.
    """
    for _ in range(int(LONGEST_WAIT_SECONDS / YIELD_SECONDS)):
        now = runtime.now()
        with runtime.reading() as session:
            has_welcomes = welcomes.has_due(session, now=now)
            is_awaited = has_welcomes or inbox.has_due(session, now=now)
        time.sleep(YIELD_SECONDS if is_awaited else BREATH_SECONDS)
        if not has_welcomes:
            return
