"""Many rows of one table at a time, straight to the driver: for pages of people nobody knew before."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Dialect, text
from sqlalchemy.orm import Session

from models.base import Moment, Row

NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")


def stored(at: datetime | None, dialect: str) -> datetime | str | None:
    """A moment as SQLAlchemy stores it: SQLite keeps UTC text."""
    if at is None or dialect != "sqlite":
        return at
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def insert_rows(session: Session, table: type[Row], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """One INSERT of these columns; those left out take their default. Moments must be `stored` ones.

    Raises `IntegrityError` when somebody else was first with one of them, and then nothing was stored.
    """
    if not rows:
        return
    connection = session.connection()
    sql, constants = _insert(table, tuple(columns), connection.dialect)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(sql, [(*row, *constants) for row in rows])
        return
    given = [list(column) for column in zip(*rows, strict=True)]
    connection.exec_driver_sql(sql, (*given, *([value] * len(rows) for value in constants)))


def insert_new(session: Session, table: type[Row], name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Insert those rows that nobody has stored yet; their ids by the column `name`. All have the same columns.

    Where writers take turns the caller has looked before, so there they are all new.
    """
    if not rows:
        return {}
    session.flush()
    connection, columns = session.connection(), tuple(rows[0])
    given = [_given(table, each, [row[each] for row in rows], connection.dialect.name) for each in columns]
    if connection.dialect.name == "sqlite":
        ids = new_ids(session, table, len(rows))
        insert_rows(session, table, ("id", *columns), list(zip(ids, *given, strict=True)))
        return {row[name]: row_id for row, row_id in zip(rows, ids, strict=True)}
    sql, constants = _insert(table, columns, connection.dialect)
    sql = f"{sql} ON CONFLICT DO NOTHING RETURNING {name}, id"
    found = connection.exec_driver_sql(sql, (*given, *([value] * len(rows) for value in constants)))
    return {row[0]: row[1] for row in found}


def _given(table: type[Row], name: str, values: list[Any], dialect: str) -> list[Any]:
    """The values of one column as the driver takes them."""
    kind = table.__table__.c[name].type
    if isinstance(kind, Moment):
        return [stored(value, dialect) for value in values]
    if isinstance(kind, JSON):
        return [None if value is None else json.dumps(value) for value in values]
    return values


@lru_cache(maxsize=64)
def _insert(table: type[Row], columns: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[Any, ...]]:
    """The statement, and what every row gets in the columns left out."""
    defaults = {
        column.name: column.default.arg
        for column in table.__table__.columns
        if column.name not in columns and column.default is not None and column.default.is_scalar
    }
    names = [*columns, *defaults]
    into = f"INSERT INTO {table.__tablename__} ({', '.join(names)})"
    if dialect.name == "sqlite":
        return f"{into} VALUES ({', '.join('?' * len(names))})", tuple(defaults.values())
    # An array a column: the statement stays short, so that it is parsed and planned once, not once a page.
    kinds = [table.__table__.c[name].type.compile(dialect) for name in names]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    return f"{into} SELECT * FROM unnest({arrays})", tuple(defaults.values())  # noqa: S608


def values_known(session: Session, sql: str, values: Sequence[str], *others: Any) -> set[str]:
    """What `sql` finds: each `:other` in it is one of `others`, in order, and the `IN :values` behind them a list.

    One short statement however many the values are, so that it is compiled once and not once a page.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        sql, given = sql.replace(":values", "(SELECT value FROM json_each(?))"), json.dumps(values)
        return set(connection.exec_driver_sql(sql.replace(":other", "?"), (*others, given)).scalars())
    sql = sql.replace("IN :values", "= ANY(%s)").replace(":other", "%s")
    return set(connection.exec_driver_sql(sql, (*others, list(values))).scalars())


def new_ids(session: Session, table: type[Row], count: int) -> Sequence[int]:
    """So many ids that no other row has or will get, for rows whose ids others need at once."""
    if session.get_bind().dialect.name == "sqlite":  # nobody else writes meanwhile
        sql = f"SELECT max(id) FROM {table.__tablename__}"  # noqa: S608
        first = (session.connection().exec_driver_sql(sql).scalar() or 0) + 1
        return range(first, first + count)
    return list(session.scalars(NEXT_IDS, {"name": table.__tablename__, "count": count}))


def select_among(
    session: Session, sql: str, before: Sequence[Any], values: Sequence[str], *, locked: str = ""
) -> Sequence[Any]:
    """Rows of a driver's SELECT that ends in one of `values`: one parameter however many, so it is prepared once.

    `sql` has a `?` for each of `before`. PostgreSQL's rows are `locked` by this clause; SQLite has one writer anyway.
    """
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        listed = f"{sql} IN (SELECT value FROM json_each(?))"  # noqa: S608
        return connection.exec_driver_sql(listed, (*before, json.dumps(values))).all()
    listed = f"{sql.replace('?', '%s')} = ANY(%s) {locked}"
    return connection.exec_driver_sql(listed, (*before, list(values))).all()
