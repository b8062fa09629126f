"""What is kept no longer than the settings say."""

from datetime import timedelta

from crm import audits, inbox
from runtime import Runtime


def forget_old(runtime: Runtime) -> int:
    """Drop bodies of callbacks, old callbacks and old audit rows, a few hundred at a time; returns how many."""
    now, keep = runtime.now(), runtime.settings.retention
    with runtime.reading() as session:
        bodies, rows = inbox.past_retention(
            session,
            bodies_before=now - timedelta(days=keep.inbox_body_days),
            rows_before=now - timedelta(days=keep.inbox_days),
        )
    with runtime.transaction() as session:
        count = inbox.forget(session, bodies=bodies, rows=rows)
        return count + audits.forget(session, before=now - timedelta(days=keep.audit_days))
