"""Numbered Alembic scripts, and the two calls that run and check them."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

FOLDER = Path(__file__).resolve().parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def migrate(engine: Engine) -> str:
    """Bring the database to the newest script; returns its number. Safe to repeat."""
    upgrade(engine, "head")
    return newest()


def upgrade(engine: Engine, number: str) -> None:
    """Run the scripts up to this one.

    On SQLite a changed table is made anew and its rows copied, so foreign keys are looked at once, before the commit.
    """
    config = _config()
    with engine.execution_options(writes=True).connect() as connection:
        lite: Any = connection.connection.driver_connection if engine.dialect.name == "sqlite" else None
        if lite:
            lite.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, number)
                if lite and lite.execute("PRAGMA foreign_key_check").fetchone():
                    raise RuntimeError("the migration left rows that point nowhere; nothing was changed")
        finally:
            if lite:
                lite.execute("PRAGMA foreign_keys=ON")


def newest() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(engine: Engine) -> str | None:
    """The number of the last script this database has seen."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
