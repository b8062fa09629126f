"""What the verbs share: settings and runtime of a run, and how it says what came of it."""

import contextlib
import errno
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import click

from config import Settings, load
from jobs.alarm import USUAL
from jobs.worker import Worker
from migrations import migrate as run_migrations
from runtime import Runtime, utc_now

BAD_CONFIG, FAILED, INTERRUPTED = 2, 1, 130


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


def refused(words: str) -> int:
    """Say why not; the exit code to leave with."""
    click.echo(words, err=True)
    return FAILED


def done(report: dict[str, Any]) -> None:
    """A verb's figures as one JSON line."""
    click.echo(json.dumps(report, ensure_ascii=False))


@contextlib.contextmanager
def port_in_words(port: int, chosen_by: str) -> Iterator[None]:
    """A port somebody else has is said in a line."""
    try:
        yield
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        sys.exit(refused(f"端口 {port} 已被占用，用 {chosen_by} 换一个 / port {port} is taken; choose another"))
