"""Files to import: the real shop's when this machine has it, else lines as dirty as its."""

import csv
import gzip
import itertools
import os
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("REAL_ORDERS", ROOT / "../shared/data")) / "online_retail.csv.gz"


def write(path: Path, rows: Sequence[tuple[object, ...]], header: tuple[str, ...] = HEADER) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def generate(path: Path, orders: int, seed: int = 7) -> Path:
    """As many invoices, with guests, returns, corrections, repeats, two time stamps and prices between pennies."""
    rng = random.Random(seed)
    rows: list[tuple[object, ...]] = []
    bought: list[tuple[object, ...]] = []
    at = datetime(2010, 12, 1, 8, 26)  # noqa: DTZ001 - the file says local times
    for number in range(536365, 536365 + orders):
        at += timedelta(minutes=rng.randint(1, 40))
        customer = "" if rng.random() < 0.2 else str(12000 + rng.randint(1, max(2, orders // 4)))
        if bought and rng.random() < 0.15:
            sale = rng.choice(bought)
            pieces = rng.randint(1, int(str(sale[3])) * 2)
            rows.append((f"C{number}", sale[1], sale[2], -pieces, at, sale[5], rng.choice((sale[6], customer)), "UK"))
            continue
        for _ in range(rng.randint(1, 30)):
            sku = f"{rng.randint(20000, 20400)}"
            price = rng.choice(("0.85", "2.55", "12.5", "0.001", "1.255", "0", "0.42"))
            quantity = rng.choice((1, 2, 6, 12, 48, -3))
            moment = at if rng.random() < 0.99 else at + timedelta(minutes=1)
            row = (str(number), sku, f"WHITE {sku} 🎁", quantity, moment, price, customer, "UK")
            rows += [row] * (2 if rng.random() < 0.02 else 1)
            if quantity > 0 and price != "0":
                bought.append(row)
    rows.append(("A563185", "B", "Adjust bad debt", 1, at, "11062.06", "", "UK"))
    rows.append((*rows[0][:3], 5, *rows[0][4:]))  # an invoice that goes on at the end of the file
    return write(path, rows)


def first_lines(source: Path, path: Path, count: int) -> Path:
    with gzip.open(source, "rt", encoding="utf-8") as whole, gzip.open(path, "wt", encoding="utf-8") as part:
        part.writelines(itertools.islice(whole, count + 1))
    return path


def independent_sums(path: Path) -> tuple[int, Decimal, int, Decimal, dict[str, int]]:
    """All lines and their sum, the sale lines and theirs, and fen bought per known customer: by plain reading."""
    lines = sales = 0
    amount = sold = Decimal(0)
    fen: dict[str, int] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            lines += 1
            amount += quantity * price
            if row["InvoiceNo"][0] not in "CA" and quantity > 0 and price > 0:
                sales += 1
                sold += quantity * price
                pennies = int((price * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
                if row["CustomerID"]:
                    fen[row["CustomerID"]] = fen.get(row["CustomerID"], 0) + quantity * pennies
    return lines, amount, sales, sold, fen
