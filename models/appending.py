"""One durable row at a time, as fast as the database can: for the callbacks' inbox."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from sqlalchemy import Engine

from models.database import is_sqlite


class Appender:
    """Executes one statement per call and returns after its commit, on one driver connection of its own.

    No session, no pool, no second round trip: that is a third of a callback's cost. The rows of all threads that wait
    for the writer are committed together, by whichever gets it first. On SQLite `writer` is the runtime's own lock.
    """

    def __init__(self, engine: Engine, writer: AbstractContextManager[Any] | None) -> None:
        self._engine = engine
        self._writer: AbstractContextManager[Any] = writer or threading.Lock()
        self._connection: Any = None  # used, like its cursor, by whoever has the writer
        self._cursor: Any = None
        self._waiting: list[_Waiting] = []
        self._queue = threading.Lock()

    def append(self, statement: str, values: Sequence[Any]) -> None:
        """Execute and commit; `statement` in the driver's own style. An error means nothing was stored."""
        mine = _Waiting(statement, values)
        with self._queue:
            self._waiting.append(mine)
        with self._writer:
            if not mine.is_done:
                with self._queue:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if mine.error is not None:
            raise mine.error

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def _commit(self, group: list["_Waiting"]) -> None:
        """Whatever happens, each row of the group learns it: their threads believe what is written here."""
        try:
            if is_sqlite(self._engine):
                self._execute_on_sqlite(self._connected(), group)
            else:
                self._execute_on_postgresql(group)
        except Exception as error:
            for row in group:
                row.error = error
        finally:
            for row in group:
                row.is_done = True

    def _execute_on_sqlite(self, connection: Any, group: list["_Waiting"]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for row in group:
                connection.execute(row.statement, row.values)
            connection.execute("COMMIT")
        except Exception:
            with suppress(Exception):
                connection.execute("ROLLBACK")
            raise

    def _execute_on_postgresql(self, group: list["_Waiting"]) -> None:
        group.sort(key=lambda row: str(row.values[0]))  # by key: two processes never wait for each other's rows
        connection = self._connected()
        try:
            self._pipe(connection, group)
        except Exception:
            if not connection.closed and not connection.broken:
                raise
            self.close()  # the server went away meanwhile: once more on a new connection
            self._connection = None
            self._pipe(self._connected(), group)

    def _pipe(self, connection: Any, group: list["_Waiting"]) -> None:
        """A single row commits by itself; several go out in one transaction and one round trip."""
        if len(group) == 1:
            self._cursor.execute(group[0].statement, group[0].values, prepare=True)
            return
        with connection.pipeline(), connection.transaction():
            for row in group:
                self._cursor.execute(row.statement, row.values, prepare=True)

    def _connected(self) -> Any:
        if self._connection is None:
            pooled = self._engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            if not is_sqlite(self._engine):
                connection.autocommit = True
                self._cursor = connection.cursor()
            self._connection = connection
        return self._connection


class _Waiting:
    """A row that waits for the writer."""

    def __init__(self, statement: str, values: Sequence[Any]) -> None:
        self.statement = statement
        self.values = values
        self.is_done = False
        self.error: Exception | None = None
