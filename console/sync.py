"""The full sync: how it stands, what it put right, whom it could not see; and how full the corp and its members are."""

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from console import sync_words
from console.door import JOBS, RUN_JOBS, blueprint, user_only
from crm import audits, meters, sync_runs
from runtime import runtime

UNSEEN_SHOWN = 50


@blueprint.get("/sync")
@user_only(*JOBS)
def sync_page() -> ResponseReturnValue:
    """The newest run and the meters."""
    wecom = runtime().settings.wecom
    with runtime().reading() as session:
        run = sync_runs.newest(session)
        paid = meters.paid_contacts(session, limit=wecom.paid_contacts)
        fullest = meters.fullest(session, limit=wecom.customers_per_member)
    return render_template(
        "console/sync.html",
        here="sync",
        run=run,
        pill=sync_words.pill(run.state) if run else None,
        stage=sync_words.stage(run.stage) if run else "",
        fixed=[] if run is None or run.is_first else sync_words.fixed(run.repaired),
        unseen=[(row["userid"], sync_words.why(row["errcode"])) for row in run.unseen[:UNSEEN_SHOWN]] if run else [],
        paid=paid,
        fullest=fullest,
    )


@blueprint.post("/sync/stop")
@user_only(*RUN_JOBS)
def stop_sync() -> ResponseReturnValue:
    """Have the run that is going on stop after the page in hand; the next one goes on from there."""
    now = runtime().now()
    with runtime().transaction() as session:
        if sync_runs.ask_to_stop(session, now=now):
            audits.note(session, actor=g.actor, action="sync.stop", subject="sync", now=now)
    return redirect(url_for("console.sync_page"), 303)
