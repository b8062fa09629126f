"""How to connect: the same rules on SQLite and PostgreSQL."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from models.base import Base

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def connect(url: str, *, root: Path) -> Engine:
    """An engine for the database; a relative SQLite path is meant from `root`, whose folder is made."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = root / (parsed.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        return _sqlite(
            create_engine(parsed.set(database=str(path)), pool_size=40, max_overflow=10, hide_parameters=True)
        )
    return create_engine(parsed, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that see one moment and write nothing."""
    if is_sqlite(engine):
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(engine: Engine) -> Engine:
    """WAL, durable commits, and BEGIN IMMEDIATE for writers.

    A deferred BEGIN that reads and then writes fails at once with "database is locked", whatever the timeout.
    """

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver must not BEGIN by itself
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def insert_many_if_absent(
    session: Session, table: type[Base], rows: list[dict[str, Any]], *returning: Any
) -> list[Any]:
    """One INSERT … ON CONFLICT DO NOTHING for many rows; what is asked for of those that are new."""
    if not rows:
        return []
    dialect = session.get_bind().dialect.name
    stored: Any = table.__table__  # as a table, not as a class: the ORM takes half as long again for each row
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(stored).on_conflict_do_nothing()
    session.flush()
    return list(session.connection().execute(statement.returning(*returning), rows))


def insert_or_add(
    session: Session,
    table: type[Base],
    rows: list[dict[str, Any]],
    *,
    by: Sequence[str],
    sums: Iterable[str],
    latest: Iterable[str],
) -> None:
    """One row for each `by`: to the one there already the sums are added, and of its moments the later stays."""
    if not rows:
        return
    is_lite = session.get_bind().dialect.name == "sqlite"
    stored: Any = table.__table__
    statement: Any = (sqlite.insert if is_lite else postgresql.insert)(stored)
    later = func.max if is_lite else func.greatest
    old, new = stored.c, statement.excluded
    added = {name: old[name] + new[name] for name in sums}
    # SQLite's max() of two is NULL as soon as one is
    added |= {name: later(func.coalesce(old[name], new[name]), func.coalesce(new[name], old[name])) for name in latest}
    session.connection().execute(statement.on_conflict_do_update(index_elements=by, set_=added), rows)


def insert_if_absent(session: Session, table: type[Base], **values: Any) -> bool:
    """INSERT … ON CONFLICT DO NOTHING; True when the row is new."""
    dialect = session.get_bind().dialect.name
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table).values(**values)
    return changed(session, statement.on_conflict_do_nothing()) > 0


def changed(session: Session, statement: Executable) -> int:
    """Execute an INSERT, UPDATE or DELETE; how many rows it changed. A claim believes this number."""
    # PostgreSQL's INSERT carries an implicit RETURNING, and without this SQLAlchemy forgets the count: -1.
    result = session.execute(statement, execution_options={"preserve_rowcount": True})
    assert isinstance(result, CursorResult)
    return result.rowcount


def take_turns(session: Session, name: str) -> None:
    """Until this transaction ends nobody else passes here with this name; SQLite's writers take turns anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def share_turn(session: Session, name: str) -> None:
    """As many as like pass here together, but nobody while one has taken the turn for themselves."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtextextended(name, 0))))
