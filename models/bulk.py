"""Many rows of one table at a time, straight to the driver: for pages of people nobody knew before."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.base import Row


def stored(at: datetime | None, dialect: str) -> datetime | str | None:
    """A moment as SQLAlchemy stores it: SQLite keeps UTC text."""
    if at is None or dialect != "sqlite":
        return at
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def insert_rows(session: Session, table: type[Row], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """One INSERT of these columns; those left out take their default. Moments must be `stored` ones.

    Raises `IntegrityError` when somebody else was first with one of them, and then nothing was stored.
    """
    if not rows:
        return
    defaults = {
        column.name: column.default.arg
        for column in table.__table__.columns
        if column.name not in columns and column.default is not None and column.default.is_scalar
    }
    names, constants = [*columns, *defaults], tuple(defaults.values())
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        values = [(*row, *constants) for row in rows]
        connection.exec_driver_sql(f"{_into(table, names)} VALUES ({marks})", values)
        return
    kinds = [table.__table__.c[name].type.compile(connection.dialect) for name in names]
    # An array a column: the statement stays short, so that it is parsed and planned once, not once a page.
    sql = f"{_into(table, names)} SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"  # noqa: S608
    given = [list(column) for column in zip(*rows, strict=True)]
    connection.exec_driver_sql(sql, (*given, *([value] * len(rows) for value in constants)))


def _into(table: type[Row], names: Sequence[str]) -> str:
    return f"INSERT INTO {table.__tablename__} ({', '.join(names)})"


def new_ids(session: Session, table: type[Row], count: int) -> Sequence[int]:
    """So many ids that no other row has or will get, for rows whose ids others need at once."""
    if session.get_bind().dialect.name == "sqlite":  # nobody else writes meanwhile
        sql = f"SELECT max(id) FROM {table.__tablename__}"  # noqa: S608
        first = (session.connection().exec_driver_sql(sql).scalar() or 0) + 1
        return range(first, first + count)
    sequence = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(session.scalars(sequence, {"name": table.__tablename__, "count": count}))
