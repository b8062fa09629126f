"""Verbs that do once what otherwise happens by itself: a job, an event again, a sync."""

import json
import signal
import sys

import click

from commands.context import INTERRUPTED, done, refused, runtime_of
from crm import inbox
from crm.errors import RuleError
from jobs.inbox import apply_events
from jobs.schedule import BY_HAND, JOBS
from jobs.sync import run_sync
from jobs.sync_words import SyncBar, sync_words
from wecom.errors import WeComError

RUNNABLE = JOBS | BY_HAND


@click.command("run-job", help=f"Run one job once by hand; harmless when repeated.\n\nNAME: {', '.join(RUNNABLE)}.")
@click.argument("name", metavar="NAME", type=click.Choice(list(RUNNABLE)))
@click.pass_context
def run_job(context: click.Context, name: str) -> None:
    done({"job": name, "done": RUNNABLE[name](runtime_of(context))})


@click.command()
@click.argument("inbox_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_context
def replay(context: click.Context, inbox_id: int) -> None:
    """Apply a callback again from its stored text.

    ID is its number in the inbox. What was sent is not sent again.
    """
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            kind = inbox.replay(session, inbox_id, now=runtime.now()).kind
    except RuleError as problem:
        sys.exit(refused(problem.message))
    apply_events(runtime)
    with runtime.reading() as session:
        state, reason = inbox.outcome(session, inbox_id)
    done({"id": inbox_id, "kind": kind, "state": state, "reason": reason})


@click.command()
@click.pass_context
def sync(context: click.Context) -> None:
    """Learn staff, tags, customers and groups from WeCom; safe to repeat. The figures go to standard output as JSON.

    Ctrl-C stops it after the page in hand; run again it goes on from there.
    """
    bar = SyncBar(is_terminal=sys.stderr.isatty())
    signal.signal(signal.SIGTERM, lambda *_: bar.stop())
    signal.signal(signal.SIGINT, lambda *_: bar.stop())
    try:
        run = run_sync(runtime_of(context), bar)
    except (WeComError, RuleError) as problem:
        sys.exit(refused(f"没有做完：{problem}。再运行一次会接着做"))
    for line in sync_words(run):
        click.echo(line, err=True)
    click.echo(json.dumps(dict(run.counts)))
    if run.state != "done":
        click.echo("已停下。再运行同一条命令，会从停下的地方继续。", err=True)
        sys.exit(INTERRUPTED)
