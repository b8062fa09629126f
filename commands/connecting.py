"""Verbs about platforms: connect a shop to one, pull, replay."""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from commands.context import done, refused, runtime_of
from connectors.generic import BadMapping, read_mapping
from connectors.platforms import OPTIONAL, PLATFORMS, is_right
from crm import audits, platform_messages, platforms
from crm.errors import RuleError
from jobs.platform_pulls import pull_orders
from jobs.platforms import apply_platform_messages
from models.platform import PlatformAccount
from runtime import Runtime


@click.group()
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
