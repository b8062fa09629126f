"""Verbs of an installation: settings, tables, serving, the first way in, what is not set up right."""

import json
import secrets
import sys

import click

from commands.context import FAILED, port_in_words, runtime_of, settings_of, worker_of
from crm import audits, users
from crm.errors import NotFound, RuleError
from doctor import examine, missing
from migrations import migrate as run_migrations
from runtime import Runtime
from web import leave_on_sigterm, serve_forever


@click.command("show-config")
@click.pass_context
def show_config(context: click.Context) -> None:
    """Print the settings in force, secrets masked."""
    click.echo(json.dumps(settings_of(context).masked(), ensure_ascii=False, indent=2))


@click.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database up to date; safe to repeat."""
    runtime = Runtime(settings_of(context))
    click.echo(f"database at {run_migrations(runtime.engine)}")


@click.command()
@click.option("--web-only", is_flag=True, help="Leave the worker to `work`.")
@click.pass_context
def serve(context: click.Context, web_only: bool) -> None:
    """Serve web and worker in one process.

    Until SIGTERM or Ctrl-C; what is in hand is finished.
    """
    runtime = runtime_of(context)
    server = runtime.settings.server
    app = context.obj["create_app"](runtime)

    def ready(url: str) -> None:
        click.echo(f"正在服务 / serving {url}")
        invite_first_owner(runtime)
        if missing(runtime.settings):
            click.echo("企业微信还没填全，app.py doctor 会说缺什么 / WeCom is not set up: see app.py doctor", err=True)

    with port_in_words(server.port, "server.port"):
        serve_forever(app, server, None if web_only else worker_of(context, runtime), ready=ready)


def invite_first_owner(runtime: Runtime) -> None:
    """Print a link for the console's first owner, as long as there is none."""
    with runtime.reading() as session:
        if users.has_any(session):
            return
    click.echo(f"第一次登录后台 / first sign-in: {_sign_in_link(runtime)}")


def _sign_in_link(runtime: Runtime, login: str | None = None) -> str:
    token = secrets.token_urlsafe(24)
    with runtime.transaction() as session:
        user = users.of_login(session, login) if login else None
        if login and user is None:
            raise NotFound("没有这个账号")
        if user is not None:
            users.forget_password(session, user)
            audits.note(session, actor="system", action="user.link", subject=f"user:{user.id}", now=runtime.now())
        users.new_link(session, runtime.vault.digest(token), user=user, now=runtime.now())
    return f"{runtime.settings.server.public_url}/console/enter?token={token}"


@click.command("sign-in-link")
@click.argument("login", required=False)
@click.pass_context
def sign_in_link(context: click.Context, login: str | None) -> None:
    """Print a one-time link into the console.

    For the first owner, or for LOGIN to choose a new password.
    """
    runtime = runtime_of(context)
    with runtime.reading() as session:
        has_owner = users.has_any(session)
    if has_owner and login is None:
        raise click.UsageError("已经有账号了，写上登录名 / there are users: name a LOGIN")
    try:
        click.echo(_sign_in_link(runtime, login))
    except RuleError as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(FAILED)


@click.command()
@click.pass_context
def work(context: click.Context) -> None:
    """Run the worker alone: welcomes, inbox, tokens, sending, and the schedule."""
    worker = worker_of(context, runtime_of(context))
    leave_on_sigterm()
    worker.run_forever()


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what is not set up right, and how to mend it.

    Checks database, settings, token, callback keys, domain and clock; exit code 1 when something is wrong.
    """
    findings = list(examine(Runtime(settings_of(context))))
    for finding in findings:
        click.echo(f"{'✓' if finding.is_right else '✗'} {finding.name}: {finding.words}")
    sys.exit(0 if all(finding.is_right for finding in findings) else FAILED)
