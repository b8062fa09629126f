"""Import a shop's orders from a file: staged first, then stored in batches as if the shop had sent them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from bodies import fit
from crm import orders, shops
from crm.errors import BadInput
from crm.orders import Incoming
from files import columns
from files import lines as exports
from files.columns import Mapping
from files.lines import SALE
from files.reports import Part, Report
from files.staging import REFUND, Staging
from mall.forms import OrderForm
from models.shop import Shop
from runtime import ROOT, Runtime

FOLDER = ROOT / "var" / "imports"
BUYER = ("unionid", "openid", "buyer_id", "phone")
Progress = Callable[[str, int, int], None]  # what, how much, of how much


def import_file(
    runtime: Runtime,
    path: Path,
    *,
    mapping: str | None = None,
    shop: str | None = None,
    folder: Path = FOLDER,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Import a CSV or CSV.GZ file of order lines.

    `mapping` is the name of one that ships or a path; None takes the one that fits the header. Safe to repeat: what
    is already stored stays as it is. Interrupted, the next call goes on where this one stopped. Raises `FileRefused`.
    """
    known = columns.load(mapping or columns.matching(exports.header(path)))
    name = shop or known.shop
    with runtime.transaction() as session:
        owner = shops.named(session, name, now=runtime.now())
    staged_as = _digest(path, known.model_dump_json(), name, runtime.settings.database.url)
    with Staging(folder / f"{staged_as}.db") as staging:
        if not staging.is_filled():
            staging.fill(_watched(exports.lines(path, known), path, progress))
        counts, rejected = _store(runtime, staging, owner, progress)
        report = _report(name, staging, known, counts, rejected)
        staging.remove()
    return report


def _digest(path: Path, *besides: str) -> str:
    digest = sha256("\n".join(besides).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _watched(lines: Iterator[exports.Line], path: Path, progress: Progress) -> Iterator[exports.Line]:
    """The lines, telling now and then how many were read; how many there are nobody knows yet."""
    for line in lines:
        if line.number % 20_000 == 0:
            progress("read", line.number, 0)
        yield line


def _store(
    runtime: Runtime, staging: Staging, shop: Shop, progress: Progress
) -> tuple[Counter[str], list[dict[str, str]]]:
    """Every order not stored yet, 500 rows a transaction; what became of them."""
    now = runtime.now()
    total = staging.count_orders()
    counts, after = _where_it_stopped(runtime, staging, shop)
    rejected: list[dict[str, str]] = []

    def checked() -> Iterator[Incoming]:
        for lines in staging.orders(after):
            order = order_of(lines)
            try:
                yield fit(OrderForm, order, now=now).incoming()
            except BadInput as problem:
                counts["rejected"] += 1
                rejected.append({"order_no": order["order_no"], "reason": problem.message})
                staging.reject(order["order_no"])

    for batch in orders.batches(checked()):
        store = partial(orders.store, shop=shop, batch=batch, vault=runtime.vault, now=now)
        counts.update(runtime.in_transaction(store))
        staging.put_note("stopped", json.dumps({"after": batch[-1].order_no, "counts": counts}))
        progress("store", counts.total(), total)
    return counts, rejected[:100]


def _where_it_stopped(runtime: Runtime, staging: Staging, shop: Shop) -> tuple[Counter[str], str]:
    """The order after which to go on, when this database really holds it; else the beginning."""
    stopped = json.loads(staging.note("stopped") or "{}")
    if not stopped:
        return Counter(), ""
    with runtime.reading() as session:
        is_here = orders.is_known(session, shop, stopped["after"])
    return (Counter(stopped["counts"]), stopped["after"]) if is_here else (Counter(), "")


def order_of(lines: list[Any]) -> dict[str, Any]:
    """The lines of one order as the body a shop would send for it.

    An order whose lines carry two times was placed at the first. What it costs is the sum of its lines; it counts as
    paid when it was placed, since a file of sales says no more than that.
    """
    first = lines[0]
    placed = _moment(min(line["at"] for line in lines))
    cost = sum(line["quantity"] * line["price_fen"] for line in lines)
    refunded = sum(line["refunded_fen"] for line in lines)
    status = first["status"] or ("refunded" if refunded and refunded == cost else "completed")
    is_paid = status not in ("created", "cancelled")
    return {
        "order_no": first["order_no"],
        "status": status,
        **{name: next((line[name] for line in lines if line[name]), None) for name in BUYER},
        "created_at": placed,
        "paid_at": placed if is_paid else None,
        "completed_at": placed if status == "completed" else None,
        "total_fen": cost,
        "discount_fen": 0,
        "paid_fen": cost if is_paid else 0,
        "refunded_fen": refunded if is_paid else 0,
        "items": [
            {
                "line_id": str(position),
                "sku": line["sku"],
                "name": line["name"],
                "category": line["category"],
                "quantity": line["quantity"],
                "price_fen": line["price_fen"],
                "refunded_quantity": line["returned"],
                "refunded_fen": line["refunded_fen"],
            }
            for position, line in enumerate(lines, start=1)
        ],
        "updated_at": _moment(max(max(line["at"], line["changed_at"] or 0) for line in lines)),
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _report(
    shop: str, staging: Staging, mapping: Mapping, counts: Counter[str], rejected: list[dict[str, str]]
) -> Report:
    figures = staging.figures()
    imported = {kind: figures[kind] for kind in (SALE, REFUND) if kind in figures}
    return Report(
        shop=shop,
        file=_part(figures),
        imported=_part(imported),
        sales=_part({kind: figure for kind, figure in imported.items() if kind == SALE}),
        refunds=_part({kind: figure for kind, figure in imported.items() if kind == REFUND}),
        skipped={kind: _part({kind: figures[kind]}) for kind in sorted(figures.keys() - imported.keys())},
        rounded=_part({"rounded": staging.rounding(mapping.fen_per_unit)}),
        orders={name: counts[name] for name in ("accepted", "unchanged", "stale", "rejected")},
        rejected=rejected,
    )


def _part(figures: dict[str, tuple[int, Decimal]]) -> Part:
    lines = sum(count for count, _ in figures.values())
    return Part(lines, str(sum((amount for _, amount in figures.values()), Decimal(0))))
