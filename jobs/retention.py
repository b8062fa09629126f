"""What is kept no longer than the settings say."""

from datetime import timedelta

from crm import audits, claims, inbox, job_runs, platform_messages, webhook_deliveries
from runtime import Runtime


def forget_old(runtime: Runtime) -> int:
    """Drop bodies of callbacks, old callbacks, audit rows and job runs, a few hundred at a time; returns how many."""
    forgotten = 0
    while some := _forget_some(runtime):
        forgotten += some
    return forgotten


def _forget_some(runtime: Runtime) -> int:
    now, keep = runtime.now(), runtime.settings.retention
    with runtime.reading() as session:
        bodies, rows = inbox.past_retention(
            session,
            bodies_before=now - timedelta(days=keep.inbox_body_days),
            rows_before=now - timedelta(days=keep.inbox_days),
        )
    with runtime.transaction() as session:
        count = inbox.forget(session, bodies=bodies, rows=rows)
    with runtime.transaction() as session:
        count += platform_messages.forget(
            session,
            bodies_before=now - timedelta(days=keep.inbox_body_days),
            rows_before=now - timedelta(days=keep.inbox_days),
        )
    with runtime.transaction() as session:
        count += audits.forget(session, before=now - timedelta(days=keep.audit_days))
    with runtime.transaction() as session:
        count += webhook_deliveries.forget(session, before=now - timedelta(days=keep.inbox_days))
    with runtime.transaction() as session:
        count += claims.forget_tries(session, before=(now - timedelta(days=7)).date())
    with runtime.transaction() as session:
        return count + job_runs.forget(session, now=now)
