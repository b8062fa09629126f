"""Forget events that are older than the settings say; what they added up to stays."""

from datetime import timedelta

from crm import events
from runtime import Runtime


def forget_events(runtime: Runtime) -> int:
    """Delete old events, 500 a transaction; returns how many."""
    before = runtime.now() - timedelta(days=runtime.settings.retention.event_days)
    forgotten = 0
    while True:
        with runtime.transaction() as session:
            gone = events.forget(session, before=before)
        forgotten += gone
        if gone < events.BATCH_ROWS:
            return forgotten
