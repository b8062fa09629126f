"""Forget the nonces of signed requests that are too old to be replayed."""

from datetime import timedelta

from crm import shops
from runtime import Runtime

KEPT = timedelta(minutes=15)  # a timestamp may run 300 s ahead and is good 300 s long: 10 minutes would just do
BATCH = 500


def forget_nonces(runtime: Runtime) -> int:
    """Delete nonces that no timestamp can bring back; returns how many."""
    before = runtime.now() - KEPT
    forgotten = 0
    while True:
        with runtime.transaction() as session:
            gone = shops.forget_nonces(session, before=before, limit=BATCH)
        forgotten += gone
        if gone < BATCH:
            return forgotten
