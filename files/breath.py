"""Between two transactions of an import: whoever waits for SQLite's lock goes first."""

import time

from crm import inbox, welcomes
from runtime import Runtime

BREATH_SECONDS = 0.002  # who waits for SQLite's lock asks again after 1 ms, then 2, then 5 …
YIELD_SECONDS = 0.05  # … then 10, 15, 20, 25: somebody who has lost a few times gets it within this


def breathe(runtime: Runtime) -> None:
    """Let others write; longer while events or welcomes are due, for those have deadlines and an import has none."""
    now = runtime.now()
    with runtime.reading() as session:
        is_awaited = welcomes.has_due(session, now=now) or inbox.has_due(session, now=now)
    time.sleep(YIELD_SECONDS if is_awaited else BREATH_SECONDS)
