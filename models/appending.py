"""One durable row at a time, as fast as the database can: for the callbacks' inbox."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from sqlalchemy import Engine

from models.database import is_sqlite


class Appender:
    """Executes one statement per call and returns after its commit, on a driver connection each thread keeps.

    No session, no pool, no second round trip: that is a third of a callback's cost. On SQLite the rows of all threads
    that wait for the writer are committed together, by whichever gets it first; `writer` is the runtime's own lock.
    """

    def __init__(self, engine: Engine, writer: AbstractContextManager[Any] | None) -> None:
        self._engine = engine
        self._writer = writer
        self._local = threading.local()
        self._opened: list[Any] = []
        self._waiting: list[_Waiting] = []
        self._statements = threading.Lock()

    def append(self, statement: str, values: Sequence[Any]) -> None:
        """Execute and commit; `statement` in the driver's own style. An error means nothing was stored."""
        if is_sqlite(self._engine):
            self._append_together(statement, values)
        else:
            self._append_alone(statement, values)

    def close(self) -> None:
        for connection in self._opened:
            with suppress(Exception):
                connection.close()

    def _append_together(self, statement: str, values: Sequence[Any]) -> None:
        mine = _Waiting(statement, values)
        with self._statements:
            self._waiting.append(mine)
        assert self._writer is not None
        with self._writer:
            if not mine.is_done:
                with self._statements:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if mine.error is not None:
            raise mine.error

    def _commit(self, group: list["_Waiting"]) -> None:
        """Whatever happens, each row of the group learns it: their threads believe what is written here."""
        try:
            self._execute(group)
        except Exception as error:
            for row in group:
                row.error = error
        finally:
            for row in group:
                row.is_done = True

    def _execute(self, group: list["_Waiting"]) -> None:
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for row in group:
                connection.execute(row.statement, row.values)
            connection.execute("COMMIT")
        except Exception:
            with suppress(Exception):
                connection.execute("ROLLBACK")
            raise

    def _append_alone(self, statement: str, values: Sequence[Any]) -> None:
        connection = self._connection()
        try:
            connection.execute(statement, values, prepare=True)
        except Exception:
            if not connection.closed and not connection.broken:
                raise
            self._forget(connection)  # the server went away meanwhile: once more on a new connection
            self._connection().execute(statement, values, prepare=True)

    def _connection(self) -> Any:
        found: Any = getattr(self._local, "connection", None)
        if found is None:
            pooled = self._engine.raw_connection()
            found = pooled.driver_connection
            pooled.detach()
            if not is_sqlite(self._engine):
                found.autocommit = True
            self._local.connection = found
            self._opened.append(found)
        return found

    def _forget(self, connection: Any) -> None:
        with suppress(Exception):
            connection.close()
        self._opened.remove(connection)
        self._local.connection = None


class _Waiting:
    """A row that waits for the writer."""

    def __init__(self, statement: str, values: Sequence[Any]) -> None:
        self.statement = statement
        self.values = values
        self.is_done = False
        self.error: Exception | None = None
