"""What is kept no longer than the settings say."""

from datetime import timedelta

from crm import audits, claims, erasure_sweeps, file_imports, inbox, job_runs, platform_messages, webhook_deliveries
from files.uploads import Uploads
from jobs.erasing import sweep_waiting
from runtime import ROOT, Runtime


def forget_old(runtime: Runtime) -> int:
    """Drop bodies of callbacks, words of messages, old callbacks, audit rows and job runs, some at a time; how many.

    Erasures that were broken off are gone on with.
    """
    forgotten = sweep_waiting(runtime)
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
        count += erasure_sweeps.forget_texts(session, before=now - timedelta(days=keep.touch_text_days))
    count += _forget_uploads(runtime)
    with runtime.transaction() as session:
        return count + job_runs.forget(session, now=now)


def _forget_uploads(runtime: Runtime) -> int:
    """Killed before the commit, the rows stay unmarked and their files are looked for again."""
    uploads, now = Uploads(ROOT / runtime.settings.imports.folder), runtime.now()
    with runtime.transaction() as session:
        rows = file_imports.forget(
            session, before=now - timedelta(days=runtime.settings.retention.upload_days), now=now
        )
        for row in rows:
            uploads.forget(row, errors_too=True)
        return len(rows)
