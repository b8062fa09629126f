"""An export on its way in: its lines in a SQLite file of their own, because the lines of an order may lie far apart.

The file lives until the import is complete, so that one that was interrupted goes on where it stopped.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from files import returns
from files.heads import Head, Misread
from files.lines import SALE, Line, Staged
from files.refusals import Busy
from files.returns import REFUND

PAGE = 200  # orders read at a time
OF_LINE, OF_ORDER = Line._fields[:-1], Head._fields
PLACES = ", ".join("?" * (len(OF_LINE) + len(OF_ORDER)))
TABLE = f"""
CREATE TABLE line (
    number INTEGER PRIMARY KEY, {", ".join(OF_LINE[1:])}, {", ".join(OF_ORDER)},
    refunded_fen INTEGER NOT NULL DEFAULT 0, changed_at INTEGER, refunds TEXT
);
CREATE TABLE head (order_no TEXT PRIMARY KEY, {", ".join(OF_ORDER[1:])}) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT);
"""


class Staging:
    """The lines of one file, and how far their import has come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # a shop's buyers: for its owner's eyes only
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        self._db.row_factory = sqlite3.Row
        try:
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript("BEGIN EXCLUSIVE; COMMIT")
        except sqlite3.OperationalError:
            self._db.close()
            raise Busy("另一个命令正在导入这个文件。等它完成") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def remove(self) -> None:
        """The import is complete: nothing of the file stays here."""
        self._db.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").unlink()

    # Lines in

    def is_filled(self) -> bool:
        with suppress(sqlite3.OperationalError):  # no table yet
            return self.note("filled") is not None
        return False

    def fill(self, lines: Iterable[Line], heads: Iterable[tuple[int, Head | Misread]] | None = None) -> None:
        """All lines, what the file of orders says of them, and what their returns refund; nothing when interrupted."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for statement in TABLE.split(";"):
                self._db.execute(statement)
            self._insert(line[:-1] + line.head for line in lines)
            if heads is not None:
                self._join(heads)
            self._db.execute("CREATE INDEX by_order ON line (kind, order_no, number)")
            returns.place(self._db)
            self.put_note("filled", "yes")

    def _insert(self, rows: Iterable[tuple[Any, ...]]) -> None:
        named = ", ".join(OF_LINE + OF_ORDER)
        self._db.executemany(f"INSERT INTO line ({named}) VALUES ({PLACES})", rows)  # noqa: S608

    def _join(self, heads: Iterable[tuple[int, Head | Misread]]) -> None:
        """Each line takes what the other file says of its order; who has no partner there is skipped."""
        known = Head()
        for number, head in heads:
            if isinstance(head, Misread):
                misread = Line(0, head.kind, f"订单文件第 {number} 行：{head.remark}")
                self._insert([(None, *misread[1:-1], *known)])
            else:
                places = ", ".join("?" * len(OF_ORDER))
                self._db.execute(f"INSERT OR REPLACE INTO head VALUES ({places})", head)  # noqa: S608
        named = ", ".join(OF_ORDER[1:])
        self._db.execute(
            f"UPDATE line SET ({named}) = (SELECT {named} FROM head WHERE head.order_no = line.order_no)"  # noqa: S608
            " WHERE order_no IN (SELECT order_no FROM head)"
        )
        self._db.execute(
            "UPDATE line SET kind = 'no_order' WHERE kind = ? AND order_no NOT IN (SELECT order_no FROM head)", (SALE,)
        )
        self._db.execute(
            f"INSERT INTO line (kind, quantity, price_fen, order_no, {named})"  # noqa: S608
            f" SELECT 'no_items', 0, 0, order_no, {named}"
            " FROM head WHERE order_no NOT IN (SELECT order_no FROM line WHERE order_no IS NOT NULL)"
        )

    # Orders out

    def count_orders(self) -> int:
        row = self._db.execute("SELECT COUNT(DISTINCT order_no) FROM line WHERE kind = ?", (SALE,)).fetchone()
        return int(row[0])

    def orders(self, after: str) -> Iterator[list[Staged]]:
        """The sale lines of each order, order by order, from the one behind `after`."""
        while True:
            page = self._db.execute(
                "SELECT DISTINCT order_no FROM line WHERE kind = ? AND order_no > ? ORDER BY order_no LIMIT ?",
                (SALE, after, PAGE),
            ).fetchall()
            if not page:
                return
            rows = self._db.cursor()
            rows.row_factory = None  # plain tuples: ten times as many rows as orders come by here
            rows.execute(
                f"SELECT {', '.join(Staged._fields)} FROM line"  # noqa: S608
                " WHERE kind = ? AND order_no > ? AND order_no <= ? ORDER BY order_no, number",
                (SALE, after, page[-1][0]),
            )
            for _, lines in groupby(map(Staged._make, rows.fetchall()), key=attrgetter("order_no")):
                yield list(lines)
            after = page[-1][0]

    def reject(self, order_no: str, reason: str) -> None:
        """An order that cannot be stored takes its lines, and the returns that refunded it, with it."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "UPDATE line SET kind = 'order_rejected', remark = ? WHERE kind = ? AND order_no = ?",
                (reason, SALE, order_no),
            )
            self._db.execute(
                "UPDATE line SET kind = 'return_of_rejected_order' WHERE kind = ? AND refunds = ?", (REFUND, order_no)
            )

    def rejected(self) -> tuple[int, list[dict[str, str]]]:
        """How many orders cannot be stored, and the first hundred with their reasons."""
        count = self._db.execute("SELECT COUNT(DISTINCT order_no) FROM line WHERE kind = 'order_rejected'").fetchone()
        examples = self._db.execute(
            "SELECT DISTINCT order_no, remark FROM line WHERE kind = 'order_rejected' ORDER BY order_no LIMIT 100"
        )
        return count[0], [{"order_no": order_no, "reason": reason} for order_no, reason in examples]

    def skipped(self) -> Iterator[sqlite3.Row]:
        """Every line that was not imported, in the file's order."""
        yield from self._db.execute("SELECT * FROM line WHERE kind NOT IN (?, ?) ORDER BY number", (SALE, REFUND))

    # Notes and figures

    def note(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put_note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def figures(self, fen_per_unit: int) -> dict[str, tuple[int, Decimal]]:
        """Lines of each kind and what they add up to, exactly."""
        rows = self._db.execute(
            "SELECT kind, COUNT(*), SUM(CASE WHEN price IS NULL THEN quantity * price_fen ELSE 0 END) FROM line"
            " GROUP BY kind"
        ).fetchall()
        found = {kind: (count, Decimal(fen) / fen_per_unit) for kind, count, fen in rows}
        for kind, quantity, price in self._db.execute("SELECT kind, quantity, price FROM line WHERE price IS NOT NULL"):
            lines, amount = found[kind]
            found[kind] = lines, amount + quantity * Decimal(price)
        return found

    def rounding(self, fen_per_unit: int) -> tuple[int, Decimal]:
        """How many imported lines have a price between two fen, and by how much rounding changed their sum."""
        lines, changed = 0, Decimal(0)
        rows = self._db.execute(
            "SELECT quantity, price, price_fen FROM line WHERE price IS NOT NULL AND kind IN (?, ?)", (SALE, REFUND)
        )
        for quantity, price, price_fen in rows:
            lines += 1
            changed += quantity * (Decimal(price_fen) / fen_per_unit - Decimal(price))
        return lines, changed
