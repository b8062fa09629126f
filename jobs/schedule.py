"""Everything that happens by itself, by name; `run-job NAME` does one by hand. Each is harmless when run twice."""

from collections.abc import Callable

from jobs.identities import rebuild_customers
from jobs.inbox import apply_events
from jobs.nonces import forget_nonces
from jobs.retention import forget_old
from jobs.tokens import warm_tokens
from jobs.touches import settle_silent_touches
from jobs.welcomes import send_welcomes
from runtime import Runtime

Job = Callable[[Runtime], int]
"""Returns how much it did; one that returns 0 has nothing more to do for now."""

JOBS: dict[str, Job] = {
    "send_welcomes": send_welcomes,
    "apply_events": apply_events,
    "warm_tokens": warm_tokens,
    "forget_old": forget_old,
    "forget_nonces": forget_nonces,
    "settle_silent_touches": settle_silent_touches,
}

BY_HAND: dict[str, Job] = {"rebuild_customers": rebuild_customers}
"""In no lane: `run-job NAME` in a quiet hour, after something went wrong."""
