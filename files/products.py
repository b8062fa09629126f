"""Import a shop's products from a file: checked line by line, stored in batches as if the shop had sent them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from crm import products, shops
from crm.products import Incoming
from files import errors
from files.breath import breathe
from files.imports import Progress
from files.product_columns import ProductMapping, product_mapping
from files.product_lines import ProductLine, product_lines
from files.tables import Table
from models.shop import Shop
from runtime import Runtime

HEADER = ("行号", "商品编码", "商品", "栏目", "原因")
EXAMPLES = 100
STEP = "products"


@dataclass
class ProductReport:
    """What became of a file of products: every line is stored or skipped for a reason."""

    shop: str
    lines: int = 0
    skipped: int = 0
    products: dict[str, int] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)  # the first hundred: line, sku, name, column, reason

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def words(self) -> Iterator[str]:
        yield f"店铺 {self.shop}"
        yield f"{self.lines:>9,} 行  文件"
        yield f"{self.skipped:>9,} 行  跳过"
        counts = {name: self.products.get(name, 0) for name in ("accepted", "unchanged", "stale")}
        yield "商品：写入 {accepted:,}，没有变化 {unchanged:,}，已有更新的版本 {stale:,}".format(**counts)
        for refusal in self.rejected[:10]:
            yield "  第 {line} 行 {sku}：{column} {reason}".format(**refusal)


def import_products(
    runtime: Runtime, path: Path, *, shop: str, errors_to: Path | None = None, progress: Progress
) -> ProductReport:
    """Import a file whose columns are told by its header. Safe to repeat. Raises `FileRefused`."""
    mapping = product_mapping(Table(path).header(), runtime.settings.business.time_zone)
    return run(runtime, path, mapping, shop, now=runtime.now(), progress=progress, errors_to=errors_to)


def run(
    runtime: Runtime,
    path: Path,
    mapping: ProductMapping,
    shop: str,
    *,
    now: datetime,
    progress: Progress,
    errors_to: Path | None = None,
    is_dry: bool = False,
) -> ProductReport:
    """Read all, and store 500 a transaction unless it `is_dry`.

    `now` is the version of a product that names none: the same one again, after a kill, changes nothing.
    """
    shops.check_name(shop)
    tally = _Tally(mapping, ProductReport(shop))
    table = Table(path)
    keep = partial(_count, runtime, shop) if is_dry else partial(_store, runtime, _owner(runtime, shop, now), now)
    for batch in products.batches(tally.fine(product_lines(table, mapping, now=now))):
        tally.counts.update(keep(batch))
        share = table.share_read()
        progress(STEP, tally.report.lines, int(tally.report.lines / share) if share else 0)
    if errors_to:
        errors.write_cells(errors_to, HEADER, map(tally.cells, tally.skipped))
    return tally.finished()


class _Tally:
    """What was read so far, and what of it is no product."""

    def __init__(self, mapping: ProductMapping, report: ProductReport) -> None:
        self._columns = mapping.columns.model_dump()
        self.report, self.counts = report, Counter[str]()
        self.skipped: list[ProductLine] = []

    def fine(self, lines: Iterator[ProductLine]) -> Iterator[Incoming]:
        for line in lines:
            self.report.lines += 1
            if line.product is None:
                self.skipped.append(line)
            else:
                yield line.product

    def cells(self, line: ProductLine) -> tuple[object, ...]:
        return line.number, line.sku, line.name, self._columns.get(line.field, ""), line.problem

    def finished(self) -> ProductReport:
        report = self.report
        report.skipped, report.products = len(self.skipped), dict(self.counts)
        names = ("line", "sku", "name", "column", "reason")
        report.rejected = [dict(zip(names, self.cells(line), strict=True)) for line in self.skipped[:EXAMPLES]]
        return report


def _owner(runtime: Runtime, shop: str, now: datetime) -> Shop:
    with runtime.transaction() as session:
        return shops.named(session, shop, now=now)


def _store(runtime: Runtime, shop: Shop, now: datetime, batch: Sequence[Incoming]) -> Counter[str]:
    results = runtime.in_transaction(lambda session: products.store(session, shop, batch, now=now))
    breathe(runtime)
    return Counter(results)


def _count(runtime: Runtime, shop: str, batch: Sequence[Incoming]) -> Counter[str]:
    with runtime.reading() as session:
        owner = shops.of_name(session, shop)
        known = products.count_known(session, owner, [product.sku for product in batch]) if owner else 0
    return Counter(new=len(batch) - known, known=known)
