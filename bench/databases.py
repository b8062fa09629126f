"""A fresh database of each kind, for a row on each."""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import create_engine, text

from tests.databases import postgres_binaries, postgres_server

Measure = Callable[[str, str, str, bool], dict[str, Any]]
"""(database, its URL, a scratch folder, full scale) → the row."""


def each(what: str, measure: Measure, full: bool) -> Iterator[dict[str, Any]]:
    """One row a database; PostgreSQL syncs its commits, as in earnest, and its row says so when there is none."""
    with tempfile.TemporaryDirectory() as folder:
        yield measure("sqlite", f"sqlite:///{folder}/bench.db", folder, full)
    binaries = postgres_binaries()
    if binaries is None:
        yield {"row": f"{what}, postgresql", "missing": "PostgreSQL"}
        return
    with postgres_server(binaries, durable=True) as url, tempfile.TemporaryDirectory() as folder:
        with create_engine(url % "postgres", isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        yield measure("postgresql", url % "bench", folder, full)
