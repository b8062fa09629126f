"""The command line: one verb a function. Never imports app; `main` is handed what makes one."""

import contextlib
import errno
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.orm import Session

import demo
from config import ConfigError, Settings, load
from connectors.generic import BadMapping, read_mapping
from connectors.platforms import OPTIONAL, PLATFORMS, is_right
from crm import audits, inbox, parcel_links, platform_messages, platforms, shops, users, webhooks
from crm import webhook_deliveries as deliveries
from crm.errors import NotFound, RuleError
from doctor import examine, missing
from files.imports import import_file, source_of
from files.products import import_products
from files.refusals import FileRefused
from files.reports import Progress
from jobs.alarm import USUAL
from jobs.inbox import apply_events
from jobs.platform_pulls import pull_orders
from jobs.platforms import apply_platform_messages
from jobs.schedule import BY_HAND, JOBS
from jobs.sync import run_sync
from jobs.sync_words import SyncBar, sync_words
from jobs.worker import Worker
from migrations import migrate as run_migrations
from models.platform import PlatformAccount
from models.webhook import KINDS
from runtime import ROOT, Runtime, utc_now
from sandbox import server as sandbox_server
from supervisor import Fallen
from web import leave_on_sigterm, serve_forever
from wecom.errors import WeComError

CreateApp = Callable[..., Flask]
BAD_CONFIG, FAILED, INTERRUPTED = 2, 1, 130
RUNNABLE = JOBS | BY_HAND


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "path", type=click.Path(path_type=Path), help="Settings file (default: config.toml).")
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """Huitou (回头): bring a shop's customers back in Enterprise WeChat."""
    context.obj["path"] = path


def main(create_app: CreateApp, args: list[str] | None = None, **outside: Any) -> None:
    """Run one verb; exit codes: 0 done, 1 failed, 2 wrong settings or usage.

    `outside` is the tests': another `clock`, and the `rates` of the worker's alarm. Nothing in the settings leads here.
    """
    try:
        cli.main(args=args, obj={"create_app": create_app} | outside, prog_name="app.py", standalone_mode=True)
    except ConfigError as problem:
        click.echo(f"设置有误 / wrong settings:\n{problem}", err=True)
        sys.exit(BAD_CONFIG)


def settings_of(context: click.Context) -> Settings:
    settings = load(context.obj["path"])
    logging.basicConfig(level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if settings.log.level != "debug":
        logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings


def runtime_of(context: click.Context) -> Runtime:
    """The runtime on a database brought up to date."""
    runtime = Runtime(settings_of(context), clock=context.obj.get("clock", utc_now))
    run_migrations(runtime.engine)
    return runtime


def worker_of(context: click.Context, runtime: Runtime) -> Worker:
    return Worker(runtime, rates=context.obj.get("rates", USUAL))


@cli.command("show-config")
@click.pass_context
def show_config(context: click.Context) -> None:
    """Print the settings in force, secrets masked."""
    click.echo(json.dumps(settings_of(context).masked(), ensure_ascii=False, indent=2))


@cli.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database up to date; safe to repeat."""
    runtime = Runtime(settings_of(context))
    click.echo(f"database at {run_migrations(runtime.engine)}")


@cli.command()
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


@contextlib.contextmanager
def port_in_words(port: int, chosen_by: str) -> Iterator[None]:
    """A port somebody else has is said in a line."""
    try:
        yield
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        sys.exit(refused(f"端口 {port} 已被占用，用 {chosen_by} 换一个 / port {port} is taken; choose another"))


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


@cli.command("sign-in-link")
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


@cli.command()
@click.pass_context
def work(context: click.Context) -> None:
    """Run the worker alone: welcomes, inbox, tokens, sending, and the schedule."""
    worker = worker_of(context, runtime_of(context))
    leave_on_sigterm()
    worker.run_forever()


@cli.command("run-job", help=f"Run one job once by hand; harmless when repeated.\n\nNAME: {', '.join(RUNNABLE)}.")
@click.argument("name", metavar="NAME", type=click.Choice(list(RUNNABLE)))
@click.pass_context
def run_job(context: click.Context, name: str) -> None:
    done({"job": name, "done": RUNNABLE[name](runtime_of(context))})


@cli.command()
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


@cli.command()
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


@cli.command("parcel-link")
@click.argument("shop_name", metavar="SHOP")
@click.argument("order_no", metavar="ORDER")
@click.pass_context
def parcel_link(context: click.Context, shop_name: str, order_no: str) -> None:
    """Print the address to put into the parcel of one order.

    SHOP is the shop's name. The order need not be known yet.
    """
    runtime = runtime_of(context)
    with runtime.reading() as session:
        found = shops.of_name(session, shop_name)
    if found is None:
        sys.exit(refused(f"没有叫 {shop_name} 的店铺 / no such shop"))
    click.echo(parcel_links.link(runtime.settings.landing_url, found, order_no, vault=runtime.vault))


@cli.group()
def shop() -> None:
    """The shops that send us orders."""


@shop.command("add")
@click.argument("name")
@click.pass_context
def add_shop(context: click.Context, name: str) -> None:
    """Add a shop, or a second key for one.

    Prints shop, key and secret as one JSON line; the secret is shown this once.
    """
    runtime = runtime_of(context)
    key, secret = f"hk_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    try:
        with runtime.transaction() as session:
            shops.add_key(session, name, key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    click.echo(json.dumps({"shop": name, "key": key, "secret": secret}, ensure_ascii=False))


@shop.command("origins")
@click.argument("name")
@click.argument("origins", metavar="ORIGIN...", nargs=-1)
@click.pass_context
def set_origins(context: click.Context, name: str, origins: tuple[str, ...]) -> None:
    """Say whose pages may use the tracker: https://shop.example, each with its scheme.

    Replaces the list; with no ORIGIN no page may. Mini-programs need none.
    """
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            listed = shops.set_origins(session, name, origins, now=runtime.now()).tracker_origins
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"shop": name, "origins": listed})


@shop.command("revoke")
@click.argument("key")
@click.pass_context
def revoke_key(context: click.Context, key: str) -> None:
    """End KEY: what it signs is refused from now on."""
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            revoked = shops.revoke(session, key, now=runtime.now())
            audits.note(session, actor="system", action="key.revoke", subject=f"key:{revoked.id}", now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"key": key, "revoked": True})


@cli.group()
def connect() -> None:
    """The platforms whose orders come in by themselves.

    docs/connectors.md says what each needs.
    """


@connect.command("add")
@click.argument("shop_name", metavar="SHOP")
@click.argument("platform", type=click.Choice(list(PLATFORMS)))
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Pull orders from this day on (default: 30 days back)."
)
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="generic: its TOML file.")
@click.pass_context
def connect_platform(
    context: click.Context, shop_name: str, platform: str, since: datetime | None, mapping: Path | None
) -> None:
    """Connect SHOP, or change its credentials.

    They are asked for, or read from CONNECT_<NAME> (CONNECT_CLIENT_ID, …), and kept sealed.
    """
    runtime = runtime_of(context)
    if (platform == "generic") != (mapping is not None):
        raise click.UsageError(
            "--mapping 只用于 generic，generic 也少不了它 / generic needs --mapping, no other has one"
        )
    told: dict[str, Any] = {name: _secret(name) for name in PLATFORMS[platform].secrets}
    try:
        if mapping is not None:
            told["mapping"] = read_mapping(mapping.read_text("utf-8"))
        with runtime.transaction() as session:
            account = platforms.ensure(
                session, shop_name, platform, told, is_pulled=PLATFORMS[platform].is_pulled, vault=runtime.vault,
                since=since.replace(tzinfo=runtime.zone) if since else None, now=runtime.now(),
            )  # fmt: skip
            _note_account(session, runtime, "platform.connect", account)
    except (BadMapping, UnicodeDecodeError, RuleError) as problem:
        sys.exit(refused(f"{platform}: {problem}"))
    push_url = f"{runtime.settings.server.public_url}/mall/connect/{platform}/{account.shop_id}"
    done({"shop": shop_name, "platform": platform} | ({"push_url": push_url} if PLATFORMS[platform].is_pushed else {}))


def _secret(name: str) -> str:
    value = os.environ.get(f"CONNECT_{name.upper()}")
    if value is None:
        value = str(click.prompt(name, hide_input=True, err=True, default="" if name in OPTIONAL else None))
    if not is_right(name, value.strip()):
        raise click.UsageError(f"{name} 的写法不对 / {name} does not look right")
    return value.strip()


def _note_account(session: Session, runtime: Runtime, action: str, account: PlatformAccount) -> None:
    subject = f"shop:{account.shop_id}"
    audits.note(session, actor="system", action=action, subject=subject, now=runtime.now(), platform=account.platform)


@connect.command("list")
@click.pass_context
def list_platforms(context: click.Context) -> None:
    """Print one JSON line for each.

    How far its orders are pulled, what went wrong last, how many messages failed.
    """
    with runtime_of(context).reading() as session:
        failed = platform_messages.failed_counts(session)
        for account, shop_name in platforms.listed(session):
            done(
                {
                    "shop": shop_name, "platform": account.platform,
                    "pulled_until": account.pulled_until.isoformat() if account.next_pull_at else None,
                    "last_ok_at": account.last_ok_at.isoformat() if account.last_ok_at else None,
                    "last_error": account.last_error, "failed": failed.get((account.shop_id, account.platform), 0),
                }
            )  # fmt: skip


@connect.command("remove")
@click.argument("shop_name", metavar="SHOP")
@click.argument("platform", type=click.Choice(list(PLATFORMS)))
@click.pass_context
def disconnect_platform(context: click.Context, shop_name: str, platform: str) -> None:
    """Forget the credentials; what came in stays."""
    with _account_of(context, shop_name, platform) as (session, runtime, account):
        platforms.disconnect(session, account)
        _note_account(session, runtime, "platform.disconnect", account)
    done({"shop": shop_name, "platform": platform, "removed": True})


@connect.command("pull")
@click.argument("shop_name", metavar="SHOP")
@click.argument("platform", type=click.Choice([name for name, each in PLATFORMS.items() if each.is_pulled]))
@click.pass_context
def pull_platform(context: click.Context, shop_name: str, platform: str) -> None:
    """Pull its orders now, up to this moment."""
    with _account_of(context, shop_name, platform) as (session, runtime, account):
        platforms.pull_now(session, account, now=runtime.now())
    while pull_orders(runtime):
        with runtime.reading() as session:
            account = platforms.named(session, shop_name, platform)
        if account.next_pull_at is None or account.next_pull_at > runtime.now():
            break
    done({"pulled_until": account.pulled_until.isoformat(), "last_error": account.last_error})


@connect.command("replay")
@click.argument("shop_name", metavar="SHOP")
@click.argument("platform", type=click.Choice(list(PLATFORMS)))
@click.pass_context
def replay_platform(context: click.Context, shop_name: str, platform: str) -> None:
    """Apply the messages that failed again, 500 at a time."""
    with _account_of(context, shop_name, platform) as (session, runtime, account):
        count = platform_messages.replay_failed(session, account.shop_id, platform, now=runtime.now())
    while apply_platform_messages(runtime):
        pass
    with runtime.reading() as session:
        failed = platform_messages.failed_counts(session).get((account.shop_id, platform), 0)
        reasons = sorted({row.reason for row in platform_messages.failed(session, account.shop_id, platform)})
    done({"replayed": count, "failed": failed, "reasons": reasons})


@contextlib.contextmanager
def _account_of(
    context: click.Context, shop_name: str, platform: str
) -> Iterator[tuple[Session, Runtime, PlatformAccount]]:
    """A transaction on one account."""
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            yield session, runtime, platforms.named(session, shop_name, platform)
    except RuleError as problem:
        sys.exit(refused(problem.message))


@cli.group()
def webhook() -> None:
    """Where shops are told of changes (docs/mall.md)."""


@webhook.command("add")
@click.argument("shop_name", metavar="SHOP")
@click.argument("url")
@click.argument("kinds", metavar="KIND...", nargs=-1, required=True, type=click.Choice(KINDS))
@click.pass_context
def add_webhook(context: click.Context, shop_name: str, url: str, kinds: tuple[str, ...]) -> None:
    """Tell SHOP at URL of every KIND: tag_changed, linked, coupon_used.

    Prints id, key and secret as one JSON line; the secret is shown this once.
    """
    runtime = runtime_of(context)
    key, secret = f"wh_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    try:
        with runtime.transaction() as session:
            made = webhooks.add(
                session, shop_name, url, kinds, key=key, secret_sealed=runtime.vault.seal(secret),
                plain_http=runtime.settings.webhooks.allow_private, now=runtime.now(),
            )  # fmt: skip
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"id": made.id, "key": key, "secret": secret})


@webhook.command("list")
@click.pass_context
def list_webhooks(context: click.Context) -> None:
    """List the addresses in use, one JSON line each.

    With what was last heard from them.
    """
    with runtime_of(context).reading() as session:
        for each, owner in webhooks.live(session):
            counts = deliveries.by_state(session, each.id)
            done({"id": each.id, "shop": owner.name, "url": each.url, "kinds": each.kinds, "deliveries": counts})


@webhook.command("revoke")
@click.argument("webhook_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.pass_context
def revoke_webhook(context: click.Context, webhook_id: int) -> None:
    """End the address with this ID: nothing more is sent to it."""
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            webhooks.revoke(session, webhook_id, now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"id": webhook_id, "revoked": True})


@webhook.command("replay")
@click.argument("delivery_id", metavar="DELIVERY", type=click.IntRange(1, 2**63 - 1))
@click.pass_context
def replay_delivery(context: click.Context, delivery_id: int) -> None:
    """Tell DELIVERY again, whatever became of it.

    Its number is the `id` in the body; the worker sends it.
    """
    runtime = runtime_of(context)
    try:
        with runtime.transaction() as session:
            deliveries.replay(session, delivery_id, now=runtime.now())
    except RuleError as refusal:
        sys.exit(refused(refusal.message))
    done({"delivery": delivery_id, "state": "waiting"})


def refused(words: str) -> int:
    """Say why not; the exit code to leave with."""
    click.echo(words, err=True)
    return FAILED


@cli.command("import-orders")
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--mapping", help="Which column is what: the name of a mapping that ships, or a path. Default: by header."
)
@click.option("--shop", "shop_name", help="The shop these orders belong to (default: the mapping's).")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as JSON.")
@click.option("--errors", "errors_to", type=click.Path(dir_okay=False, path_type=Path), help="Write what was skipped.")
@click.pass_context
def import_orders(
    context: click.Context,
    paths: tuple[Path, ...],
    mapping: str | None,
    shop_name: str | None,
    report_path: Path | None,
    errors_to: Path | None,
) -> None:
    """Import orders from a platform's export: CSV, TSV or XLSX; two files where it makes two.

    Safe to repeat; goes on where it was interrupted. docs/imports.md says which columns.
    """
    if len(paths) > 2:
        raise click.UsageError("一次导入一份，最多两个文件 / one export at a time, two files at most")
    progress = Progress(is_terminal=sys.stderr.isatty())
    try:
        source, runtime = source_of(list(paths)), runtime_of(context)
        report = import_file(runtime, source, mapping=mapping, shop=shop_name, progress=progress, errors_to=errors_to)
    except (FileRefused, RuleError) as problem:
        sys.exit(refused(str(problem)))
    except KeyboardInterrupt:
        click.echo("\n已停下。再运行同一条命令，会从停下的地方继续。", err=True)
        sys.exit(INTERRUPTED)
    if report_path:
        report_path.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n", "utf-8")
    for line in report.words():
        click.echo(line)


@cli.command("import-products")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", "shop_name", required=True, help="The shop these products belong to.")
@click.option("--errors", "errors_to", type=click.Path(dir_okay=False, path_type=Path), help="Write what was skipped.")
@click.pass_context
def import_products_file(context: click.Context, path: Path, shop_name: str, errors_to: Path | None) -> None:
    """Import products from a file: CSV, TSV or XLSX, a product a line.

    Safe to repeat. Exit code 1 when nothing could be taken in. docs/imports.md says which columns.
    """
    progress = Progress(is_terminal=sys.stderr.isatty())
    try:
        report = import_products(runtime_of(context), path, shop=shop_name, errors_to=errors_to, progress=progress)
    except (FileRefused, RuleError) as problem:
        sys.exit(refused(str(problem)))
    except KeyboardInterrupt:
        click.echo("\n已停下，写好的留着。再运行同一条命令，会接着写完。", err=True)
        sys.exit(INTERRUPTED)
    for line in report.words():
        click.echo(line)
    if report.lines == report.skipped:
        sys.exit(FAILED)


def done(report: dict[str, Any]) -> None:
    """A verb's figures as one JSON line."""
    click.echo(json.dumps(report, ensure_ascii=False))


@cli.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what is not set up right, and how to mend it.

    Checks database, settings, token, callback keys, domain and clock; exit code 1 when something is wrong.
    """
    findings = list(examine(Runtime(settings_of(context))))
    for finding in findings:
        click.echo(f"{'✓' if finding.is_right else '✗'} {finding.name}: {finding.words}")
    sys.exit(0 if all(finding.is_right for finding in findings) else FAILED)


@cli.command("demo")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65534),
    metavar="PORT",
    help="The app's; the sandbox takes the next.",
)
@click.option("--seed", default=7, show_default=True, help="What the invented shop is made from.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--reset", is_flag=True, help="Forget what earlier runs left and start anew.")
@click.option("--orders", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A real shop's orders.")
@click.option("--mapping", help="Which columns the orders file has (see import-orders).")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Where it lives (default: var/demo).")
@click.pass_context
def run_demo(
    context: click.Context,
    port: int,
    seed: int,
    no_open: bool,
    reset: bool,
    orders: Path | None,
    mapping: str | None,
    data: Path | None,
) -> None:
    """Show the whole loop, with a WeCom of its own.

    Everything stays on this machine: the app on PORT, the sandbox that plays WeCom on PORT+1.
    """
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    plan = demo.Plan(port, seed, (data or ROOT / "var" / "demo").absolute(), orders, mapping, browser=not no_open)
    try:
        demo.run(context.obj["create_app"], plan, reset=reset)
    except (demo.DemoError, Fallen, FileRefused, RuleError) as problem:
        sys.exit(refused(str(problem)))


@cli.command()
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535), metavar="PORT")
@click.option("--seed", default=7, show_default=True, help="What its credentials are made from.")
@click.option("--state", type=click.Path(path_type=Path), help="Where it keeps its state (default: var/sandbox.db).")
def sandbox(port: int, seed: int, state: Path | None) -> None:
    """Run a WeCom of your own, for any SDK (docs/sandbox.md)."""
    path = state or ROOT / "var" / "sandbox.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with port_in_words(port, "--port"):
        sandbox_server.run(port, seed, path)
