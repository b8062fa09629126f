"""An export on its way in: its lines in a SQLite file of their own, because the lines of an order may lie far apart.

The file lives until the import is complete, so that one that was interrupted goes on where it stopped.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from files.columns import FileRefused
from files.lines import RETURN, SALE, Line

REFUND = "refund"
PAGE = 200  # orders read at a time
TABLE = """
CREATE TABLE line (
    number INTEGER PRIMARY KEY, kind TEXT, order_no TEXT, sku TEXT, name TEXT, category TEXT, status TEXT,
    quantity INTEGER, price TEXT, price_fen INTEGER, at INTEGER,
    unionid TEXT, openid TEXT, buyer_id TEXT, phone TEXT,
    returned INTEGER NOT NULL DEFAULT 0, refunded_fen INTEGER NOT NULL DEFAULT 0, changed_at INTEGER, refunds TEXT
);
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT);
"""
BUYER = "COALESCE(unionid, openid, buyer_id)"


class Amounts:
    """The SQL aggregate amounts(quantity, price): an exact decimal sum, as text."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, quantity: int, price: str) -> None:
        self._sum += quantity * Decimal(price)

    def finalize(self) -> str:
        return str(self._sum)


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
            raise FileRefused("另一个命令正在导入这个文件。等它完成") from None
        self._db.create_aggregate("amounts", 2, Amounts)  # type: ignore[arg-type]

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

    def fill(self, lines: Iterator[Line]) -> None:
        """All lines and the orders their returns refund, or nothing when interrupted."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for statement in TABLE.split(";"):
                self._db.execute(statement)
            named = ", ".join(Line._fields)
            self._db.executemany(
                f"INSERT INTO line ({named}) VALUES ({', '.join('?' * len(Line._fields))})",  # noqa: S608
                lines,
            )
            self._db.execute("CREATE INDEX by_order ON line (kind, order_no, number)")
            self._db.execute(f"CREATE INDEX by_buyer ON line (kind, {BUYER}, sku, at)")
            self._place_returns()
            self.put_note("filled", "yes")

    def _place_returns(self) -> None:
        """Each return refunds its buyer's latest earlier order that has the product, in full, or is skipped."""
        returns = self._db.execute(
            f"SELECT number, sku, quantity, price_fen, at, {BUYER} AS buyer FROM line"  # noqa: S608
            " WHERE kind = ? ORDER BY at, number",
            (RETURN,),
        ).fetchall()
        for returned in returns:
            self._db.execute(
                "UPDATE line SET kind = ?, refunds = ? WHERE number = ?", (*self._placed(returned), returned["number"])
            )

    def _placed(self, returned: sqlite3.Row) -> tuple[str, str | None]:
        """What became of a return: refund and the order, or the reason to skip it."""
        if returned["buyer"] is None:
            return "return_of_guest", None
        bought = self._db.execute(
            "SELECT number, order_no, quantity - returned AS left, price_fen FROM line"  # noqa: S608
            f" WHERE kind = ? AND {BUYER} = ? AND sku = ? AND at <= ? ORDER BY at DESC, order_no, number",
            (SALE, returned["buyer"], returned["sku"], returned["at"]),
        ).fetchall()
        if not bought:
            return "return_without_order", None
        for order_no, lines in groupby(bought, key=lambda line: str(line["order_no"])):
            fitting = [line for line in lines if line["price_fen"] >= returned["price_fen"]]
            if sum(line["left"] for line in fitting) >= -returned["quantity"]:
                self._refund(fitting, returned)
                return REFUND, order_no
        return "return_beyond_orders", None

    def _refund(self, lines: list[sqlite3.Row], returned: sqlite3.Row) -> None:
        wanted = -returned["quantity"]
        for line in lines:
            pieces = min(wanted, line["left"])
            wanted -= pieces
            self._db.execute(
                "UPDATE line SET returned = returned + ?, refunded_fen = refunded_fen + ?,"
                " changed_at = MAX(?, COALESCE(changed_at, 0)) WHERE number = ?",
                (pieces, pieces * returned["price_fen"], returned["at"], line["number"]),
            )

    # Orders out

    def count_orders(self) -> int:
        row = self._db.execute("SELECT COUNT(DISTINCT order_no) FROM line WHERE kind = ?", (SALE,)).fetchone()
        return int(row[0])

    def orders(self, after: str) -> Iterator[list[sqlite3.Row]]:
        """The sale lines of each order, order by order, from the one behind `after`."""
        while True:
            page = self._db.execute(
                "SELECT DISTINCT order_no FROM line WHERE kind = ? AND order_no > ? ORDER BY order_no LIMIT ?",
                (SALE, after, PAGE),
            ).fetchall()
            if not page:
                return
            rows = self._db.execute(
                "SELECT * FROM line WHERE kind = ? AND order_no > ? AND order_no <= ? ORDER BY order_no, number",
                (SALE, after, page[-1][0]),
            ).fetchall()
            for _, lines in groupby(rows, key=lambda line: str(line["order_no"])):
                yield list(lines)
            after = page[-1][0]

    def reject(self, order_no: str) -> None:
        """An order that cannot be stored takes its lines, and the returns that refunded it, with it."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "UPDATE line SET kind = 'order_rejected' WHERE kind = ? AND order_no = ?", (SALE, order_no)
            )
            self._db.execute(
                "UPDATE line SET kind = 'return_of_rejected_order' WHERE kind = ? AND refunds = ?", (REFUND, order_no)
            )

    # Notes and figures

    def note(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put_note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def figures(self) -> dict[str, tuple[int, Decimal]]:
        """Lines and their exact sum, per kind."""
        rows = self._db.execute("SELECT kind, COUNT(*), amounts(quantity, price) FROM line GROUP BY kind")
        return {kind: (count, Decimal(amount)) for kind, count, amount in rows}

    def rounding(self, fen_per_unit: int) -> tuple[int, Decimal]:
        """How many imported lines have a price between two fen, and by how much rounding changed their sum."""
        lines, changed = 0, Decimal(0)
        rows = self._db.execute("SELECT quantity, price, price_fen FROM line WHERE kind IN (?, ?)", (SALE, REFUND))
        for quantity, price, price_fen in rows:
            exact = Decimal(price)
            if exact * fen_per_unit != price_fen:
                lines += 1
                changed += quantity * (Decimal(price_fen) / fen_per_unit - exact)
        return lines, changed
