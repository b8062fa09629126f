"""Import a shop's orders from a file: staged first, then stored in batches as if the shop had sent them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path

from crm import orders, shops
from crm.errors import BadInput
from crm.orders import Incoming
from files import columns, errors, lines
from files.assembling import order_of
from files.breath import breathe
from files.checking import incoming
from files.columns import Mapping
from files.lines import SALE
from files.refusals import FileRefused
from files.reports import Part, Report
from files.returns import REFUND
from files.staging import Staging
from files.tables import Table
from models.shop import Shop
from runtime import ROOT, Runtime

FOLDER = ROOT / "var" / "imports"
Progress = Callable[[str, int, int], None]
"""What is done, how much of it, of how much; raising in it stops the import where it can go on."""


@dataclass(frozen=True)
class Source:
    """A shop's export: the file of lines, and where the platform makes two, that of the orders."""

    lines: Path
    orders: Path | None = None

    def digest(self, *besides: str) -> str:
        """The same files in the same setting have the same one."""
        digest = sha256("\n".join(besides).encode())
        for path in filter(None, (self.lines, self.orders)):
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()


def source_of(paths: list[Path]) -> Source:
    """Which of one or two files is which, by their headers. Raises `FileRefused`."""
    if len(paths) == 1:
        return Source(paths[0])
    first, second = paths
    found = columns.guessed(Table(first).header())
    return Source(second, first) if found and found.is_orders_file else Source(first, second)


def import_file(
    runtime: Runtime,
    path: Path | Source,
    *,
    mapping: str | None = None,
    shop: str | None = None,
    folder: Path = FOLDER,
    errors_to: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Import a file of order lines.

    `mapping` is the name of one that ships or a path; None takes the one that fits the header. Safe to repeat: what
    is already stored stays as it is. Interrupted, the next call goes on where this one stopped. Raises `FileRefused`.
    """
    source = path if isinstance(path, Source) else Source(path)
    known = columns.load(mapping or columns.matching(Table(source.lines).header()))
    name = shop or known.shop
    staged_as = source.digest(known.model_dump_json(), name, runtime.settings.database.url)
    with Staging(folder / f"{staged_as}.db") as staging:
        report = run(runtime, source, known, name, staging, progress=progress, errors_to=errors_to)
        staging.remove()
    return report


def run(
    runtime: Runtime,
    source: Source,
    mapping: Mapping,
    shop: str,
    staging: Staging,
    *,
    progress: Progress,
    errors_to: Path | None = None,
) -> Report:
    """Stage what is not staged yet, store what is not stored yet; the staging is the caller's to remove."""
    fill(source, mapping, staging, progress)
    with runtime.transaction() as session:
        owner = shops.named(session, shop, now=runtime.now())
    counts = _store(runtime, staging, mapping, owner, progress)
    if errors_to:
        errors.write(errors_to, staging.skipped())
    return _report(shop, staging, mapping, {name: counts[name] for name in ("accepted", "unchanged", "stale")})


def dry_run(
    runtime: Runtime,
    source: Source,
    mapping: Mapping,
    shop: str,
    staging: Staging,
    *,
    progress: Progress,
    errors_to: Path | None = None,
) -> Report:
    """What an import would do: everything is read and checked, nothing is stored. What was staged serves the import."""
    fill(source, mapping, staging, progress)
    with runtime.reading() as session:
        owner = shops.of_name(session, shop)
    counts: Counter[str] = Counter()
    total = staging.count_orders()
    for batch in orders.batches(checked(staging, mapping, "", now=runtime.now())):
        with runtime.reading() as session:
            here = orders.count_known(session, owner, [order.order_no for order in batch]) if owner else 0
        counts.update(known=here, new=len(batch) - here)
        progress("check", counts.total(), total)
    if errors_to:
        errors.write(errors_to, staging.skipped())
    return _report(shop, staging, mapping, {name: counts[name] for name in ("new", "known")})


def checked(staging: Staging, mapping: Mapping, after: str, *, now: datetime) -> Iterator[Incoming]:
    """The staged orders behind `after` that keep the mall's rules; the others are marked as rejected."""
    for of_one in staging.orders(after):
        order = order_of(of_one, mapping)
        try:
            yield incoming(order, now=now)
        except BadInput as problem:
            staging.reject(order["order_no"], problem.message)


def fill(source: Source, mapping: Mapping, staging: Staging, progress: Progress) -> None:
    """Read the file, unless it was read before."""
    if staging.is_filled():
        return
    if mapping.orders_file and source.orders is None:
        raise FileRefused(f"{mapping.title}的导出分两个文件：订单和宝贝（商品明细）。两个一起给")
    table = Table(source.lines, mapping.encoding, mapping.delimiter)
    heads = None
    if mapping.orders_file and source.orders:
        heads = lines.heads(Table(source.orders, mapping.encoding, mapping.delimiter), mapping)
    staging.fill(_watched(lines.lines(table, mapping), table, progress), heads)


def _watched(read: Iterator[lines.Line], table: Table, progress: Progress) -> Iterator[lines.Line]:
    """The lines, telling now and then how many were read, and of about how many."""
    for line in read:
        if line.number % 20_000 == 0:
            share = table.share_read()
            progress("read", line.number, int(line.number / share) if share else 0)
        yield line


def _store(runtime: Runtime, staging: Staging, mapping: Mapping, shop: Shop, progress: Progress) -> Counter[str]:
    """Every order not stored yet, 500 rows a transaction; what became of them."""
    now = runtime.now()
    total = staging.count_orders()
    counts, after = _where_it_stopped(runtime, staging, shop)
    for batch in orders.batches(checked(staging, mapping, after, now=now)):
        store = partial(orders.store, shop=shop, batch=batch, vault=runtime.vault, now=now)
        counts.update(runtime.in_transaction(store))
        staging.put_note("stopped", json.dumps({"after": batch[-1].order_no, "counts": counts}))
        progress("store", counts.total(), total)
        breathe(runtime)
    return counts


def _where_it_stopped(runtime: Runtime, staging: Staging, shop: Shop) -> tuple[Counter[str], str]:
    """The order after which to go on, when this database really holds it; else the beginning."""
    stopped = json.loads(staging.note("stopped") or "{}")
    if not stopped:
        return Counter(), ""
    with runtime.reading() as session:
        is_here = orders.is_known(session, shop, stopped["after"])
    return (Counter(stopped["counts"]), stopped["after"]) if is_here else (Counter(), "")


def _report(shop: str, staging: Staging, mapping: Mapping, counts: dict[str, int]) -> Report:
    rejected, examples = staging.rejected()
    figures = staging.figures(mapping.fen_per_unit)
    imported = {kind: figures[kind] for kind in (SALE, REFUND) if kind in figures}
    return Report(
        shop=shop,
        file=_part(figures),
        imported=_part(imported),
        sales=_part({kind: figure for kind, figure in imported.items() if kind == SALE}),
        refunds=_part({kind: figure for kind, figure in imported.items() if kind == REFUND}),
        skipped={kind: _part({kind: figures[kind]}) for kind in sorted(figures.keys() - imported.keys())},
        rounded=_part({"rounded": staging.rounding(mapping.fen_per_unit)}),
        orders=counts | {"rejected": rejected},
        rejected=examples,
    )


def _part(figures: dict[str, tuple[int, Decimal]]) -> Part:
    lines = sum(count for count, _ in figures.values())
    return Part(lines, str(sum((amount for _, amount in figures.values()), Decimal(0))))
