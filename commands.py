"""The command line: one verb a function. Never imports app; `main` is handed what makes one."""

import json
import logging
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask

from config import ConfigError, Settings, load
from crm import shops
from migrations import migrate as run_migrations
from runtime import Runtime

CreateApp = Callable[..., Flask]
BAD_CONFIG, FAILED = 2, 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "path", type=click.Path(path_type=Path), help="Settings file (default: config.toml).")
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """Huitou (回头): bring a shop's customers back in Enterprise WeChat."""
    context.obj["path"] = path


def main(create_app: CreateApp, args: list[str] | None = None) -> None:
    """Run one verb; exit codes: 0 done, 1 failed, 2 wrong settings or usage."""
    try:
        cli.main(args=args, obj={"create_app": create_app}, prog_name="app.py", standalone_mode=True)
    except ConfigError as problem:
        click.echo(f"设置有误 / wrong settings:\n{problem}", err=True)
        sys.exit(BAD_CONFIG)


def settings_of(context: click.Context) -> Settings:
    settings = load(context.obj["path"])
    logging.basicConfig(level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return settings


def runtime_of(context: click.Context) -> Runtime:
    """The runtime on a database brought up to date."""
    runtime = Runtime(settings_of(context))
    run_migrations(runtime.engine)
    return runtime


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


@cli.group()
def shop() -> None:
    """The shops that send us orders."""


@shop.command("add")
@click.argument("name")
@click.pass_context
def add_shop(context: click.Context, name: str) -> None:
    """Add a shop, or a second key for one, and print its key and secret as one JSON line."""
    runtime = runtime_of(context)
    key, secret = f"hk_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    with runtime.transaction() as session:
        shops.add_key(session, name, key=key, secret_sealed=runtime.vault.seal(secret), now=runtime.now())
    click.echo(json.dumps({"shop": name, "key": key, "secret": secret}, ensure_ascii=False))


def done(report: dict[str, Any]) -> None:
    """A verb's figures as one JSON line."""
    click.echo(json.dumps(report, ensure_ascii=False))
