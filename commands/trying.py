"""Verbs for trying it out: the demo, and a WeCom of your own."""

import logging
import sys
from pathlib import Path

import click

import demo
from commands.context import port_in_words, refused
from crm.errors import RuleError
from files.refusals import FileRefused
from runtime import ROOT
from sandbox import server as sandbox_server
from supervisor import Fallen


@click.command("demo")
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


@click.command()
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535), metavar="PORT")
@click.option("--seed", default=7, show_default=True, help="What its credentials are made from.")
@click.option("--state", type=click.Path(path_type=Path), help="Where it keeps its state (default: var/sandbox.db).")
def sandbox(port: int, seed: int, state: Path | None) -> None:
    """Run a WeCom of your own, for any SDK (docs/sandbox.md)."""
    path = state or ROOT / "var" / "sandbox.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with port_in_words(port, "--port"):
        sandbox_server.run(port, seed, path)
