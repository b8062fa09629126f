"""The command line: one verb a function. Never imports app; `main` is handed what makes one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask

from commands import connecting, imports, running, serving, shops, trying, webhooks
from commands.context import BAD_CONFIG
from config import ConfigError

CreateApp = Callable[..., Flask]


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


for verb in (
    serving.show_config, serving.migrate, serving.serve, serving.sign_in_link, serving.work, serving.doctor,
    running.run_job, running.replay, running.sync, shops.parcel_link, shops.shop, connecting.connect,
    webhooks.webhook, imports.import_orders, imports.import_products_file, trying.run_demo, trying.sandbox,
):  # fmt: skip
    cli.add_command(verb)
