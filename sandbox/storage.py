"""One SQLite file behind the records, so that a restarted sandbox is the same corp."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Protocol


class Record(Protocol):
    @property
    def key(self) -> str: ...


class File:
    """Keeps JSON records by kind and key; with no path it keeps nothing. Its caller holds the lock."""

    def __init__(self, path: Path | None) -> None:
        self._changes: dict[tuple[str, str], Any] = {}
        self._bytes: dict[str, bytes] = {}  # with a path, only until they are on disk
        self._connection: sqlite3.Connection | None = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS record (number INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
            " key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, key))"
        )
        self._connection.execute("CREATE TABLE IF NOT EXISTS content (key TEXT PRIMARY KEY, bytes BLOB NOT NULL)")

    def read(self, kind: str) -> list[dict[str, Any]]:
        """The records of a kind in the order in which they first came."""
        if self._connection is None:
            return []
        rows = self._connection.execute("SELECT body FROM record WHERE kind = ? ORDER BY number", (kind,))
        return [json.loads(body) for (body,) in rows]

    def keep(self, kind: str, record: Any) -> None:
        if self._connection is not None:
            self._changes[kind, record.key] = record

    def drop(self, kind: str, key: str) -> None:
        if self._connection is not None:
            self._changes[kind, key] = None

    def keep_bytes(self, key: str, content: bytes) -> None:
        self._bytes[key] = content

    def bytes_of(self, key: str) -> bytes | None:
        if key in self._bytes or self._connection is None:
            return self._bytes.get(key)
        row = self._connection.execute("SELECT bytes FROM content WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def commit(self) -> None:
        """One transaction and a statement a kind of change, however many records."""
        if self._connection is None or not (self._changes or self._bytes):
            return
        gone = [place for place, record in self._changes.items() if record is None]
        kept = [(*place, json.dumps(vars(record))) for place, record in self._changes.items() if record is not None]
        with self._connection:
            self._connection.executemany("DELETE FROM record WHERE kind = ? AND key = ?", gone)
            self._connection.executemany(
                "INSERT INTO record (kind, key, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                kept,
            )
            self._connection.executemany("INSERT OR REPLACE INTO content VALUES (?, ?)", self._bytes.items())
        self._changes.clear()
        self._bytes.clear()

    def empty(self) -> None:
        self._changes.clear()
        self._bytes.clear()
        if self._connection is not None:
            with self._connection:
                self._connection.execute("DELETE FROM record")
                self._connection.execute("DELETE FROM content")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
