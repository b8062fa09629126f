"""Repeat share, repurchase cycle and n-th orders of the real shop, against plain SQL over its raw file.

CI takes the first lines of the file; `WHOLE_FILE=1` takes all of it.
"""

import csv
import gzip
import os
import sqlite3
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from crm.insight import repeats
from files.imports import import_file
from tests.files.exports import REAL, first_lines, generate

LINES = 25_000
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def file(tmp_path):
    if not REAL.exists():
        return generate(tmp_path / "orders.csv.gz", 1_000)
    return REAL.resolve() if os.environ.get("WHOLE_FILE") else first_lines(REAL, tmp_path / "orders.csv.gz", LINES)


@pytest.fixture
def raw(file):
    """The file as a table of plain SQLite: seconds, pennies and pieces, and nothing of ours."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE raw (n INTEGER PRIMARY KEY, invoice, sku, pieces, pennies, at, customer, back DEFAULT 0)"
    )
    database.execute("CREATE INDEX by_buyer ON raw (customer, sku)")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            price, pieces = Decimal(row["UnitPrice"]), int(row["Quantity"])
            is_return = row["InvoiceNo"].startswith("C")
            if row["InvoiceNo"].startswith("A") or price <= 0 or (pieces < 0) != is_return or not row["CustomerID"]:
                continue
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON).timestamp()
            pennies = int((price * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
            database.execute(
                "INSERT INTO raw (invoice, sku, pieces, pennies, at, customer) VALUES (?, ?, ?, ?, ?, ?)",
                (row["InvoiceNo"], row["StockCode"], pieces, pennies, int(at), row["CustomerID"]),
            )
    give_back(database)
    database.execute(
        "CREATE TABLE bought AS SELECT invoice, customer, MIN(at) AS at FROM raw WHERE invoice NOT LIKE 'C%'"
        " GROUP BY invoice HAVING SUM(pieces * pennies) - SUM(back) > 0"
    )
    yield database
    database.close()


def give_back(database):
    """docs/imports.md: a return refunds its buyer's latest earlier order that holds all of it at that price or more."""
    left: dict[int, int] = {}
    for customer, sku, pieces, pennies, at in database.execute(
        "SELECT customer, sku, -pieces, pennies, at FROM raw WHERE invoice LIKE 'C%' ORDER BY at, n"
    ).fetchall():
        orders: dict[str, list[int]] = {}
        for n, invoice, held in database.execute(
            "SELECT n, invoice, pieces FROM raw WHERE customer = ? AND sku = ? AND at <= ? AND pennies >= ?"
            " AND invoice NOT LIKE 'C%' ORDER BY at DESC, invoice, n",
            (customer, sku, at, pennies),
        ):
            left.setdefault(n, held)
            orders.setdefault(invoice, []).append(n)
        fitting = next((lines for lines in orders.values() if sum(left[n] for n in lines) >= pieces), [])
        for n in fitting:
            taken = min(left[n], pieces)
            left[n] -= taken
            pieces -= taken
            database.execute("UPDATE raw SET back = back + ? WHERE n = ?", (taken * pennies, n))


@pytest.mark.slow
def test_who_comes_back_is_what_plain_sql_over_the_raw_file_says(runtime, file, raw, tmp_path):
    import_file(runtime, file, mapping="online_retail", folder=tmp_path / "imports")
    start, end, later = (datetime(2010 + months // 12, months % 12 + 1, 1, tzinfo=UTC) for months in (11, 12, 25))

    with runtime.reading() as session:
        found = {until: repeats.repeat_share(session, start=start, end=until) for until in (end, later)}
        cycle = repeats.repurchase_cycle_days(session, until=later)
        by_order = repeats.customers_by_order(session, until=later, most=1000)

    for until, share in found.items():
        first, last = int(start.timestamp()), int(until.timestamp())
        expected = raw.execute(
            "SELECT COUNT(*), SUM((SELECT COUNT(*) FROM bought o WHERE o.customer = b.customer AND o.at < ?2) > 1)"
            " FROM (SELECT DISTINCT customer FROM bought WHERE at >= ?1 AND at < ?2) b",
            (first, last),
        ).fetchone()
        assert tuple(share) == expected
        assert 0 < share.repeat_buyers < share.buyers
    gaps = [
        gap
        for (gap,) in raw.execute(
            "SELECT at - (SELECT MAX(e.at) FROM bought e WHERE e.customer = b.customer"
            " AND (e.at, e.invoice) < (b.at, b.invoice))"
            " FROM bought b"
        )
        if gap is not None
    ]
    assert cycle == pytest.approx(median(gaps) / 86400)
    orders_of = [count for (count,) in raw.execute("SELECT COUNT(*) FROM bought GROUP BY customer")]
    assert by_order == {nth: sum(1 for count in orders_of if count >= nth) for nth in range(1, max(orders_of) + 1)}


def test_a_period_without_buyers_has_no_share_and_no_cycle(runtime):
    at = datetime(2026, 11, 1, tzinfo=UTC)

    with runtime.reading() as session:
        share = repeats.repeat_share(session, start=at, end=at)
        assert (share.share, repeats.repurchase_cycle_days(session, until=at)) == (None, None)
        assert repeats.customers_by_order(session, until=at) == {}
